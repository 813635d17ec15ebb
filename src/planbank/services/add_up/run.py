"""The service add_up.

Comes in: a protocol whose rule, choices or plans have changed. Goes out: a calculation for each sum of
plans that is analysed there, made due; sums that nobody asks for any more are let go (R159).
"""

from __future__ import annotations

from collections.abc import Iterator

from planbank.analysis.actions.ruling import lane_of_protocol
from planbank.analysis.models import AnalysisChoice, AnalysisRule, PlanSum
from planbank.analysis.queries.decided import decided
from planbank.analysis.queries.sums import addition_of, calculation_made
from planbank.house import House
from planbank.pipeline.due import make_due
from planbank.pipeline.registry import Done, Result, Subject, service
from planbank.protocols.constraints.due import constraints_due
from planbank.protocols.models import Protocol
from planbank.services.calculate.choose import calculation_lane


def subjects() -> Iterator[Subject]:
    """Every protocol with a rule or a choice."""
    rules = AnalysisRule.objects.values_list("protocol", flat=True)
    for pk in rules.union(AnalysisChoice.objects.values_list("protocol", flat=True)):
        yield pk, lane_of_protocol(pk)


@service(subject="protocol", version=1, subjects=subjects, after=["link", "members", "names"])
def add_up(house: House, protocol_id: int) -> Result:
    """Adds up the doses of plans that are analysed together"""
    protocol = Protocol.objects.filter(pk=protocol_id).first()
    if protocol is None:
        return Done("the protocol is gone")
    kept, new, refused = set(), set(), 0
    changed: set[int] = set()
    for decision in decided(protocol).decisions.values():
        if decision.how != "together":
            continue
        addition = addition_of(decision)
        if addition.wrong:
            refused += 1
            continue
        calculation = calculation_made(addition)
        row, made = PlanSum.objects.get_or_create(
            protocol=protocol, plan_set_id=decision.structures, calculation=calculation
        )
        kept.add(row.pk)
        if made:
            changed.add(row.plan_set.patient_file_id)
        if made or calculation.calculated_at is None:
            new.add(calculation.pk)
    gone = PlanSum.objects.filter(protocol=protocol).exclude(pk__in=kept)
    changed.update(gone.values_list("plan_set__patient_file", flat=True))
    gone.delete()
    constraints_due(changed, house.clock.now())
    due = [(pk, calculation_lane(pk)) for pk in sorted(new)]
    make_due("calculate", due, house.clock.now())
    make_due("derive", due, house.clock.now())
    return Done(f"{len(kept)} sums" + (f", {refused} not added" if refused else ""))
