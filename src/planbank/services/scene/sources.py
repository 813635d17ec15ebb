"""What a bundle is made from: ids and content hashes only, so that a change can be seen.

Comes in: a plan set. Goes out: `Sources`; objects that are in no member of the plan set are never read
(model.md, Tenancy).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from planbank.catalogue.models import Dose, Instance, InstanceVersion, Member, PlanSet, Role, Series
from planbank.dicom.uids import IMAGE_MODALITIES

MOST_DOSES = 12
"""Doses of one plan set that are packed: the chosen ones first."""


@dataclass(frozen=True)
class ImageSource:
    """A series: its row and the content hashes of its images."""

    series: int
    hashes: tuple[str, ...]


@dataclass(frozen=True)
class ObjectSource:
    """One RT object: its version's row and content hash."""

    version: int
    digest: str


@dataclass(frozen=True)
class DoseSource:
    """One dose, of one or several objects that are added; `chosen`: the row whose DVHs are stored."""

    chosen: int | None
    objects: tuple[ObjectSource, ...]
    scale: float
    summation: str
    type: str


@dataclass(frozen=True)
class Sources:
    """Everything of a plan set that can be drawn."""

    plan: ObjectSource | None
    structure_sets: tuple[ObjectSource, ...]
    doses: tuple[DoseSource, ...]
    images: tuple[ImageSource, ...]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to look at."""
        return not (self.structure_sets or self.doses or self.images)

    def fingerprint(self, version: int) -> str:
        """Changes whenever the bundle would."""
        return hashlib.sha256(f"{version}:{self!r}".encode()).hexdigest()


def sources_of(plan_set: PlanSet) -> Sources:
    """Read what the plan set holds now. Seven queries, whatever it holds."""
    members = list(plan_set.members.exclude(instance=None).select_related("instance__current_version"))
    plans = _objects(members, Role.PLAN)
    return Sources(
        plan=plans[0] if plans else None,
        structure_sets=_objects(members, Role.STRUCTURE_SET),
        doses=_doses(plan_set, [one.version for one in _objects(members, Role.DOSE)]),
        images=_images(plan_set),
    )


def _objects(members: list[Member], role: str) -> tuple[ObjectSource, ...]:
    found = [one.instance.current_version for one in members if one.role == role and one.instance]
    return tuple(_object(version) for version in sorted(found, key=lambda row: row.sop_instance_uid))


def _object(version: InstanceVersion) -> ObjectSource:
    return ObjectSource(version.pk, version.content_hash)


def _images(plan_set: PlanSet) -> tuple[ImageSource, ...]:
    """Image series, CT first: that is what plans are made on."""
    rows = Series.objects.filter(member__plan_set=plan_set, modality__in=IMAGE_MODALITIES).distinct()
    series = sorted(rows.values_list("modality", "pk"), key=lambda row: (row[0] != "CT", *row))
    hashes: dict[int, list[str]] = {pk: [] for _modality, pk in series}
    images = Instance.objects.filter(series__in=hashes).order_by("sop_instance_uid")
    for pk, digest in images.values_list("series", "current_version__content_hash"):
        hashes[pk].append(digest)
    return tuple(ImageSource(pk, tuple(found)) for pk, found in hashes.items() if found)


def _doses(plan_set: PlanSet, versions: list[int]) -> tuple[DoseSource, ...]:
    """The doses that DVHs are taken from, then those that stand for themselves in Gy."""
    found: dict[int, DoseSource] = {}
    for row in plan_set.calculations.select_related("chosen_dose").order_by("pk"):
        chosen = row.chosen_dose
        if chosen.pk not in found:
            objects = tuple(_object(one) for one in chosen.versions.order_by("content_hash"))
            found[chosen.pk] = DoseSource(chosen.pk, objects, chosen.scale, chosen.summation, chosen.type)
    shown = {one.objects[0].version for one in found.values() if len(one.objects) == 1}
    rest = Dose.objects.filter(version__in=versions, units="GY").exclude(version__in=shown)
    alone = [
        DoseSource(None, (_object(row.version),), 1.0, row.summation, row.type)
        for row in rest.select_related("version").order_by("version__sop_instance_uid")
    ]
    return (*found.values(), *alone)[:MOST_DOSES]
