"""The patients and the plans of a protocol (R39 to R41, R45), veiled at the level the grant says.

Comes in: filters in the address, a day maybe. Goes out: pages and the CSV of exactly these rows. A day shows
what stood there then and is still to be seen; what was removed since is counted, never shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _

from planbank.catalogue.models import PatientFile, PlanSet
from planbank.catalogue.queries import patients as found_patients
from planbank.catalogue.queries import plan_sets
from planbank.catalogue.queries.paging import read_page
from planbank.protocols.models import Protocol
from planbank.protocols.queries import holdings
from planbank.protocols.queries.holdings import Added, Held
from planbank.web.lists.listing import drops, where, without
from planbank.web.lists.sheet import as_csv, wants_csv
from planbank.web.lists.words import person
from planbank.web.pages import house_of, page
from planbank.web.pages.holdings import adding, removal
from planbank.web.pages.holdings.desk import centres, codes, journal, may_remove, reader_in
from planbank.web.pages.holdings.forms import PatientsHeld, PlansHeld
from planbank.web.pages.plans import words
from planbank.web.pages.plans.views import Row as PlanRow
from planbank.web.pages.protocols.tabs import tabs_of
from planbank.web.reach import unveil_labels

__all__ = ["adding", "removal"]
SIZE, CHUNK = 50, 200
USUAL = "-received"


@dataclass(frozen=True)
class PatientRow:
    """A line of the patients."""

    file: PatientFile
    held: Held

    @property
    def name(self) -> str:
        """The name as people read it, or, where it is veiled, nothing."""
        return "" if getattr(self.file, "is_veiled", False) else person(self.file.name)

    @property
    def trial_id(self) -> str:
        return str(getattr(self.file, "trial_id", ""))

    @property
    def pseudonym(self) -> str:
        return str(getattr(self.file, "pseudonym", ""))


@dataclass(frozen=True)
class HeldPlan(PlanRow):
    """A line of the plans."""

    added: Added | None = None


@page(
    "protocols/<int:protocol>/patients/", name="protocol-patients", action="protocol.view", scope="protocol"
)
def patients(request: HttpRequest, protocol: int) -> HttpResponse:
    """The patients of a protocol that I see, each at the level I see them at."""
    here = get_object_or_404(Protocol, pk=protocol)
    filters = PatientsHeld(request.GET, codes(request, here))
    given, at = filters.given(), filters.moment()

    def wanted(values: dict[str, Any]) -> QuerySet[PatientFile]:
        return _files(request, here, values, at if "as_of" in values else None)

    journal(request, here, "patient files", wants_csv(request), sorted(given))
    if wants_csv(request):
        lines = _patient_lines(here, lambda: wanted(given), at)
        return as_csv(f"{here.short_name}-patients", _patient_heads(), lines)
    sorts = (
        found_patients.ORDERS
        if reader_in(request, here).sees_only_named()
        else found_patients.NAMELESS_ORDERS
    )
    sort = request.GET.get("sort", USUAL)
    found = read_page(wanted(given), sorts.get(sort, sorts[USUAL]), **_place(request), size=SIZE)
    held = holdings.held(here, found.rows, at)
    context = _context(request, here, "protocol-patients", filters, wanted, found) | {
        "rows": [PatientRow(file, held[file.pk]) for file in found.rows],
        "sort": sort if sort in sorts else USUAL,
        "gone": holdings.gone_since(here, at, centres(request, here)) if at else 0,
    }
    return render(request, "holdings/patients.html", context)


@page("protocols/<int:protocol>/plans/", name="protocol-plans", action="protocol.view", scope="protocol")
def plans(request: HttpRequest, protocol: int) -> HttpResponse:
    """The plans of a protocol that I see, when and how each came in."""
    here = get_object_or_404(Protocol, pk=protocol)
    filters = PlansHeld(request.GET, codes(request, here))
    given, at = filters.given(), filters.moment()

    def wanted(values: dict[str, Any]) -> QuerySet[PlanSet]:
        return _plan_sets(request, here, values, at if "as_of" in values else None)

    journal(request, here, "plan sets", wants_csv(request), sorted(given))
    if wants_csv(request):
        lines = words.in_this_language(_plan_lines(here, lambda: wanted(given), at))
        return as_csv(f"{here.short_name}-plans", _plan_heads(), lines)
    sorts = plan_sets.ORDERS if reader_in(request, here).sees_only_named() else plan_sets.NAMELESS_ORDERS
    sort = request.GET.get("sort", USUAL)
    found = read_page(wanted(given), sorts.get(sort, sorts[USUAL]), **_place(request), size=SIZE)
    context = _context(request, here, "protocol-plans", filters, wanted, found) | {
        "rows": _plan_rows(here, found.rows, at),
        "sort": sort if sort in sorts else USUAL,
        "gone": holdings.gone_since(here, at, centres(request, here)) if at else 0,
    }
    return render(request, "holdings/plans.html", context)


def _context(
    request: HttpRequest, here: Protocol, name: str, filters: Any, wanted: Any, found: Any
) -> dict[str, Any]:
    given = filters.given()
    context = {
        "protocol": here,
        "tabs": tabs_of(request, here.pk, name),
        "filters": filters,
        "given": given,
        "as_of": given.get("as_of"),
        "found": found,
        "where": where(wanted(given), found),
        "all_url": without(request, *filters.fields),
        "may_remove": may_remove(request, here),
        "now": house_of(request).clock.now(),
    }
    if not found.rows and given:
        context["drops"] = drops(request, filters, wanted)
    return context


def _place(request: HttpRequest) -> dict[str, str]:
    return {name: request.GET.get(name, "") for name in ("after", "before")}


def _files(request: HttpRequest, here: Protocol, given: dict[str, Any], at: Any) -> QuerySet[PatientFile]:
    reader = reader_in(request, here)
    rows = reader.rows(PatientFile).select_related("institution")
    if at:
        rows = holdings.files_at(rows, here, at)
    if "institution" in given:
        rows = rows.filter(institution__code=given["institution"])
    if given.get("look") == "unexpected":
        rows = holdings.unexpected(rows, here)
    if given.get("look") == "late":
        rows = holdings.with_late(rows, here)
    return found_patients.search(rows, given.get("q", ""), **reader.words_allowed())


def _plan_sets(request: HttpRequest, here: Protocol, given: dict[str, Any], at: Any) -> QuerySet[PlanSet]:
    reader = reader_in(request, here)
    rows = reader.rows(PlanSet).select_related("patient_file__institution")
    if at:
        rows = holdings.plans_at(rows, here, at)
    if "institution" in given:
        rows = rows.filter(patient_file__institution__code=given["institution"])
    if "technique" in given:
        rows = rows.filter(technique__icontains=given["technique"])
    if "kind" in given:
        rows = rows.filter(kind=given["kind"])
    if "findings" in given:
        rows = plan_sets.with_worst(rows, given["findings"])
    if given.get("look") == "late":
        rows = holdings.late_plans(rows, here)
    if given.get("look") == "images":
        rows = plan_sets.without_images(rows)
    if given.get("look") == "names":
        rows = plan_sets.without_types(rows, here.short_name)
    return plan_sets.search(rows, given.get("q", ""), **reader.words_allowed())


def _plan_rows(here: Protocol, rows: list[PlanSet], at: Any) -> list[HeldPlan]:
    facts, came = plan_sets.facts(rows), holdings.added(here, rows, at)
    unveil_labels(rows)
    return [HeldPlan(row, facts[row.pk], came.get(row.pk)) for row in rows]


def _patient_heads() -> list[str]:
    return [
        *(_("Patient ID"), _("Name as sent"), _("Trial ID"), _("Pseudonym"), _("Centre"), _("Plans")),
        *(_("RT objects"), _("Image series"), _("Late arrivals"), _("First added"), _("Last added")),
    ]


def _patient_lines(here: Protocol, wanted: Any, at: Any) -> Iterator[list[Any]]:
    """Portion by portion: each asks the policy anew, so a grant that ends also ends the download."""
    place = ""
    while True:
        found = read_page(wanted(), found_patients.ORDERS[USUAL], after=place, size=CHUNK)
        held = holdings.held(here, found.rows, at)
        for file in found.rows:
            row, has = PatientRow(file, held[file.pk]), held[file.pk]
            yield [
                *("" if getattr(file, "is_veiled", False) else file.sent_id, row.name, row.trial_id),
                *(row.pseudonym, file.institution.code, has.plans, has.objects, has.images, has.late),
                *(has.first, has.last),
            ]
        place = found.after
        if not place:
            return


def _plan_heads() -> list[str]:
    return [
        *(_("Plan"), _("Kind"), _("Patient ID"), _("Trial ID"), _("Centre"), _("Technique")),
        *(_("Prescription, Gy"), _("Fractions"), _("Approval"), _("Date"), _("Dose"), _("Findings")),
        *(_("Added"), _("How")),
    ]


def _plan_lines(here: Protocol, wanted: Any, at: Any) -> Iterator[list[Any]]:
    place = ""
    while True:
        found = read_page(wanted(), plan_sets.ORDERS[USUAL], after=place, size=CHUNK)
        for row in _plan_rows(here, found.rows, at):
            plan_set, file = row.plan_set, row.plan_set.patient_file
            yield [
                *(row.label, words.kind(plan_set), file.sent_id, getattr(plan_set, "trial_id", "")),
                *(file.institution.code, plan_set.technique, words.cell(plan_set.prescription_gy)),
                *(plan_set.fractions, plan_set.approval, row.day, row.dose[1], row.worst),
                *(row.added.at if row.added else "", row.added.via if row.added else ""),
            ]
        place = found.after
        if not place:
            return
