"""One association: every object that came through it.

Comes in: the number the gate gave it. Goes out: its objects, of my institutions only. It names
patients, so each view is journalled (R116).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from planbank.catalogue.models import Submission
from planbank.catalogue.queries.associations import summaries
from planbank.web.lists import words
from planbank.web.lists.listing import drops, without
from planbank.web.lists.sheet import as_csv, wants_csv
from planbank.web.pages import house_of, page
from planbank.web.pages.arrivals.forms import SubmissionFilters
from planbank.web.reach import my_institutions, note, ours

SIZE = 100
ORDERS = {
    "received": ("received_at", "pk"),
    "-received": ("-received_at", "-pk"),
    "size": ("version__size", "pk"),
    "-size": ("-version__size", "-pk"),
    "patient": ("instance__series__study__patient_file__sent_id", "pk"),
    "-patient": ("-instance__series__study__patient_file__sent_id", "-pk"),
    "modality": ("instance__series__modality", "pk"),
    "-modality": ("-instance__series__modality", "-pk"),
}


@page("arrivals/<slug:number>/", name="association", action="data.view")
def association(request: HttpRequest, number: str) -> HttpResponse:
    """The objects of one association."""
    came = ours(request, Submission).filter(association_id=number)
    codes = {i.pk: i.code for i in my_institutions(request)}
    owners = sorted(set(came.order_by().values_list("institution_id", flat=True).distinct()))
    if not owners:
        raise Http404
    filters = SubmissionFilters(request.GET)
    given = filters.given()
    sort = request.GET.get("sort", "received")
    ordered = _rows(narrowed(came, given)).order_by(*ORDERS.get(sort, ORDERS["received"]))
    for owner in owners:
        act = "take out list" if wants_csv(request) else "view"
        note(request, act, object_kind="association", object_id=number, institution=codes[owner])
    if wants_csv(request):
        return as_csv("-".join([_("arrival"), number[:32]]), _heads(), _csv_rows(ordered))
    found = Paginator(ordered, SIZE).get_page(request.GET.get("page"))
    whole = summaries(came, [(number, owner) for owner in owners])
    context = {
        "now": house_of(request).clock.now(),
        "number": number,
        "came": list(whole.values()),
        "codes": [codes[owner] for owner in owners],
        "several": len(owners) > 1,
        "filters": filters,
        "given": given,
        "sort": sort,
        "found": found,
        "rows": [_row(row) for row in found],
        "all_url": without(request, *filters.fields),
    }
    if not found and given:
        context["drops"] = drops(request, filters, lambda rest: narrowed(came, rest))
    return render(request, "arrivals/association.html", context)


def narrowed(came: QuerySet[Submission], given: dict[str, Any]) -> QuerySet[Submission]:
    """Submissions that fit the filter."""
    return came.filter(relation=given["relation"]) if given.get("relation") else came


def _rows(came: QuerySet[Submission]) -> QuerySet[Submission]:
    return came.select_related("institution", "version", "instance__series__study__patient_file").defer(
        "version__headers"
    )


def _row(row: Submission) -> dict[str, Any]:
    file = row.instance.series.study.patient_file
    return {
        "row": row,
        "file": file,
        "name": words.person(file.name),
        "kind": words.kind_of_object(row.version.sop_class_uid),
        "relation": words.relation_word(row.relation),
    }


def _heads() -> list[str]:
    return [
        *(_("Received"), _("Institution"), _("Patient ID"), _("Name as sent"), _("Modality")),
        *(_("Kind of object"), _("SOP Instance UID"), _("Relation"), _("Bytes"), _("Content hash")),
    ]


def _csv_rows(ordered: QuerySet[Submission]) -> Iterator[list[Any]]:
    for row in ordered.iterator(500):
        said = _row(row)
        file, version = said["file"], row.version
        yield [
            *(row.received_at, row.institution.code, file.sent_id, file.name, row.instance.series.modality),
            *(said["kind"], version.sop_instance_uid, said["relation"], version.size, version.content_hash),
        ]
