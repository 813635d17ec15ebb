"""What returns are held against, and when they are compared anew (R112).

Comes in: a study and what its organiser chose; cases of which a return was filed or taken back. Goes out: the
choice on record, the service `compare` made due.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from planbank.audits.acting import LANE, journal
from planbank.audits.models import AuditStudy, Observer, Return
from planbank.errors import ProtocolError
from planbank.pipeline.due import BACKGROUND, make_due
from planbank.protocols.act import Act

LEAST, MOST = 0.1, 20.0  # mm


@transaction.atomic
def hold_against(
    act: Act, study: AuditStudy, seen: int, basis: str, observer: Observer | None, tolerance_mm: float
) -> None:
    """Choose the reference of all cases. Raises ProtocolError, ChangedMeanwhile."""
    if basis not in AuditStudy.Basis.values:
        raise ProtocolError(_("Choose what returns are held against."))
    if basis == AuditStudy.Basis.OBSERVER and (observer is None or observer.study_id != study.pk):
        raise ProtocolError(_("Choose the observer who is the reference."))
    if not math.isfinite(tolerance_mm) or not LEAST <= tolerance_mm <= MOST:
        raise ProtocolError(_("A tolerance lies between 0.1 and 20 mm."))
    one = observer if basis == AuditStudy.Basis.OBSERVER else None
    study.change(seen, basis=basis, basis_observer=one, tolerance_mm=tolerance_mm)
    journal(act, "choose audit reference", study, basis=basis, tolerance_mm=tolerance_mm)
    compare_again(study.cases.values_list("pk", flat=True), act.at)


COMPARED = (Return.Kind.STRUCTURES, Return.Kind.PLAN, Return.Kind.DOSE)
"""Returns whose case is calculated anew: structures differ, doses are planned in them."""


def compare_again(cases: Iterable[int], at: datetime) -> None:
    """Due: what was returned of these cases is compared anew."""
    make_due("compare", [(pk, LANE) for pk in cases], at, priority=BACKGROUND)
