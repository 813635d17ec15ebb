"""What triggers look at in a patient file: its plan sets, and series of images in none of them (R88).

Comes in: a patient file. Goes out: `Seen` subjects. Bytes are read from the archive only where a
rule asks for attributes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import F

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
        if self.plan_set is None:
            return []
        rows = Roi.objects.filter(structure_set__version__current_in__member__plan_set=self.plan_set)
        found = []
        wanted = ("name", "is_empty", "number", "structure_set__version")
        small = _small_is_empty(self.plan_set)
        for name, empty, number, version in rows.values_list(*wanted).distinct():
            if not empty and version in small and folded(name) in names:
                empty = _is_next_to_nothing(store, small[version], number)
            found.append(SeenRoi(name, empty))
        return sorted(set(found), key=lambda roi: (roi.name, roi.is_empty))

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


def _small_is_empty(plan_set: PlanSet) -> dict[int, str]:
    """Structure sets that came last from a sender which drops empty ROIs: version to content hash."""
    came = Submission.objects.filter(
        instance__member__plan_set=plan_set,
        instance__member__role=Role.STRUCTURE_SET,
        version__current_in=F("instance"),
    )
    last = came.order_by("version", "-received_at", "-pk").distinct("version")
    rows = Submission.objects.filter(pk__in=last.values("pk"), sender__small_is_empty=True)
    return dict(rows.values_list("version", "version__content_hash"))


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
    found = [
        Seen(row.sop_instance_uid, plan_set=row)
        for row in PlanSet.objects.filter(patient_file=patient_file_id).order_by("pk")
    ]
    held = Member.objects.filter(plan_set__patient_file=patient_file_id, series__isnull=False)
    loose = Series.objects.filter(
        study__patient_file=patient_file_id, modality__in=IMAGE_MODALITIES, instances__isnull=False
    ).exclude(pk__in=held.values("series"))
    return found + [Seen(row.series_instance_uid, series=row) for row in loose.distinct().order_by("pk")]
