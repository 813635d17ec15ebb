"""How plans keep the constraints of a protocol: by centre and constraint, and plan by plan (R151).

Comes in: a desk (who asks, of which protocol), its constraints. Goes out: counts of stored verdicts, small
groups kept back for whom sees summaries only; nothing is judged here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import Case, Count, Exists, Max, OuterRef, QuerySet, Value, When

from planbank.catalogue.models import PlanSet
from planbank.naming.queries.desk import Desk
from planbank.people.models import Institution
from planbank.protocols.constraints.judging import ORDER
from planbank.protocols.models import Constraint, Protocol, Verdict
from planbank.statistics.population import told
from planbank.statistics.reviews import Overall, reviews_of
from planbank.statistics.summary import ALL

State = Verdict.State


@dataclass(frozen=True)
class Cell:
    """Plans of one centre by one constraint. `is_kept_back`: too few patients to be told."""

    counts: dict[str, int] = field(default_factory=dict)
    is_kept_back: bool = False

    @property
    def judged(self) -> int:
        """Plans that could be evaluated."""
        return sum(self.counts.get(state, 0) for state in (State.MET, State.TOLERATED, State.NOT_MET))

    @property
    def cannot(self) -> int:
        """Plans that could not."""
        return self.counts.get(State.CANNOT, 0)

    @property
    def not_met(self) -> int:
        """Plans beyond what is tolerated."""
        return self.counts.get(State.NOT_MET, 0)

    @property
    def percent(self) -> int | None:
        """The share within limits, rounded down, so that 100 means all; None where nothing was evaluated."""
        return 100 * self.counts.get(State.MET, 0) // self.judged if self.judged else None

    @property
    def shade(self) -> str:
        """The step of the heat map, h1 to h5: darker is more."""
        return f"h{1 + min(4, (self.percent or 0) // 20)}"


@dataclass(frozen=True)
class Board:
    """Rows by centre, all centres first; each with its plans in all, and one cell a constraint."""

    constraints: tuple[Constraint, ...]
    rows: tuple[tuple[str, Cell, tuple[Cell, ...]], ...]
    plans: int


def board_of(desk: Desk, constraints: Sequence[Constraint], only_summary: bool) -> Board:
    """Centre by constraint. Six queries."""
    standing = Verdict.objects.filter(constraint__in=constraints, plan_set__in=desk.plan_sets.values("pk"))
    place = "plan_set__patient_file__institution"
    counted = standing.order_by().values_list("constraint", place, "state").annotate(n=Count("pk"))
    counts: dict[tuple[int, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    codes = dict(Institution.objects.values_list("pk", "code"))
    for constraint, institution, state, number in counted:
        for group in (ALL, codes[institution]):
            counts[constraint, group][state] += number
    people = standing.order_by().values_list("constraint", place)
    sizes: dict[int, dict[str, int]] = defaultdict(dict)
    for constraint, institution, number in people.annotate(
        n=Count("plan_set__patient_file__patient", distinct=True)
    ):
        sizes[constraint][codes[institution]] = number
    centres = sorted({group for _constraint, group in counts if group})
    plans, people_of = _plans(desk, standing, codes)
    rows = tuple(
        (
            group,
            _cell(plans[group], group, people_of, only_summary),
            tuple(_cell(counts[one.pk, group], group, sizes[one.pk], only_summary) for one in constraints),
        )
        for group in ((ALL, *centres) if centres else ())
    )
    return Board(tuple(constraints), rows, sum(plans[ALL].values()))


def _plans(
    desk: Desk, standing: QuerySet[Verdict], codes: dict[int, str]
) -> tuple[dict[str, dict[str, int]], dict[str, int]]:
    """By centre: what plans come to in all, overruled where somebody did; and patients."""
    rank = Case(*(When(state=state, then=Value(number)) for state, number in ORDER.items()))
    file = "plan_set__patient_file"
    rows = standing.order_by().values_list("plan_set", f"{file}__institution", f"{file}__patient")
    states = {number: state for state, number in ORDER.items()}
    said = reviews_of(desk.owner) if isinstance(desk.owner, Protocol) else {}
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    people: dict[str, set[int | None]] = defaultdict(set)
    for plan_set, institution, patient, worst in rows.annotate(worst=Max(rank)):
        state = Overall(states[worst], said.get(plan_set)).state
        for group in (ALL, codes[institution]):
            counts[group][state] += 1
        people[codes[institution]].add(patient)
    return counts, {centre: len(its) for centre, its in people.items()}


def _cell(counts: dict[str, int], group: str, sizes: dict[str, int], only_summary: bool) -> Cell:
    found = dict(counts)
    if not only_summary or not found:
        return Cell(found)
    shown = told({ALL: sum(sizes.values())}) if group == ALL else told(sizes)
    return Cell(found) if group in shown else Cell(is_kept_back=True)


def judged_plans(
    desk: Desk, constraints: Iterable[Constraint], state: str = "", only: int | None = None
) -> QuerySet[PlanSet]:
    """The plans with a verdict, newest first; `state`: one of this kind, `only`: by this constraint."""
    rows = Verdict.objects.filter(plan_set=OuterRef("pk"), constraint__in=list(constraints))
    if state:
        rows = rows.filter(state=state)
    if only is not None:
        rows = rows.filter(constraint=only)
    found = desk.plan_sets.filter(Exists(rows)).select_related("patient_file__institution")
    return found.order_by("-last_received_at", "-pk")


def verdicts_of(plans: Iterable[PlanSet], constraints: Iterable[Constraint]) -> dict[int, dict[int, Verdict]]:
    """Plan set -> constraint -> verdict. One query."""
    found: dict[int, dict[int, Verdict]] = defaultdict(dict)
    rows = Verdict.objects.filter(plan_set__in=[row.pk for row in plans], constraint__in=list(constraints))
    for row in rows:
        found[row.plan_set_id][row.constraint_id] = row
    return found
