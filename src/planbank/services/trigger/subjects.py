"""What triggers look at in a patient file: its plan sets, and series of images in none of them (R88).

Comes in: a patient file. Goes out: `Seen` subjects. Bytes are read from the archive only where a
rule asks for attributes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db.models import Exists, F, OuterRef

from planbank.archive.objects import read_object
from planbank.archive.store import Store
from planbank.catalogue.models import (
    Instance,
    InstanceVersion,
    Member,
    PlanSet,
    Roi,
    Role,
    Series,
    Submission,
)
from planbank.dicom.conditions import ObjectValues
from planbank.dicom.names.standard import folded
from planbank.dicom.uids import IMAGE_MODALITIES
from planbank.errors import DicomError, ObjectMissing
from planbank.services.trigger.matching import SeenRoi


@dataclass(frozen=True)
class Seen:
    """One subject: a plan set or a loose series, known by its UID within the patient file."""

    uid: str
    plan_set: PlanSet | None = None
    series: Series | None = None

    def rois(self, store: Store, names: frozenset[str] = frozenset()) -> list[SeenRoi]:
        """ROIs of its structure sets; a loose series has none.

        `names`, folded: ROIs that a trigger asks for. Where their sender drops empty ROIs, what is next
        to nothing counts as empty (model.md, Trigger ROIs).
        """
        return rois_of([self], store, names)[0]

    def values(self, store: Store) -> Iterator[ObjectValues]:
        """Its RT objects, and the first image of each series."""
        for version in self._versions():
            try:
                yield ObjectValues(*read_object(store, version.content_hash))
            except (ObjectMissing, DicomError):
                continue  # check and analyse tell of it; the other objects still count

    def _versions(self) -> list[InstanceVersion]:
        if self.plan_set is None:
            firsts = Instance.objects.filter(series=self.series).order_by("sop_instance_uid")[:1]
        else:
            members = Member.objects.filter(plan_set=self.plan_set)
            series = members.filter(series__isnull=False).values("series")
            images = Instance.objects.filter(series__in=series).order_by("series", "sop_instance_uid")
            objects = Instance.objects.filter(
                pk__in=members.filter(instance__isnull=False).values("instance")
            )
            firsts = images.distinct("series").union(objects, all=True)  # type: ignore[assignment]
        return list(InstanceVersion.objects.filter(pk__in=[row.current_version_id for row in firsts]))


def rois_of(
    subjects: Sequence[Seen], store: Store, names: frozenset[str] = frozenset()
) -> list[list[SeenRoi]]:
    """`Seen.rois` of each of many, in two queries."""
    plan_sets = [one.plan_set.pk for one in subjects if one.plan_set is not None]
    if not plan_sets:
        return [[] for _one in subjects]
    found: dict[int, set[SeenRoi]] = {pk: set() for pk in plan_sets}
    small = _small_is_empty(plan_sets)
    to_plan_set = "structure_set__version__current_in__member__plan_set"
    rows = Roi.objects.filter(**{f"{to_plan_set}__in": plan_sets}).order_by()
    wanted = (to_plan_set, "name", "is_empty", "number", "structure_set__version")
    for pk, name, empty, number, version in rows.values_list(*wanted).distinct():
        content_hash = small.get((pk, version))
        if not empty and content_hash and folded(name) in names:
            empty = _is_next_to_nothing(store, content_hash, number)
        found[pk].add(SeenRoi(name, empty))
    return [
        sorted(found[one.plan_set.pk] if one.plan_set else (), key=lambda roi: (roi.name, roi.is_empty))
        for one in subjects
    ]


def _small_is_empty(plan_sets: Sequence[int]) -> dict[tuple[int, int], str]:
    """Structure sets whose last sender drops empty ROIs: (plan set, version) to content hash."""
    came = Submission.objects.filter(
        instance__member__plan_set__in=plan_sets,
        instance__member__role=Role.STRUCTURE_SET,
        version__current_in=F("instance"),
    )
    which = ("instance__member__plan_set", "version")
    last = came.order_by(*which, "-received_at", "-pk").distinct(*which)
    rows = last.values_list(*which, "version__content_hash", "sender__small_is_empty")
    return {(plan_set, version): found for plan_set, version, found, small in rows if small}


def _is_next_to_nothing(store: Store, content_hash: str, number: int) -> bool:
    # Here and not above: contours bring the compiler, which only those who calculate shall load.
    from planbank.dicom.next_to_nothing import next_to_nothing
    from planbank.dicom.structure_set import read_structure_set

    try:
        found = read_structure_set(*read_object(store, content_hash), rois={number})
    except (ObjectMissing, DicomError):
        return False
    return all(next_to_nothing(roi.contours) for roi in found.rois)


def seen_in(patient_file_id: int) -> list[Seen]:
    """Every subject of a patient file."""
    return seen_in_each([patient_file_id])[patient_file_id]


def seen_in_each(patient_files: Sequence[int]) -> dict[int, list[Seen]]:
    """Every subject of each of these patient files, in two queries."""
    found: dict[int, list[Seen]] = {pk: [] for pk in patient_files}
    for row in PlanSet.objects.filter(patient_file__in=patient_files).order_by("pk"):
        found[row.patient_file_id].append(Seen(row.sop_instance_uid, plan_set=row))
    held = Member.objects.filter(plan_set__patient_file__in=patient_files, series__isnull=False)
    loose = Series.objects.filter(
        Exists(Instance.objects.filter(series=OuterRef("pk"))),
        study__patient_file__in=patient_files,
        modality__in=IMAGE_MODALITIES,
    ).exclude(pk__in=held.values("series"))
    for one in loose.annotate(file=F("study__patient_file")).order_by("pk"):
        found[one.file].append(Seen(one.series_instance_uid, series=one))  # type: ignore[attr-defined]
    return found
