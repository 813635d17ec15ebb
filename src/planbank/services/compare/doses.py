"""What each observer's plan gives to each structure (R112): planning audits.

Comes in: the doses returned to a case. Goes out: a `PlannedDvh` for each structure type of each dose: in the
structures that all observers got, and in what the observer drew besides. A copy's geometry is its source's,
so the source's contours lie in the copy's frame of reference as they are; a dose in another one is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from planbank.archive.objects import read_object
from planbank.audits.models import Case, CaseFile, PlannedDvh, Return
from planbank.audits.vault import source_of
from planbank.dicom.dose_grid import DoseGrid, read_dose
from planbank.dicom.plan import read_plan
from planbank.dicom.structure_set import Roi, StructureSet, read_structure_set
from planbank.dose import engine
from planbank.house import House
from planbank.services.calculate.columns import columns_of
from planbank.services.collect.names import rois_by_type

Reason = PlannedDvh.Reason


@dataclass(frozen=True)
class Held:
    """The ROIs of one structure set by structure type; `own`: the observer drew it."""

    structure_set: StructureSet
    by_type: dict[int, list[Roi]]
    own: bool


def make_dvhs(house: House, case: Case) -> int:
    """All of a case anew; how many have figures. Raises KeyMissing, ObjectMissing, DicomError."""
    made, now = [], house.clock.now()
    counts = case.returns.filter(state=Return.State.FILED, superseded_by=None, observer__isnull=False)
    doses = counts.filter(kind=Return.Kind.DOSE).select_related("observer", "version", "copy__study")
    given = list(_given(house, case)) if doses else []
    for row in doses.order_by("pk"):
        mine = counts.filter(observer=row.observer)
        grid = read_dose(*read_object(house.store, row.version.content_hash))
        made += _of_one(house, row, grid, given, list(_drawn(house, case, mine)), now)
        _prescribe(house, made, row, mine)
    with transaction.atomic():
        PlannedDvh.objects.filter(row__study=case.study_id, row__case=case).delete()
        PlannedDvh.objects.bulk_create(made)
    return sum(not one.reason for one in made)


def _of_one(
    house: House, row: Return, grid: DoseGrid, given: list[Held], drawn: list[Held], now: datetime
) -> Iterator[PlannedDvh]:
    """The structures in one dose; what the observer drew stands behind what all got."""
    frame, source = grid.info.frame_of_reference_uid, source_of(house, row)
    seen: set[int] = set()
    for held in (*given, *drawn):
        lies = frame if held.own else (source.uids.get(frame, "") if source else "")
        for type_, rois in held.by_type.items():
            if type_ in seen:
                continue
            seen.add(type_)
            fresh = PlannedDvh(row=row, structure_type_id=type_, own=held.own, made_at=now)
            fresh.reason = _why_not(grid, rois, lies)
            if not fresh.reason:
                _fill(fresh, held.structure_set, rois[0], grid)
            yield fresh


def _why_not(grid: DoseGrid, rois: list[Roi], lies: str) -> str:
    if grid.info.units != "GY":
        return Reason.UNIT
    if not any(len(one.contours) for one in rois):
        return Reason.EMPTY
    if len(rois) > 1:
        return Reason.SEVERAL
    return "" if lies and rois[0].frame_of_reference_uid == lies else Reason.FRAME


def _fill(fresh: PlannedDvh, structure_set: StructureSet, roi: Roi, grid: DoseGrid) -> None:
    """The DVH of one ROI, which lies in the frame of the dose although the copy renumbered it."""
    here = replace(roi, frame_of_reference_uid=grid.info.frame_of_reference_uid)
    [found] = engine.dvh(replace(structure_set, rois=(here,)), grid)
    if found.max_gy is None:
        fresh.reason = Reason.OUTSIDE
        return
    fresh.algorithm = found.algorithm
    for name, value in columns_of(found).items():
        setattr(fresh, name, value)


def _prescribe(house: House, made: list[PlannedDvh], row: Return, mine: QuerySet[Return]) -> None:
    """What the plan returned prescribes, for metrics that are relative to it."""
    plan = mine.filter(kind=Return.Kind.PLAN).select_related("version").order_by("pk").last()
    if plan is None:
        return
    found = read_plan(*read_object(house.store, plan.version.content_hash))
    for one in made:
        if one.row is row:
            one.prescription_gy = found.prescription.dose_gy if found.prescription else None
            one.fractions = found.fractions or None


def _given(house: House, case: Case) -> Iterator[Held]:
    """The structures that go out with the case."""
    files = CaseFile.objects.filter(case=case, part=CaseFile.Part.STRUCTURES).select_related("version")
    assert case.patient_file is not None
    for file in files:
        whole = read_structure_set(*read_object(house.store, file.version.content_hash))
        went = [roi for roi in whole.rois if roi.number in file.rois]
        yield Held(whole, rois_by_type(case.study, went, case.patient_file.institution_id), own=False)


def _drawn(house: House, case: Case, mine: QuerySet[Return]) -> Iterator[Held]:
    """The structures that the observer returned."""
    rows = mine.filter(kind=Return.Kind.STRUCTURES).select_related("version", "observer")
    for row in rows.order_by("pk"):
        whole = read_structure_set(*read_object(house.store, row.version.content_hash))
        assert row.observer is not None
        yield Held(whole, rois_by_type(case.study, whole.rois, row.observer.centre_id), own=True)
