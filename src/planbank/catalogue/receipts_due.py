"""Receipts are due when anything of their patient file has changed.

Comes in: a patient file. Goes out: the service receipt made due for each of its plan sets, in the
caller's transaction.
"""

from __future__ import annotations

from datetime import datetime

from planbank.catalogue.lanes import lane_of
from planbank.catalogue.models import PlanSet, Receipt
from planbank.pipeline.due import make_due


def receipts_due(patient_file_id: int, at: datetime) -> int:
    """Call it after anything that a receipt tells of; returns how many."""
    plan_sets = dict(
        PlanSet.objects.filter(patient_file=patient_file_id).values_list("pk", "sop_instance_uid")
    )
    _close_what_became_another(patient_file_id, list(plan_sets.values()), at)
    return make_due("receipt", [(pk, lane_of(patient_file_id)) for pk in plan_sets], at)


def _close_what_became_another(patient_file_id: int, uids: list[str], at: datetime) -> None:
    """A structure set alone is a plan set until its plan comes; nobody has to mend it any more."""
    gone = Receipt.objects.filter(patient_file=patient_file_id).exclude(sop_instance_uid__in=uids)
    gone.filter(round=0).delete()
    line = {"state": "info", "code": "taken-over", "params": {}, "about": ""}
    gone.exclude(state="ok").update(state="ok", lines=[line], told=[], written_at=at)
