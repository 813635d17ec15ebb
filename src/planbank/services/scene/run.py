"""The service scene.

Comes in: a plan set. Goes out: its bundle in the archive under `derived/`, and the rows that name it
(docs/reference/bundle.md). It waits until nothing more is on its way, but not for whom opens the viewer;
it is made again only when what it is made from has changed, or is gone from the archive.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from planbank.archive.names import derived_key
from planbank.catalogue.models import PlanSet, Scene, ScenePart
from planbank.errors import ObjectMissing
from planbank.house import House
from planbank.pipeline.due import make_due
from planbank.pipeline.models import Outcome, State
from planbank.pipeline.registry import SERVICES, Done, Failed, Later, Result, Subject, Waiting, service
from planbank.services.completeness.quiet import quiet_at
from planbank.services.scene.forget import erase_unneeded

if TYPE_CHECKING:
    from planbank.services.scene.make import Made

VERSION = 2  # raise when bundles are to be made anew
DESCRIPTION = "scene.json"


def scene_lane(patient_file_id: int) -> str:
    """Bundles of one patient are made one after the other: they share the images."""
    return f"scene:{patient_file_id}"


def subjects() -> Iterator[Subject]:
    """Every plan set."""
    for pk, file in PlanSet.objects.values_list("pk", "patient_file").iterator(5000):
        yield pk, scene_lane(file)


def ask(plan_set: PlanSet, at: datetime) -> Outcome | None:
    """Have the bundle made now: somebody wants to look. Returns how it stands."""
    subject = {"service": "scene", "subject_kind": "plan set", "subject_id": plan_set.pk}
    outcome = Outcome.objects.filter(version=SERVICES["scene"].version, **subject).first()
    row, _made = Scene.objects.get_or_create(plan_set=plan_set)
    if outcome is not None and outcome.state == State.DUE and row.asked_at is not None:
        return outcome
    if outcome is not None and outcome.state == State.FAILED and row.asked_at is not None:
        return outcome
    Scene.objects.filter(pk=row.pk).update(asked_at=at)
    make_due("scene", [(plan_set.pk, scene_lane(plan_set.patient_file_id))], at)
    return Outcome.objects.filter(version=SERVICES["scene"].version, **subject).first()


@service(subject="plan set", version=VERSION, subjects=subjects, after=["link", "completeness", "calculate"])
def scene(house: House, plan_set_id: int) -> Result:
    """Prepares what the viewer opens"""
    # Loaded by the process that packs: no other one waits for the compiled numerics.
    from planbank.services.scene.make import make
    from planbank.services.scene.sources import sources_of

    plan_set = PlanSet.objects.select_related("patient_file").filter(pk=plan_set_id).first()
    if plan_set is None:
        return Done("the plan set is gone")
    row = Scene.objects.filter(plan_set=plan_set).first()
    if row is None or row.asked_at is None:
        until = quiet_at(house, plan_set.patient_file)
        if until is not None:
            return Later(until, "More may still be on its way.")
    sources = sources_of(plan_set)
    if sources.is_empty:
        return Waiting("images, structures or a dose")
    inputs = sources.fingerprint(VERSION)
    if row is not None and row.inputs == inputs and is_whole(house, row):
        Scene.objects.filter(pk=row.pk).update(asked_at=None)
        return Done("unchanged")
    try:
        made = make(house, sources)
    except ObjectMissing:
        return Failed("The archive does not hold an object of this plan set. Run planbank check.")
    size = _keep(house, plan_set, inputs, made)
    return Done(f"{size / 1e6:.1f} MB")


def is_whole(house: House, row: Scene) -> bool:
    """Whether the archive holds every part."""
    keys = list(row.parts.values_list("key", flat=True))
    return bool(row.digest and keys) and all(house.store.exists(key) for key in keys)


def _keep(house: House, plan_set: PlanSet, inputs: str, made: Made) -> int:
    """Write the description and the rows; returns bytes. What was there before goes where nobody needs it."""
    body = json.dumps(made.about, separators=(",", ":"), sort_keys=True).encode()
    digest = hashlib.sha256(body + repr(sorted(made.keys.items())).encode()).hexdigest()
    keys = {**made.keys, DESCRIPTION: derived_key(digest, "json")}
    house.store.put(keys[DESCRIPTION], body)
    size = sum(house.store.size(key) for key in set(keys.values()))
    with transaction.atomic():
        row, _new = Scene.objects.update_or_create(
            plan_set=plan_set,
            defaults={
                "inputs": inputs,
                "digest": digest,
                "size": size,
                "asked_at": None,
                "made_at": house.clock.now(),
            },
        )
        before = set(row.parts.values_list("key", flat=True))
        row.parts.all().delete()
        ScenePart.objects.bulk_create(ScenePart(scene=row, name=name, key=key) for name, key in keys.items())
        transaction.on_commit(lambda: erase_unneeded(house, before - set(keys.values())))
    return size
