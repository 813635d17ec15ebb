"""What an institution holds of a patient, read for weaving: a constant number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from planbank.catalogue.models import (
    Dose,
    Instance,
    Plan,
    Registration,
    Series,
    StructureSet,
    TreatmentRecord,
)
from planbank.catalogue.models.derived import Derived
from planbank.dicom.uids import IMAGE_MODALITIES
from planbank.services.link.nodes import Held, ImageSeries, RtObject


def held(patient_file_id: int) -> Held:
    """Everything current in one patient file."""
    return Held(
        series=tuple(_series(patient_file_id)),
        structure_sets=tuple(_objects(StructureSet, patient_file_id)),
        plans=tuple(_objects(Plan, patient_file_id)),
        doses=tuple(_objects(Dose, patient_file_id)),
        records=tuple(_objects(TreatmentRecord, patient_file_id)),
        registrations=tuple(_objects(Registration, patient_file_id)),
    )


def _series(patient_file_id: int) -> Iterator[ImageSeries]:
    images: dict[int, set[str]] = defaultdict(set)
    origins: dict[int, list[tuple[float, float, float]]] = defaultdict(list)
    rows = Instance.objects.filter(
        series__study__patient_file=patient_file_id, series__modality__in=IMAGE_MODALITIES
    ).exclude(current_version__facts__localiser=True)
    wanted = ("series", "sop_instance_uid", "current_version__facts__origin_mm")
    for series, uid, origin in rows.values_list(*wanted).iterator(5000):
        images[series].add(uid)
        if origin:
            origins[series].append(tuple(origin))
    for series in Series.objects.filter(pk__in=images).order_by("pk"):
        yield ImageSeries(
            series=series.pk,
            uid=series.series_instance_uid,
            frame=series.frame_of_reference_uid,
            modality=series.modality,
            image_uids=frozenset(images[series.pk]),
            origins=tuple(sorted(origins[series.pk])),
        )


def _objects(model: type[Derived], patient_file_id: int) -> Iterator[RtObject]:
    rows = model._default_manager.filter(
        version__current_in__series__study__patient_file=patient_file_id
    ).values("version__current_in__pk", "version__sop_instance_uid", "references", "facts__planes_mm")
    for row in rows.order_by("version__sop_instance_uid"):
        yield _object(row)


def _object(row: dict[str, Any]) -> RtObject:
    named = row["references"]
    frames = tuple(named.get("frame_of_reference_uids", ()))
    drawn = (row["facts__planes_mm"] or {}).items()
    return RtObject(
        instance=row["version__current_in__pk"],
        uid=row["version__sop_instance_uid"],
        frame=next(iter(frames), ""),
        frames=frames,
        image_uids=frozenset(named.get("image_uids", ())),
        series_uids=tuple(named.get("series_uids", ())),
        structure_set_uids=tuple(named.get("structure_set_uids", ())),
        plan_uids=tuple(named.get("plan_uids", ())),
        dose_uids=tuple(named.get("dose_uids", ())),
        drawn=tuple((axis, mm) for axis, places in drawn for mm in places),
    )
