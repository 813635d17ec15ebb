"""One patient file.

Comes in: its number. Goes out: who it is, the studies with their series, what is odd, how it came.
Each view is journalled (R116).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from planbank.catalogue.models import PatientFile, Series, Submission
from planbank.catalogue.queries import patients
from planbank.catalogue.queries.associations import read_associations
from planbank.catalogue.queries.objects import bytes_of, series_order, series_rows
from planbank.catalogue.stack_words import StackWords, by_series
from planbank.web.lists import words
from planbank.web.lists.listing import drops, without
from planbank.web.lists.sheet import as_csv, wants_csv
from planbank.web.pages import house_of, page
from planbank.web.pages.grants.asking import may_ask_who
from planbank.web.pages.patients.findings import Shown, findings_of
from planbank.web.pages.patients.forms import SeriesFilters
from planbank.web.pages.plans.views import rows_of
from planbank.web.reach import is_veiled, may_add, may_link, mine, note, note_view, one_of, ours, through

SIZE, ARRIVALS = 100, 8


@page("patients/<int:pk>/", name="patient", action="data.view")
def patient(request: HttpRequest, pk: int) -> HttpResponse:
    """One patient file: facts, series, findings, arrivals."""
    file = one_of(request, PatientFile, pk, "institution")
    held = mine(request, Series).filter(study__patient_file=file.pk)
    modalities = patients.in_order(held.values_list("modality", flat=True).distinct())
    filters = SeriesFilters(request.GET, modalities)
    given = filters.given()
    sort = request.GET.get("sort", "study")
    ordered = series_order(narrowed(held, given), sort)
    if wants_csv(request):
        code = file.institution.code
        what = {"object_id": file.pk, "institution": code, "protocol": through(file)}
        note(request, "take out list", object_kind="patient file", **what)
        return as_csv(f"{_('series')}-{file.pk}", _heads(), _csv_rows(ordered, held))
    note_view(request, file)
    found = Paginator(ordered, SIZE).get_page(request.GET.get("page"))
    context = {
        "now": house_of(request).clock.now(),
        "file": file,
        "name": words.person(file.name),
        "born": words.day(file.birth_date),
        "numbers": patients.numbers([file], held)[file.pk],
        "bytes": bytes_of(held),
        "filters": filters,
        "given": given,
        "sort": sort,
        "found": found,
        "rows": _rows(list(found), held),
        "all_url": without(request, *filters.fields),
        "veiled": is_veiled(file),
        "linkable": file.patient_id is not None and not file.seen_through and may_link(request),
        "addable": file.patient_id is not None and may_add(request, file.institution_id),
        "may_ask_who": may_ask_who(request, file),
        # What is odd and how it came is its institution's; of a plan, the plan's page tells it.
        "findings": Shown() if file.seen_through else findings_of(file),
        "plans": rows_of(request, file),
        "arrivals": None if file.seen_through else _arrivals(request, file),
    }
    if not found and given:
        context["drops"] = drops(request, filters, lambda rest: narrowed(held, rest))
    return render(request, "patients/patient.html", context)


def narrowed(series: QuerySet[Series], given: dict[str, Any]) -> QuerySet[Series]:
    """Series that fit every filter that is on."""
    if given.get("modality"):
        series = series.filter(modality=given["modality"])
    for word in given.get("q", "").split()[: patients.MAX_WORDS]:
        series = series.filter(Q(description__icontains=word) | Q(study__description__icontains=word))
    return series


def _arrivals(request: HttpRequest, file: PatientFile) -> Any:
    """The last associations in which something of this patient came, counting only that."""
    came = ours(request, Submission).filter(instance__series__study__patient_file=file)
    return read_associations(came, came, "", ARRIVALS)


def _rows(series: list[Series], held: QuerySet[Series]) -> list[tuple[Series, str, StackWords | None]]:
    """A line each: the series, its study's date, and whether images are missing."""
    stacks = by_series(series)
    return [(row, words.day(row.study.study_date), stacks.get(row.pk)) for row in series_rows(series, held)]


def _heads() -> list[str]:
    return [
        *(_("Study date"), _("Study"), _("Study Instance UID"), _("Modality"), _("Number"), _("Description")),
        *(_("Series Instance UID"), _("Objects"), _("Bytes"), _("First received"), _("Last received")),
    ]


def _csv_rows(ordered: QuerySet[Series], held: QuerySet[Series]) -> Iterator[list[Any]]:
    for pages in Paginator(ordered, 500):
        for row in series_rows(list(pages), held):
            study = row.study
            yield [
                *(words.day(study.study_date), study.description, study.study_instance_uid),
                *(row.modality, row.number, row.description, row.series_instance_uid),
                *(row.objects, row.size, row.first_received_at, row.last_received_at),
            ]
