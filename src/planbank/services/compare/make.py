"""The comparisons of a case: the part of the service that needs the engine (R112).

Comes in: a case. Goes out: its rows anew, in one transaction. A majority or STAPLE needs three who drew the
structure: of two, it would be what they share, and say nothing of either.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from planbank import contours
from planbank.audits.models import AuditStudy, Case, Comparison
from planbank.dose.derived.bodies import Body
from planbank.errors import ExpressionError
from planbank.house import House
from planbank.services.compare.drawn import Drawn, drawn_of

Basis, Reason = AuditStudy.Basis, Comparison.Reason
FEWEST = 3


def make(house: House, case: Case) -> int:
    """Compare and store; how many have figures. Raises KeyMissing, ObjectMissing, DicomError."""
    now, made = house.clock.now(), []
    for type_, drawn in drawn_of(house, case).items():
        for row in _compared(case.study, drawn, now):
            row.structure_type_id = type_
            made.append(row)
    with transaction.atomic():
        Comparison.objects.filter(row__study=case.study_id, row__copy__case=case).delete()
        Comparison.objects.bulk_create(made)
    return sum(not one.reason for one in made)


def _compared(study: AuditStudy, drawn: list[Drawn], now: datetime) -> list[Comparison]:
    """One row for each of those who drew a structure."""
    held = [one for one in drawn if one.body is not None]
    try:
        reference, why = _reference(study, held)
    except ExpressionError:
        reference, why = None, Reason.SHAPE
    return [_row(study, one, reference, why, len(held), now) for one in drawn]


def _reference(study: AuditStudy, held: list[Drawn]) -> tuple[Body | None, str]:
    """What they are held against, or why there is nothing. Raises ExpressionError."""
    if study.basis == Basis.OBSERVER:
        mine = [one.body for one in held if one.row.observer_id == study.basis_observer_id]
        return (mine[0], "") if mine else (None, Reason.NO_REFERENCE)
    if len(held) < FEWEST:
        return None, Reason.ALONE
    bodies = [one.body for one in held if one.body is not None]
    agreed = contours.staple(bodies) if study.basis == Basis.STAPLE else contours.majority(bodies)
    return agreed.body, ""


def _row(
    study: AuditStudy, one: Drawn, reference: Body | None, why: str, observers: int, now: datetime
) -> Comparison:
    row = Comparison(row=one.row, observers=observers, made_at=now, reason=one.reason)
    if one.body is None:
        return row
    row.volume_cc = one.body.volume / 1000.0
    if reference is None:
        row.reason = why
        return row
    if reference is one.body:
        row.reason = Reason.REFERENCE
        return row
    try:
        found = contours.compare(reference, one.body, tolerance=study.tolerance_mm)
    except ExpressionError:
        row.reason = Reason.SHAPE
        return row
    _fill(row, found)
    return row


def _fill(row: Comparison, found: contours.Comparison) -> None:
    row.volume_cc, row.reference_cc = found.volume, found.reference_volume
    row.dsc, row.surface_dsc = found.dsc, found.surface_dsc
    row.hd95_mm, row.mean_mm, row.added_path_mm = found.hd95, found.mean_distance, found.added_path
    row.shift_mm = list(found.shift) if found.shift else None
    row.slices = [
        [s.low, s.high, s.reference_area, s.area, s.dsc, s.hd95, s.mean_distance, s.added_path]
        for s in found.slices
    ]
