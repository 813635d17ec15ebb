"""Saying of a plan what its verdicts do not: a person overrules them, with a reason (R151).

Comes in: an act, a protocol, one of its plan sets. Goes out: rows; what was said before is ended, not
changed. Verdicts themselves stay as they are. Raises ConstraintError in words, ChangedMeanwhile where the
plan came to something else since it was looked at.
"""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from planbank.catalogue.models import PlanSet
from planbank.errors import ChangedMeanwhile, ConstraintError
from planbank.protocols.act import Act
from planbank.protocols.actions.constraining import in_force
from planbank.protocols.constraints.judging import CANNOT, worst_of
from planbank.protocols.models import Protocol, Review, Verdict


@transaction.atomic
def overrule(act: Act, protocol: Protocol, plan_set: int, state: str, reason: str, seen: str) -> Review:
    """Say what the plan is worth. `seen`: its worst verdict, as the reviewer saw it."""
    if state not in Verdict.State.values or state == CANNOT:
        raise ConstraintError(_("Choose one of the three."))
    if not reason.strip():
        raise ConstraintError(_("Say why."))
    Protocol.objects.select_for_update().get(pk=protocol.pk)
    worst = _worst(protocol, plan_set)
    if not worst or worst != seen:
        raise ChangedMeanwhile
    plan = PlanSet.objects.get(pk=plan_set)
    _end(act, protocol, plan)
    row = Review.objects.create(
        protocol=protocol,
        patient_file_id=plan.patient_file_id,
        sop_instance_uid=plan.sop_instance_uid,
        state=state,
        instead_of=worst,
        reason=reason.strip()[:200],
        said_at=act.at,
        said_by=act.user,
    )
    _journal(act, "overrule verdicts", protocol, plan, state=state, instead_of=worst)
    return row


@transaction.atomic
def let_stand(act: Act, protocol: Protocol, plan_set: int) -> None:
    """Take back what was said: the verdicts count again. Raises ChangedMeanwhile where nothing was said."""
    plan = PlanSet.objects.get(pk=plan_set)
    if not _end(act, protocol, plan):
        raise ChangedMeanwhile
    _journal(act, "let verdicts stand", protocol, plan)


def _worst(protocol: Protocol, plan_set: int) -> str:
    rows = Verdict.objects.filter(plan_set=plan_set, constraint__in=in_force(protocol))
    return worst_of(list(rows.values_list("state", flat=True)))


def _end(act: Act, protocol: Protocol, plan: PlanSet) -> int:
    rows = Review.objects.filter(protocol=protocol, ended_at__isnull=True, patient_file=plan.patient_file_id)
    rows = rows.filter(sop_instance_uid=plan.sop_instance_uid)
    return rows.update(ended_at=act.at, ended_by=act.user)


def _journal(act: Act, action: str, protocol: Protocol, plan: PlanSet, **what: str) -> None:
    act.journal(action, object_kind="plan set", object_id=plan.pk, protocol=protocol.short_name, **what)
