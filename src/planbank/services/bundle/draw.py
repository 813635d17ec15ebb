"""What the picture of a plan set is drawn from, and the drawing.

Comes in: a plan set's members. Goes out: `Ingredients` (ids and hashes only, so that a change can
be seen), and a `MiddleSlice`.
"""

from __future__ import annotations

from dataclasses import dataclass

from planbank.archive.objects import read_object
from planbank.catalogue.models import Instance, PlanSet
from planbank.dicom.dose_grid import read_dose
from planbank.dicom.images import read_image
from planbank.dicom.structure_set import StructureSet, read_structure_set
from planbank.house import House
from planbank.scene.middle_slice import MiddleSlice, choose, middle_slice, target_point


@dataclass(frozen=True)
class Ingredients:
    """Content hashes and, for images, their place along the normal (mm) and normal direction."""

    images: tuple[tuple[str, float], ...]
    structure_set: str
    doses: tuple[str, ...]
    prescription_gy: float | None


def ingredients(plan_set: PlanSet) -> Ingredients | None:
    """None where no image that can be placed has come yet."""
    series = (
        plan_set.members.filter(role="images").order_by("series_id").values_list("series", flat=True).first()
    )
    if series is None:
        return None
    rows = (
        Instance.objects.filter(series=series, current_version__facts__position_mm__isnull=False)
        .exclude(current_version__facts__localiser=True)
        .order_by("sop_instance_uid")
        .values_list("current_version__content_hash", "current_version__facts")
    )
    images = tuple(
        (digest, float(facts["position_mm"])) for digest, facts in rows if facts["position_mm"] is not None
    )
    if not images:
        return None
    return Ingredients(
        images=images,
        structure_set=_hash_of(plan_set, "structure set"),
        doses=_doses(plan_set),
        prescription_gy=plan_set.prescription_gy,
    )


def _hash_of(plan_set: PlanSet, role: str) -> str:
    member = plan_set.members.filter(role=role).order_by("instance_id").first()
    return member.instance.current_version.content_hash if member and member.instance else ""


def _doses(plan_set: PlanSet) -> tuple[str, ...]:
    """The objects of the first chosen dose, those whose DVH the page shows first."""
    calculation = plan_set.calculations.order_by("pk").first()
    if calculation is None:
        return ()
    versions = calculation.chosen_dose.versions.order_by("content_hash")
    return tuple(versions.values_list("content_hash", flat=True))


def draw(house: House, found: Ingredients) -> MiddleSlice:
    """Read what is needed and draw. Raises a DicomError or ObjectMissing."""
    structure_set: StructureSet | None = None
    if found.structure_set:
        structure_set = read_structure_set(*read_object(house.store, found.structure_set))
    point = target_point(structure_set) if structure_set else None
    first = read_image(*read_object(house.store, found.images[0][0]))
    wanted = float(first.axes.normal @ point) if point is not None and first.axes is not None else None
    places = dict(enumerate(position for _digest, position in found.images))
    chosen = choose(places, wanted)
    assert chosen is not None
    image, syntax = read_object(house.store, found.images[chosen][0])
    doses = [read_dose(*read_object(house.store, digest)) for digest in found.doses]
    return middle_slice(
        image,
        syntax,
        structure_set,
        [dose for dose in doses if dose.info.units == "GY"],
        found.prescription_gy,
        list(places.values()),
    )
