"""The verdicts on one patient's plans by the constraints of one protocol.

Comes in: a protocol, a patient file. Goes out: `Verdict`s that are not saved yet, one for each plan for
analysis (R159) and constraint that concerns it: a plan that was replaced has none, plans that are added up
have those of their sum, and where somebody has to choose nothing can be evaluated. A constraint of another
arm does not concern it; where the arm is not known it cannot be evaluated.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from django.db.models import Exists, OuterRef

from planbank.catalogue.models import PlanSet
from planbank.dose.metric_types import MetricValue
from planbank.dose.metrics import parse
from planbank.naming.queries.dictionaries import dictionary_of
from planbank.naming.queries.readings import readings_of
from planbank.protocols.actions.constraining import in_force
from planbank.protocols.constraints.judging import CANNOT, Asked, Judgement, judge
from planbank.protocols.models import Constraint, Membership, Participant, Protocol, Verdict
from planbank.statistics.analysed import Analysed
from planbank.statistics.line import Line
from planbank.statistics.lines import lines_in
from planbank.statistics.request import MetricRequest

WHY = {
    "needs choice": "needs-choice",
    "not added": "not-added",
    "not mapped": "not-mapped",
    "multiple": "several",
    "cannot calculate": "cannot-calculate",
    "not calculated": "not-calculated",
}
"""Flags of a line that leave nothing to judge, in the order they are looked for."""


def judged(protocol: Protocol, patient_file: int, at: datetime) -> Iterator[Verdict]:
    """The verdicts, plan by plan."""
    asked = in_force(protocol)
    if not asked:
        return
    held = Membership.objects.in_force().filter(  # type: ignore[attr-defined]
        protocol=protocol,
        patient_file=OuterRef("patient_file"),
        sop_instance_uid=OuterRef("sop_instance_uid"),
    )
    plans = PlanSet.objects.filter(Exists(held), patient_file=patient_file, kind=PlanSet.Kind.PLAN)
    dictionary = dictionary_of(protocol)
    rows = readings_of(dictionary, plans)
    if not rows:
        return
    metrics = list(dict.fromkeys(one.metric for one in asked))
    types = tuple(dict.fromkeys(one.structure_type for one in asked))
    request = MetricRequest(types, tuple(parse(one) for one in metrics))
    lines: dict[tuple[int, int], list[Line]] = defaultdict(list)
    analysed = Analysed.of_patient(protocol, rows[0].row.patient)
    for line in lines_in(rows, plans, request, lambda _row: lambda roi: roi.name, analysed=analysed):
        lines[line.plan_set.pk, line.type.pk].append(line)
    arm = _arm(protocol, rows[0].row.patient)
    for row in rows:
        if not analysed.takes(row.row.plan_set):
            continue
        for one in asked:
            if one.arm and arm and one.arm.casefold() != arm.casefold():
                continue
            its = lines[row.row.plan_set, one.structure_type_id]
            place = metrics.index(one.metric)
            found = Judgement(CANNOT, reason="no-arm") if one.arm and not arm else _judge(one, its, place)
            yield _verdict(one, row.row.plan_set, found, its, dictionary.edition, at)


def _arm(protocol: Protocol, patient: int | None) -> str:
    """The arm of the participant; '' where it is not known."""
    if patient is None:
        return ""
    rows = Participant.objects.filter(protocol=protocol, patient=patient)
    return rows.values_list("arm", flat=True).first() or ""


def _judge(one: Constraint, lines: list[Line], place: int) -> Judgement:
    for flag, reason in WHY.items():
        if any(flag in line.flags for line in lines):
            return Judgement(CANNOT, reason=reason)
    values: list[MetricValue] = [line.values[place] for line in lines if line.values]
    return judge(Asked(one.operator, one.limit, one.tolerated), values)


def _verdict(
    one: Constraint, plan_set: int, found: Judgement, lines: list[Line], edition: int, at: datetime
) -> Verdict:
    told = [line for line in lines if line.values]
    line = told[found.place] if found.place is not None and found.place < len(told) else None
    return Verdict(
        constraint=one,
        plan_set_id=plan_set,
        state=found.state,
        value=found.value,
        reason=found.reason,
        calculation=line.calculation if line else None,
        algorithm=line.dvh.algorithm if line and line.dvh else "",
        edition=edition,
        judged_at=at,
    )
