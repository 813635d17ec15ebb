"""The objects of one series.

Comes in: a series' number and filters. Goes out: a page of its objects, or exactly the filtered
rows as CSV. Each view is journalled (R116).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from planbank.catalogue.models import ImageStack, Instance, Series
from planbank.catalogue.queries import objects
from planbank.catalogue.stack_words import in_words
from planbank.pipeline.models import Outcome
from planbank.web.lists import words
from planbank.web.lists.listing import drops, without
from planbank.web.lists.sheet import as_csv, wants_csv
from planbank.web.pages import house_of, page
from planbank.web.pages.series.forms import ObjectFilters
from planbank.web.reach import note, note_view, one_of, through

SIZE = 100
READING = "analyse"


@dataclass(frozen=True)
class Row:
    """A line of the list."""

    instance: Instance
    kind: str
    versions: int
    outcome: Outcome | None
    state: str
    word: str


@page("series/<int:pk>/", name="series", action="data.identity")
def series(request: HttpRequest, pk: int) -> HttpResponse:
    """The objects of a series."""
    here = one_of(request, Series, pk, "study__patient_file__institution", action="data.identity")
    file = here.study.patient_file
    held = Instance.objects.filter(series=here)
    filters = ObjectFilters(request.GET)
    given = filters.given()
    sort = request.GET.get("sort", "number")
    ordered = objects.object_rows(narrowed(held, given), sort)
    if wants_csv(request):
        what = {"object_id": file.pk, "institution": file.institution.code, "series": here.pk}
        note(request, "take out list", object_kind="patient file", protocol=through(here), **what)
        return as_csv("-".join([_("objects"), str(here.pk)]), _heads(), _csv_rows(ordered))
    note_view(request, file, here, series=here.pk)
    found = Paginator(ordered, SIZE).get_page(request.GET.get("page"))
    context = {
        "now": house_of(request).clock.now(),
        "series": here,
        "study": here.study,
        "study_date": words.day(here.study.study_date),
        "series_date": words.day(here.series_date),
        "file": file,
        "name": words.person(file.name),
        "filters": filters,
        "given": given,
        "sort": sort,
        "found": found,
        "rows": _rows(list(found)),
        "bytes": objects.bytes_of(Series.objects.filter(pk=here.pk)),
        "stacks": [(stack, in_words(stack)) for stack in ImageStack.objects.filter(series=here)],
        "all_url": without(request, *filters.fields),
    }
    if not found and given:
        context["drops"] = drops(request, filters, lambda rest: narrowed(held, rest))
    return render(request, "series/page.html", context)


def narrowed(held: QuerySet[Instance], given: dict[str, Any]) -> QuerySet[Instance]:
    """Objects that fit every filter that is on."""
    if given.get("state"):
        held = objects.in_state(held, READING, given["state"])
    if given.get("q"):
        text = given["q"]
        held = held.filter(Q(sop_instance_uid__contains=text) | Q(current_version__instance_number=text))
    return held


def _rows(held: Sequence[Instance]) -> list[Row]:
    versions = objects.version_counts(held)
    outcomes = objects.outcomes_of([row.current_version_id for row in held], [READING])
    rows = []
    for row in held:
        outcome = next(iter(outcomes[row.current_version_id]), None)
        state, word = words.work_state(outcome.state if outcome else None)
        kind = words.kind_of_object(row.current_version.sop_class_uid)
        rows.append(Row(row, kind, versions.get(row.pk, 1), outcome, state, word))
    return rows


def _heads() -> list[str]:
    return [
        *(_("Number"), _("Kind of object"), _("SOP Class UID"), _("SOP Instance UID"), _("Transfer syntax")),
        *(_("Bytes"), _("Versions"), _("First received"), _("Last received"), _("Read"), _("Reason")),
    ]


def _csv_rows(ordered: QuerySet[Instance]) -> Iterator[list[Any]]:
    for portion in Paginator(ordered, 500):
        for row in _rows(list(portion)):
            version = row.instance.current_version
            yield [
                *(version.instance_number, row.kind, version.sop_class_uid, version.sop_instance_uid),
                *(words.syntax_name(version.transfer_syntax_uid), version.size, row.versions),
                *(row.instance.first_received_at, row.instance.last_received_at),
                *(row.word, row.outcome.reason if row.outcome else ""),
            ]
