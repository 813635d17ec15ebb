"""The service bundle.

Comes in: a plan set. Goes out: a picture of its middle slice with contours and isodose lines in the
archive under `derived/`, and a `Bundle` row that names it. Drawn again only when what it is drawn
from has changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from planbank.archive.names import derived_key
from planbank.catalogue.models import Bundle, PlanSet
from planbank.errors import DicomError, ObjectMissing
from planbank.house import House
from planbank.pipeline.registry import Done, Failed, Result, Subject, Waiting, service

if TYPE_CHECKING:
    from planbank.scene.middle_slice import MiddleSlice
    from planbank.services.bundle.draw import Ingredients

DRAWING = 2  # raise when the drawing changes


def bundle_lane(plan_set_id: int) -> str:
    """Pictures of different plan sets need no order."""
    return f"bundle:{plan_set_id}"


def subjects() -> Iterator[Subject]:
    """Every plan set."""
    for pk in PlanSet.objects.values_list("pk", flat=True).iterator(5000):
        yield pk, bundle_lane(pk)


@service(subject="plan set", version=DRAWING, subjects=subjects, after=["link", "calculate"])
def bundle(house: House, plan_set_id: int) -> Result:
    """Draws the middle slice of each plan set"""
    # Loaded by the process that draws: no other one waits for the compiled numerics.
    from planbank.services.bundle.draw import draw, ingredients

    plan_set = PlanSet.objects.filter(pk=plan_set_id).first()
    if plan_set is None:
        return Done("the plan set is gone")
    found = ingredients(plan_set)
    if found is None:
        return Waiting("images")
    inputs = _fingerprint(found)
    row = Bundle.objects.filter(plan_set=plan_set).first()
    if row is not None and row.inputs == inputs:
        return Done("unchanged")
    try:
        picture = draw(house, found)
    except ObjectMissing:
        return Failed("The archive does not hold an object of this plan set. Run planbank check.")
    except DicomError as exc:
        return Failed(str(exc))
    keys = _keep(house, inputs, picture)
    if row is not None:
        _forget(house, row)
    Bundle.objects.update_or_create(
        plan_set=plan_set,
        defaults={
            "inputs": inputs,
            "picture_key": keys[0],
            "lines_key": keys[1],
            "position_mm": picture.position,
            "made_at": house.clock.now(),
        },
    )
    return Done()


def _fingerprint(found: Ingredients) -> str:
    return hashlib.sha256(f"{DRAWING}:{found!r}".encode()).hexdigest()


def _keep(house: House, inputs: str, picture: MiddleSlice) -> tuple[str, str]:
    keys = derived_key(inputs, "png"), derived_key(inputs, "json")
    house.store.put(keys[0], picture.png)
    house.store.put(keys[1], json.dumps(_lines(picture), separators=(",", ":")).encode())
    return keys


def _lines(picture: MiddleSlice) -> dict[str, object]:
    """Polylines in hundredths of a pixel: beside a steep edge a tenth would be a quarter of a gray."""

    def plain(lines: list) -> list:  # type: ignore[type-arg]
        return [[[round(float(x), 2), round(float(y), 2)] for x, y in line] for line in lines]

    return {
        "width": picture.width,
        "height": picture.height,
        "aspect": picture.aspect,
        "position_mm": picture.position,
        "reference_gy": picture.reference_gy,
        "outlines": [
            {"number": o.number, "name": o.name, "colour": o.colour, "lines": plain(o.lines)}
            for o in picture.outlines
        ],
        "isodoses": [{"gy": i.gy, "lines": plain(i.lines)} for i in picture.isodoses],
    }


def _forget(house: House, row: Bundle) -> None:
    """The old picture, unless another plan set is drawn from the same objects."""
    if not Bundle.objects.filter(inputs=row.inputs).exclude(pk=row.pk).exists():
        house.store.erase(row.picture_key)
        house.store.erase(row.lines_key)
