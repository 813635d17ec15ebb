"""When the constraints of plans are to be judged anew.

Comes in: patient files of which something has changed, or a protocol whose constraints have. Goes out: the
service `constraints` made due, in the caller's transaction; nothing where no protocol asks anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from planbank.catalogue.lanes import lane_of
from planbank.pipeline.due import ARRIVAL, BACKGROUND, make_due
from planbank.protocols.models import Constraint, Membership, Protocol


def constraints_due(files: Iterable[int], at: datetime, priority: int = ARRIVAL) -> int:
    """Judge the plans of these patient files anew; those that left a protocol too, whose verdicts then go."""
    asking = Constraint.objects.order_by().values("protocol")
    rows = Membership.objects.filter(patient_file__in=list(files), protocol__in=asking)
    return _due(rows.order_by().values_list("patient_file", flat=True).distinct(), at, priority)


def protocol_due(protocol: Protocol, at: datetime) -> int:
    """Judge every plan of a protocol anew, behind new arrivals."""
    if not Constraint.objects.filter(protocol=protocol).exists():
        return 0
    rows = Membership.objects.filter(protocol=protocol).order_by()
    return _due(rows.values_list("patient_file", flat=True).distinct(), at, BACKGROUND)


def _due(files: Iterable[int], at: datetime, priority: int) -> int:
    return make_due("constraints", [(pk, lane_of(pk)) for pk in files], at, priority=priority)
