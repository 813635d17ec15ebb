"""The list of plan sets.

Comes in: filters in the address. Goes out: a page of the plan sets of my institutions, or exactly
the filtered rows as CSV.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from planbank.catalogue.models import PatientFile, PlanSet
from planbank.catalogue.queries import plan_sets
from planbank.catalogue.queries.paging import Order, read_page
from planbank.catalogue.queries.totals import total
from planbank.web.lists.listing import drops, where, without
from planbank.web.lists.sheet import as_csv, wants_csv
from planbank.web.lists.words import day, person
from planbank.web.pages import Menu, house_of, page
from planbank.web.pages.plans import words
from planbank.web.pages.plans.forms import PlanFilters
from planbank.web.reach import (
    addable_institutions,
    note,
    reach_key,
    seen_institutions,
    sees_only_named,
    unveil_labels,
    words_allowed,
)
from planbank.web.reach import mine as reach

SIZE, CHUNK = 50, 200
USUAL = "-received"


@dataclass(frozen=True)
class Row:
    """A line of the list."""

    plan_set: PlanSet
    facts: plan_sets.PlanSetFacts

    @property
    def label(self) -> str:
        return words.label(self.plan_set)

    @property
    def patient(self) -> str:
        return person(self.plan_set.patient_file.name)

    @property
    def prescription(self) -> str:
        return words.prescription(self.plan_set.prescription_gy, self.plan_set.fractions)

    @property
    def treatment(self) -> str:
        return ", ".join(word for word in (self.plan_set.technique, self.prescription) if word)

    @property
    def approval(self) -> str:
        return words.approval(self.plan_set.approval)

    @property
    def day(self) -> str:
        return day(self.plan_set.plan_date)

    @property
    def dose(self) -> tuple[str, str]:
        return words.dose_state(self.facts.dose)

    @property
    def worst(self) -> str:
        return words.worst(self.facts.worst)


def mine(request: HttpRequest) -> QuerySet[PlanSet]:
    """The plan sets that this person may see now, with their patient."""
    return reach(request, PlanSet).select_related("patient_file__institution")


def _how_many(request: HttpRequest) -> tuple[int, bool]:
    return total(lambda: mine(request), ("plan sets", *reach_key(request)), exact_to=2000), False


@page(
    "plans/",
    name="plans",
    action="data.view",
    menu=Menu("data", gettext_lazy("Plans"), "plan", 15, _how_many),
)
def plans(request: HttpRequest) -> HttpResponse:
    """The plan sets of my institutions and protocols."""
    codes = [i.code for i in seen_institutions(request)]
    filters = PlanFilters(request.GET, codes)
    given = filters.given()
    sort = request.GET.get("sort", USUAL)
    sorts = plan_sets.ORDERS if sees_only_named(request) else plan_sets.NAMELESS_ORDERS
    order = sorts.get(sort, sorts[USUAL])
    _journal(request, given, codes)
    if wants_csv(request):
        lines = words.in_this_language(_csv_rows(request, given, order))
        return as_csv(_("plans"), _heads(), lines)
    rows = narrowed(request, given)
    place = {name: request.GET.get(name, "") for name in ("after", "before")}
    found = read_page(rows, order, **place, size=SIZE)
    context = {
        "now": house_of(request).clock.now(),
        "filters": filters,
        "given": given,
        "sort": sort if sort in sorts else USUAL,
        "found": found,
        "rows": _rows(found.rows),
        "where": where(rows, found),
        "codes": codes,
        "several": len(codes) > 1,
        "pick": addable_institutions(request),
        "all_url": without(request, *filters.fields),
    }
    if not found.rows and given:
        context["drops"] = drops(request, filters, lambda rest: narrowed(request, rest))
    return render(request, "plans/list.html", context)


def narrowed(request: HttpRequest, given: dict[str, Any]) -> QuerySet[PlanSet]:
    """The plan sets this person may see that fit every filter that is on."""
    rows = mine(request)
    if given.get("institution"):
        rows = rows.filter(patient_file__institution__code=given["institution"])
    if given.get("technique"):
        rows = rows.filter(technique__icontains=given["technique"])
    if given.get("approval"):
        rows = rows.filter(approval=given["approval"])
    if given.get("kind"):
        rows = rows.filter(kind=given["kind"])
    if given.get("findings"):
        rows = plan_sets.with_worst(rows, given["findings"])
    return plan_sets.search(rows, given.get("q", ""), **words_allowed(request))


def rows_of(request: HttpRequest, patient_file: PatientFile) -> list[Row]:
    """The plan sets of one patient file that this person may see, for plan/of_patient.html."""
    found = plan_sets.plan_sets_of(patient_file, mine(request))
    unveil_labels(plan_set for plan_set, _facts in found)
    return [Row(plan_set, facts) for plan_set, facts in found]


def _rows(page_rows: list[PlanSet]) -> list[Row]:
    facts = plan_sets.facts(page_rows)
    unveil_labels(page_rows)
    return [Row(row, facts[row.pk]) for row in page_rows]


def _heads() -> list[str]:
    return [
        *(_("Label"), _("Kind"), _("Patient ID"), _("Name as sent"), _("Institution"), _("Technique")),
        *(_("Prescription, Gy"), _("Fractions"), _("Approval"), _("Date"), _("Structures"), _("Dose")),
        *(_("Findings"), _("Open findings"), _("First received"), _("Last received"), _("SOP Instance UID")),
    ]


def _csv_rows(request: HttpRequest, given: dict[str, Any], order: Order) -> Iterator[list[Any]]:
    """Portion by portion: each asks the policy anew, so a grant that ends also ends the download."""
    place = ""
    while True:
        rows = narrowed(request, given)
        found = read_page(rows, order, after=place, size=CHUNK)
        for row in _rows(found.rows):
            plan_set, file = row.plan_set, row.plan_set.patient_file
            yield [
                *(plan_set.label, words.kind(plan_set), file.sent_id, file.name, file.institution.code),
                *(plan_set.technique, words.cell(plan_set.prescription_gy), plan_set.fractions),
                *(
                    plan_set.approval,
                    row.day,
                    row.facts.structures,
                    row.dose[1],
                    row.worst,
                    row.facts.findings,
                ),
                *(plan_set.first_received_at, plan_set.last_received_at, plan_set.sop_instance_uid),
            ]
        place = found.after
        if not place:
            return


def _journal(request: HttpRequest, given: dict[str, Any], codes: list[str]) -> None:
    """Searches and lists taken out are journalled, what was searched for is not: it may be a name."""
    out = wants_csv(request)
    if out or given.get("q"):
        note(
            request,
            "take out list" if out else "search",
            object_kind="plan sets",
            institution=given.get("institution") or (codes[0] if len(codes) == 1 else ""),
            filters=sorted(given),
        )
