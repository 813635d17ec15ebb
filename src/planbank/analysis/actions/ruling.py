"""Setting a protocol's rule, and choosing for one patient (R159).

Comes in: an act, a protocol, what is wanted. Goes out: the new row; what stood before is ended, not
changed, so that it can be taken back. Raises AnalysisError in plain words.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from planbank.analysis.decide import Part
from planbank.analysis.models import AnalysisChoice, AnalysisRule
from planbank.analysis.queries.decided import candidates_of, rule_of
from planbank.catalogue.models import PatientFile
from planbank.errors import AnalysisError, ChangedMeanwhile
from planbank.pipeline.due import make_due
from planbank.protocols.act import Act
from planbank.protocols.constraints.due import constraints_due, protocol_due
from planbank.protocols.models import Protocol


def lane_of_protocol(protocol: int) -> str:
    """All sums of one protocol are made in order."""
    return f"analysis:{protocol}"


@transaction.atomic
def set_rule(act: Act, protocol: Protocol, kind: str, seen: int | None) -> AnalysisRule:
    """A new rule. `seen`: row of the rule its editor saw, None where there was none."""
    if kind not in AnalysisRule.Kind.values:
        raise AnalysisError(_("There is no such rule."))
    Protocol.objects.select_for_update().get(pk=protocol.pk)
    before = rule_of(protocol)
    if (before.pk if before else None) != seen:
        raise ChangedMeanwhile
    if before is not None and before.kind == kind:
        return before
    AnalysisRule.objects.filter(protocol=protocol, ended_at__isnull=True).update(ended_at=act.at)
    row = AnalysisRule.objects.create(protocol=protocol, kind=kind, set_at=act.at, set_by=act.user)
    _tell(act, protocol, "set rule of plans for analysis", rule=kind)
    protocol_due(protocol, act.at)
    return row


@transaction.atomic
def choose(
    act: Act, protocol: Protocol, patient: int, parts: Sequence[Part], reason: str, structures: int = 0
) -> AnalysisChoice:
    """These plans of a patient, together where there are several."""
    if not reason.strip():
        raise AnalysisError(_("Say why."))
    if not parts:
        raise AnalysisError(_("Choose at least one plan."))
    here = {(one.file, one.uid) for one in candidates_of(protocol, patient=patient).get(patient, ())}
    if any((part.file, part.uid) not in here for part in parts):
        raise AnalysisError(_("A plan that was chosen is no longer there."))
    if any(part.fractions is not None and not 0 < part.fractions < 1000 for part in parts):
        raise AnalysisError(_("Fractions are a whole number above 0."))
    _end(act, protocol, patient)
    row = AnalysisChoice.objects.create(
        protocol=protocol,
        patient_id=patient,
        parts=[part._asdict() for part in parts],
        structures=structures if structures < len(parts) else 0,
        reason=reason.strip()[:200],
        made_at=act.at,
        made_by=act.user,
    )
    _tell(act, protocol, "choose plan for analysis", plans=len(parts), reason=row.reason)
    _judge_anew(act, patient)
    return row


@transaction.atomic
def let_rule_decide(act: Act, protocol: Protocol, patient: int) -> None:
    """End the choice of a patient."""
    if not _end(act, protocol, patient):
        raise AnalysisError(_("There is nothing to undo."))
    _tell(act, protocol, "choose plan for analysis", plans=0, reason="")
    _judge_anew(act, patient)


@transaction.atomic
def undo(act: Act, protocol: Protocol, patient: int) -> None:
    """Back to the choice before, or to the rule where there was none."""
    now = AnalysisChoice.objects.filter(protocol=protocol, patient=patient, ended_at__isnull=True).first()
    if now is None:
        raise AnalysisError(_("There is nothing to undo."))
    before = AnalysisChoice.objects.filter(protocol=protocol, patient=patient, ended_at=now.made_at).first()
    _end(act, protocol, patient)
    if before is not None:
        before.pk, before.ended_at, before.ended_by = None, None, None
        before.made_at, before.made_by = act.at, act.user
        before.save(force_insert=True)
    _tell(act, protocol, "undo choice of plan for analysis", plans=len(before.parts) if before else 0)
    _judge_anew(act, patient)


def _end(act: Act, protocol: Protocol, patient: int) -> int:
    Protocol.objects.select_for_update().get(pk=protocol.pk)
    rows = AnalysisChoice.objects.filter(protocol=protocol, patient=patient, ended_at__isnull=True)
    return rows.update(ended_at=act.at, ended_by=act.user)


def _judge_anew(act: Act, patient: int) -> None:
    """Constraints speak of the plan for analysis (R151)."""
    constraints_due(PatientFile.objects.filter(patient=patient).values_list("pk", flat=True), act.at)


def _tell(act: Act, protocol: Protocol, action: str, **what: object) -> None:
    kind = {"object_kind": "protocol", "object_id": protocol.pk, "protocol": protocol.short_name}
    act.journal(action, **kind, **what)
    make_due("add_up", [(protocol.pk, lane_of_protocol(protocol.pk))], act.at)
