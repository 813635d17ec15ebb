"""The list of patient files.

Comes in: filters in the address. Goes out: a page of the files of my institutions, or exactly the
filtered rows as CSV.
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

from planbank.catalogue.models import PatientFile, Series
from planbank.catalogue.queries import patients
from planbank.catalogue.queries.paging import read_page
from planbank.catalogue.queries.work import with_failed_work
from planbank.web.lists import words
from planbank.web.lists.listing import drops, where, without
from planbank.web.lists.sheet import as_csv, wants_csv
from planbank.web.pages import Menu, house_of, page
from planbank.web.pages.patients.forms import PatientFilters
from planbank.web.pages.patients.one import patient
from planbank.web.reach import may_link, mine, note, seen_institutions, sees_only_named, words_allowed

__all__ = ["listed", "patient"]
SIZE, CHUNK = 50, 200
USUAL = "-received"


@dataclass(frozen=True)
class Row:
    """A line of the list."""

    file: PatientFile
    name: str
    born: str
    numbers: patients.FileNumbers


@page(
    "patients/",
    name="patients",
    action="data.view",
    menu=Menu("data", gettext_lazy("Patients"), "patient", 20),
)
def listed(request: HttpRequest) -> HttpResponse:
    """The patient files of my institutions and protocols."""
    codes = [i.code for i in seen_institutions(request)]
    filters = PatientFilters(request.GET, codes)
    given = filters.given()
    sort = request.GET.get("sort", USUAL)
    sorts = patients.ORDERS if sees_only_named(request) else patients.NAMELESS_ORDERS
    order = sorts.get(sort, sorts[USUAL])
    _journal(request, given, codes)
    if wants_csv(request):
        return as_csv(_("patients"), _heads(), _csv_rows(request, given, order))
    files = wanted(request, given)
    place = {name: request.GET.get(name, "") for name in ("after", "before")}
    found = read_page(files.select_related("institution"), order, **place, size=SIZE)
    context = {
        "now": house_of(request).clock.now(),
        "filters": filters,
        "given": given,
        "sort": sort if sort in sorts else USUAL,
        "found": found,
        "rows": _rows(request, found.rows),
        "where": where(files, found),
        "codes": codes,
        "several": len(codes) > 1,
        "linkable": may_link(request),
        "all_url": without(request, *filters.fields),
    }
    if not found.rows and given:
        context["drops"] = drops(request, filters, lambda rest: wanted(request, rest))
    return render(request, "patients/list.html", context)


def wanted(request: HttpRequest, given: dict[str, Any]) -> QuerySet[PatientFile]:
    """The files this person may see that fit every filter that is on."""
    files = mine(request, PatientFile)
    if given.get("institution"):
        files = files.filter(institution__code=given["institution"])
    if given.get("modality"):
        files = patients.with_modality(files, given["modality"])
    if given.get("look") == "findings":
        files = patients.with_open_findings(files)
    if given.get("look") == "failed":
        files = with_failed_work(files)
    return patients.search(files, given.get("q", ""), **words_allowed(request))


def _rows(request: HttpRequest, files: list[PatientFile]) -> list[Row]:
    numbers = patients.numbers(files, mine(request, Series))
    return [Row(f, words.person(f.name), words.day(f.birth_date), numbers[f.pk]) for f in files]


def _heads() -> list[str]:
    return [
        _("Patient ID"),
        _("Name as sent"),
        _("Birth date"),
        _("Sex"),
        _("Institution"),
        _("Studies"),
        _("Series"),
        _("Objects"),
        _("Modalities"),
        _("First received"),
        _("Last received"),
    ]


def _csv_rows(request: HttpRequest, given: dict[str, Any], order: Any) -> Iterator[list[Any]]:
    """Portion by portion: each asks the policy anew, so a grant that ends also ends the download."""
    place = ""
    while True:
        files = wanted(request, given).select_related("institution")
        found = read_page(files, order, after=place, size=CHUNK)
        for row in _rows(request, found.rows):
            file, has = row.file, row.numbers
            yield [
                *(file.sent_id, file.name, row.born, file.sex, file.institution.code),
                *(has.studies, has.series, has.objects, " ".join(has.modalities)),
                *(file.first_received_at, file.last_received_at),
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
            object_kind="patient files",
            institution=given.get("institution") or (codes[0] if len(codes) == 1 else ""),
            filters=sorted(given),
        )
