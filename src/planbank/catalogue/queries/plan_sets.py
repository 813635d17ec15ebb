"""Plan sets as lists: searched, narrowed, and with what a line of the list says of each.

Comes in: a queryset of PlanSet that the policy has narrowed. Goes out: the same narrowed further,
and facts for the plan sets of one page, in a number of queries that does not grow with the page.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from django.db.models import Count, Q, QuerySet
from django.db.models.expressions import RawSQL

from planbank.catalogue.finding_words import WORDS
from planbank.catalogue.models import Calculation, Finding, Member, PatientFile, PlanSet, Roi, Role
from planbank.catalogue.queries.among import among
from planbank.catalogue.queries.paging import Order
from planbank.catalogue.queries.patients import Known, called, where_allowed
from planbank.catalogue.queries.roi_names import roi_names
from planbank.pipeline.models import Outcome, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

DoseState = Literal["ready", "due", "failed", "waiting", "unused", "no structures", "none"]
WORST = ("bad", "warn", "info")
ORDERS = {
    "-received": Order("last_received_at", descending=True),
    "received": Order("last_received_at"),
    "label": Order("label"),
    "-label": Order("label", descending=True),
    "date": Order("plan_date"),
    "-date": Order("plan_date", descending=True),
    "technique": Order("technique"),
    "-technique": Order("technique", descending=True),
    "approval": Order("approval"),
    "-approval": Order("approval", descending=True),
}
# Where some rows hide their label: an order by it would tell what it is.
NAMELESS_ORDERS = {name: order for name, order in ORDERS.items() if "label" not in name}
MAX_WORDS = 8
WAITING_CODE = "dose-waiting-for-beams"


@dataclass
class PlanSetFacts:
    """What a line of the list says beside the columns of the plan set.

    `structures` is None where no structure set has come; `worst` is '' where no finding is open.
    """

    structures: int | None = None
    dose: DoseState = "none"
    worst: Literal["", "bad", "warn", "info"] = ""
    findings: int = 0
    codes: set[str] = field(default_factory=set)


def search(
    plan_sets: QuerySet[PlanSet],
    text: str,
    *,
    named: Q | None = None,
    also: Sequence[str] = (),
    known: Known | None = None,
) -> QuerySet[PlanSet]:
    """Plan sets in which every word stands in the label, the patient's ID or name, or an ROI name.

    Words are literal. A number is found with and without its dashes. `named`, `also`, `known`: as in
    `patients.search`.
    """
    for word in text.replace("\0", "").split()[:MAX_WORDS]:
        found = Q(label__icontains=word) | Q(patient_file__in=called(word))
        if names := roi_names(word):
            found |= Q(pk__in=_with_roi(names))
        plan_sets = plan_sets.filter(where_allowed(found, word, named, also))
        if named is not None and known is not None:
            plan_sets = plan_sets.filter(found | Q(patient_file__patient__in=known(word)))
    return plan_sets


def _with_roi(names: Sequence[str]) -> RawSQL:
    """Plan sets with an ROI of one of these names in their structure sets."""
    versions = Roi.objects.filter(name__in=names).order_by().values("structure_set__version")
    members = Member.objects.filter(role=Role.STRUCTURE_SET, instance__current_version__in=versions)
    return among(members.order_by().values_list("plan_set", flat=True))


IMAGES_LACKING = frozenset(
    ("images-missing", "images-not-received", "images-incomplete", "images-incomplete-somewhere")
)


def with_worst(plan_sets: QuerySet[PlanSet], worst: str) -> QuerySet[PlanSet]:
    """Plan sets whose gravest open finding is `worst` (bad, warn, info), or that have none ('none')."""
    graver = {"bad": (), "warn": ("bad",), "info": ("bad", "warn"), "none": ("any",)}.get(worst, ())
    for state in graver:
        plan_sets = plan_sets.exclude(_open_findings(state))
    return plan_sets if worst == "none" else plan_sets.filter(_open_findings(worst))


def _open_findings(state: str) -> Q:
    """An open finding of a state; a code without words counts as 'info', so that one takes any.

    Asked from the findings' side, once: there are few beside the plan sets.
    """
    rows = Finding.objects.filter(closed_at__isnull=True)
    if state in ("bad", "warn"):
        rows = rows.filter(code__in=[code for code, words in WORDS.items() if words.state == state])
    return _on(rows)


def without_images(plan_sets: QuerySet[PlanSet]) -> QuerySet[PlanSet]:
    """Plan sets of which images were not received, all or some."""
    rows = Finding.objects.filter(closed_at__isnull=True, code__in=IMAGES_LACKING)
    return plan_sets.filter(_on(rows))


def without_types(plan_sets: QuerySet[PlanSet], protocol: str) -> QuerySet[PlanSet]:
    """Plan sets that lack a structure which a protocol of that name requires (R68)."""
    rows = Finding.objects.filter(closed_at__isnull=True, code="types-missing", about=protocol)
    return plan_sets.filter(pk__in=rows.filter(subject_kind="plan set").values("subject_id"))


def _on(rows: QuerySet[Finding]) -> Q:
    """Plan sets that the findings are about, themselves or their members."""
    own, instances, series = (
        rows.filter(subject_kind=kind).values("subject_id") for kind in ("plan set", "instance", "series")
    )
    of_members = Member.objects.filter(instance__in=instances).values("plan_set")
    of_images = Member.objects.filter(series__in=series).values("plan_set")
    return Q(pk__in=own) | Q(pk__in=of_members) | Q(pk__in=of_images)


def facts(page: Sequence[PlanSet]) -> dict[int, PlanSetFacts]:
    """What each plan set of a page has. Five queries, whose cost is that of these plan sets alone."""
    found = {row.pk: PlanSetFacts() for row in page}
    members = list(
        Member.objects.filter(plan_set__in=list(found)).values_list("plan_set", "role", "instance", "series")
    )
    has: dict[int, set[str]] = defaultdict(set)
    owners: dict[tuple[str, int], list[int]] = defaultdict(list)
    for plan_set, role, instance, series in members:
        has[plan_set].add(role)
        owners["instance" if instance else "series", instance or series or 0].append(plan_set)
    _count_structures(found, members)
    _add_findings(found, owners)
    calculated, due, failed = _calculations(list(found))
    for pk, row in found.items():
        if pk in calculated:
            row.dose = "ready"
        elif pk in failed or pk in due:
            row.dose = "failed" if pk in failed else "due"
        elif "dose" in has[pk]:
            missing = "structure set" not in has[pk]
            row.dose = "no structures" if missing else "waiting" if WAITING_CODE in row.codes else "unused"
    return found


def _count_structures(
    found: dict[int, PlanSetFacts], members: Iterable[tuple[int, str, int | None, int | None]]
) -> None:
    of_instance: dict[int, list[int]] = defaultdict(list)
    for plan_set, role, instance, _series in members:
        if role == "structure set" and instance:
            of_instance[instance].append(plan_set)
            found[plan_set].structures = 0
    rows = Roi.objects.filter(structure_set__version__current_in__in=list(of_instance))
    counted = rows.values_list("structure_set__version__current_in").annotate(n=Count("pk")).order_by()
    for instance, n in counted:
        for plan_set in of_instance.get(instance, ()):
            found[plan_set].structures = (found[plan_set].structures or 0) + n


def _add_findings(found: dict[int, PlanSetFacts], owners: dict[tuple[str, int], list[int]]) -> None:
    on_them = Q(subject_kind="plan set", subject_id__in=list(found))
    for kind in ("instance", "series"):
        on_them |= Q(subject_kind=kind, subject_id__in=[pk for of, pk in owners if of == kind])
    rows = Finding.objects.filter(on_them, closed_at__isnull=True)
    for kind, subject, code in rows.values_list("subject_kind", "subject_id", "code"):
        for pk in [subject] if kind == "plan set" else owners[kind, subject]:
            found[pk].findings += 1
            found[pk].codes.add(code)
    for row in found.values():
        states = {WORDS[code].state if code in WORDS else "info" for code in row.codes}
        row.worst = next((state for state in WORST if state in states), "")  # type: ignore[assignment]


def _calculations(plan_sets: list[int]) -> tuple[set[int], set[int], set[int]]:
    """Plan sets with a DVH, with one that is due, with one that could not be calculated."""
    calculated: set[int] = set()
    due: set[int] = set()
    failed: set[int] = set()
    of_calculation: dict[int, list[int]] = defaultdict(list)
    rows = Calculation.plan_sets.through.objects.filter(planset__in=plan_sets)
    for plan_set, pk, at in rows.values_list("planset", "calculation", "calculation__calculated_at"):
        (due if at is None else calculated).add(plan_set)
        if at is None:
            of_calculation[pk].append(plan_set)
    broken = Outcome.objects.filter(
        service="calculate", subject_kind="calculation", subject_id__in=list(of_calculation)
    ).filter(state=State.FAILED)
    for pk in broken.values_list("subject_id", flat=True):
        failed.update(of_calculation[pk])
    return calculated, due, failed


def plan_sets_of(
    patient_file: PatientFile, held: QuerySet[PlanSet] | None = None
) -> list[tuple[PlanSet, PlanSetFacts]]:
    """The plan sets of one patient file, newest plan first, for the page of the patient.

    `held`: those that count, where somebody may not see all.
    """
    every = PlanSet.objects.all() if held is None else held
    rows = list(every.filter(patient_file=patient_file.pk).order_by("-plan_date", "-pk"))
    known = facts(rows)
    return [(row, known[row.pk]) for row in rows]
