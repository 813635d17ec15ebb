"""Which plan of a patient tables take, or which together, and who needs a choice (R159).

Comes in: the name of a protocol. Goes out: one row for each plan set that the reader sees there.
"""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router, Schema

from planbank.analysis.decide import Decision
from planbank.analysis.queries.decided import decided
from planbank.analysis.words import in_words
from planbank.api.paging import After, Limit, cut
from planbank.api.problems import Problem
from planbank.api.resources.names import Within, desk_in
from planbank.catalogue.models import PlanSet

router = Router(tags=["names and numbers"])


class PlanForAnalysis(Schema):
    """One plan set. `how`: each for itself, one, together, or open; `taken`: whether tables take this one."""

    plan_set: int
    patient: str
    how: str
    taken: bool
    together_with: list[int]
    by_hand: bool
    why: str


class PlansForAnalysis(Schema):
    """A page of plan sets, and the rule: 'every' where none was set."""

    items: list[PlanForAnalysis]
    next: str | None
    rule: str


@router.get(
    "/analysis", response={200: PlansForAnalysis, 401: Problem, 403: Problem, 404: Problem, 422: Problem}
)
def analysis(request: HttpRequest, after: After, limit: Limit, protocol: Within) -> dict[str, object]:
    """The plan for analysis of each patient."""
    desk = desk_in(request, protocol)
    found = decided(desk.owner)  # type: ignore[arg-type]
    rows, further = cut(desk.plan_sets.select_related("patient_file"), desk.reader, after, limit)
    each = Decision("each", (), why="every")
    return {
        "items": [_row(row, found.of(row.pk) or each) for row in rows],
        "next": further,
        "rule": found.rule,
    }


def _row(row: PlanSet, decision: Decision) -> PlanForAnalysis:
    together = decision.how == "together" and row.pk in decision.plan_sets
    return PlanForAnalysis(
        plan_set=row.pk,
        patient=row.patient_file.sent_id,
        how=decision.how,
        taken=decision.how == "each" or (not decision.is_open and row.pk in decision.plan_sets),
        together_with=[pk for pk in decision.plan_sets if pk != row.pk] if together else [],
        by_hand=decision.by_hand,
        why=in_words(decision),
    )
