"""What of my institutions stands in no protocol: a list, and one patient and what to do (R31, R200).

Comes in: a person of the institution. Goes out: dates, reasons, what is kept and by what; keeping
longer and deleting soon, each with a reason, journalled, undone until it happened.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from planbank.access.policy import visible
from planbank.access.scopes import PATIENT_FILES
from planbank.catalogue.models import PatientFile, PlanSet, Series
from planbank.catalogue.queries.paging import Order, read_page
from planbank.erasure.ageing import (
    FIRST,
    delete_not,
    delete_soon,
    goes_for_certain,
    keep_longer,
    keep_no_longer,
)
from planbank.erasure.models import Ageing, Erasure, KeepLonger
from planbank.erasure.unassigned import Situation, situation_of
from planbank.errors import ErasureError
from planbank.protocols.parts import Part
from planbank.web.acting import act_of
from planbank.web.lists.listing import drops, where, without
from planbank.web.lists.sheet import as_csv, wants_csv
from planbank.web.lists.words import person
from planbank.web.pages import Menu, house_of, page
from planbank.web.pages.unassigned.forms import KeepForm, ReasonForm, UnassignedFilters
from planbank.web.pages.unassigned.why import why
from planbank.web.reach import my_institutions, note, note_view, ours

SIZE, CHUNK, LATELY = 50, 200, 20
SOONEST = Order("goes_at")
# Who may delete or keep what their own institution sent (R48).
DECIDE = "quarantine.decide-own"


@dataclass(frozen=True)
class Row:
    """A line of the list."""

    ageing: Ageing
    goes_at: datetime
    state: str
    name: str
    why: str


@dataclass(frozen=True)
class Line:
    """A unit of one patient: its series, what it is, its fate in words."""

    series: Series
    label: str
    objects: int
    size: int
    received: datetime
    state: str
    fate: str
    goes_at: datetime | None


def _how_many(request: HttpRequest) -> tuple[int, bool]:
    now = house_of(request).clock.now()
    soonest = list(ours(request, Ageing).order_by("goes_at").values_list("goes_at", flat=True)[:1000])
    return len(soonest), bool(soonest) and soonest[0] <= now + FIRST


@page(
    "unassigned/",
    name="unassigned",
    action="data.view",
    menu=Menu("data", gettext_lazy("Unassigned"), "folder", 25, _how_many),
)
def unassigned(request: HttpRequest) -> HttpResponse:
    """What stands in no protocol, the soonest to go first."""
    codes = [i.code for i in my_institutions(request)]
    filters = UnassignedFilters(request.GET, codes)
    given = filters.given()
    rows = _narrowed(request, given)
    if wants_csv(request):
        note(request, "take out list", object_kind="unassigned", filters=sorted(given))
        return as_csv(_("unassigned"), _heads(), _csv_rows(request, given))
    place = {name: request.GET.get(name, "") for name in ("after", "before")}
    found = read_page(rows, SOONEST, **place, size=SIZE)
    gone = Erasure.objects.filter(kind=Erasure.Kind.UNASSIGNED, institution__in=my_institutions(request))
    context = {
        "now": house_of(request).clock.now(),
        "days": house_of(request).settings.unassigned_days,
        "filters": filters,
        "given": given,
        "found": found,
        "rows": _rows(request, found.rows),
        "where": where(rows, found),
        "codes": codes,
        "several": len(codes) > 1,
        "all_url": without(request, *filters.fields),
        "gone": gone.select_related("institution")[:LATELY],
    }
    if not found.rows and given:
        context["drops"] = drops(request, filters, lambda rest: _narrowed(request, rest))
    return render(request, "unassigned/list.html", context)


@page("unassigned/<int:pk>/", name="unassigned-one", action="data.view")
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """One patient: each part with its fate, and what can be done."""
    file = _file(request, pk)
    note_view(request, file)
    house = house_of(request)
    found = situation_of(file, house.settings.unassigned_days, strict=True)
    ageing = Ageing.objects.filter(patient_file=file).select_related("asked_by").first()
    now = house.clock.now()
    context = {
        "file": file,
        "name": person(file.name),
        "now": now,
        "ageing": ageing,
        "goes_at": goes_for_certain(ageing, now) if ageing else None,
        "lines": _units(found, house.settings.unassigned_days),
        "why": why([file])[file.pk] if ageing else "",
        "kept": KeepLonger.objects.filter(patient_file=file).select_related("by", "undone_by"),
        "addable": visible(
            request.user, "data.add", PatientFile.objects.filter(pk=pk), PATIENT_FILES, at=now
        ).exists(),
        "may_decide": visible(
            request.user, DECIDE, PatientFile.objects.filter(pk=pk), institution="institution", at=now
        ).exists(),
    }
    return render(request, "unassigned/one.html", context)


@page("unassigned/<int:pk>/keep/", name="unassigned-keep", action=DECIDE)
def keep(request: HttpRequest, pk: int) -> HttpResponse:
    """Have it stay longer."""
    file = _file(request, pk, DECIDE)
    act = act_of(request)
    form = KeepForm(request.POST if request.method == "POST" else None, timezone.localtime(act.at).date())
    if request.method == "POST" and form.is_valid():
        # The whole of that day, in the zone that times are shown in.
        until = timezone.make_aware(datetime.combine(form.cleaned_data["until"], time.min)) + timedelta(
            days=1
        )
        try:
            keep_longer(house_of(request), act, file, until, form.cleaned_data["reason"])
        except ErasureError as exc:
            form.add_error("until", str(exc))
        else:
            undo = reverse("unassigned-keep-undo", args=[pk])
            messages.success(request, _("It is kept until that day."), extra_tags=undo)
            return redirect("unassigned-one", pk)
    return render(request, "unassigned/keep.html", {"file": file, "form": form})


@page("unassigned/<int:pk>/keep/undo/", name="unassigned-keep-undo", action=DECIDE)
@require_POST
def keep_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """It ages again as if nobody had asked."""
    if keep_no_longer(house_of(request), act_of(request), _file(request, pk, DECIDE)):
        messages.success(request, _("It goes when its time is over, as before."))
    return redirect("unassigned-one", pk)


@page("unassigned/<int:pk>/delete/", name="unassigned-delete", action=DECIDE)
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then have it go in a day."""
    file = _file(request, pk, DECIDE)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            delete_soon(house_of(request), act_of(request), file, form.cleaned_data["reason"])
        except ErasureError as exc:
            form.add_error(None, str(exc))
        else:
            undo = reverse("unassigned-delete-undo", args=[pk])
            messages.success(
                request, _("It is deleted in 24 hours; until then it can be undone."), extra_tags=undo
            )
            return redirect("unassigned-one", pk)
    context = {"file": file, "form": form, "ageing": Ageing.objects.filter(patient_file=file).first()}
    return render(request, "unassigned/delete.html", context)


@page("unassigned/<int:pk>/delete/undo/", name="unassigned-delete-undo", action=DECIDE)
@require_POST
def delete_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Nothing is deleted before its time."""
    if delete_not(house_of(request), act_of(request), _file(request, pk, DECIDE)):
        messages.success(request, _("It goes when its time is over, as before."))
    else:
        messages.error(request, _("It was too late, or nobody had asked."))
    return redirect("unassigned")


def _narrowed(request: HttpRequest, given: dict[str, Any]) -> QuerySet[Ageing]:
    rows = ours(request, Ageing).select_related("patient_file", "institution")
    if given.get("institution"):
        rows = rows.filter(institution__code=given["institution"])
    if given.get("goes") == "asked":
        return rows.filter(asked_at__isnull=False)
    if given.get("goes"):
        now = house_of(request).clock.now()
        rows = rows.filter(goes_at__lte=now + timedelta(days=int(given["goes"])))
    return rows


def _rows(request: HttpRequest, found: list[Ageing]) -> list[Row]:
    now = house_of(request).clock.now()
    reasons = why([row.patient_file for row in found])
    return [
        Row(
            row,
            goes_for_certain(row, now),
            "bad" if row.asked_at else "warn" if row.goes_at <= now + FIRST else "idle",
            person(row.patient_file.name),
            reasons[row.patient_file_id],
        )
        for row in found
    ]


def _units(found: Situation, days: int) -> list[Line]:
    rows = {row.pk: row for row in Series.objects.filter(pk__in=[part.series for part in found.pieces])}
    uids = [part.uid for part in found.pieces if part.uid]
    sets = PlanSet.objects.filter(
        sop_instance_uid__in=uids, patient_file__in=[row.study.patient_file_id for row in rows.values()][:1]
    )
    labels = dict(sets.values_list("sop_instance_uid", "label"))
    lines = [_line(rows, labels, found, part, days) for part in found.pieces]
    last = timezone.now() + timedelta(days=36500)
    return sorted(lines, key=lambda line: (line.goes_at or last, line.series.modality, line.series.pk))


def _line(rows: dict[int, Series], labels: dict[str, str], found: Situation, part: Part, days: int) -> Line:
    piece, fate = found.pieces[part], found.fates[part]
    source = rows[fate.because.series]
    own = piece.received + timedelta(days=days + 1)
    if fate.goes_at is not None and fate.because != part and fate.goes_at > own:
        said = {"what": source.modality}
        state, words = "idle", _("stays as long as the %(what)s that refers to it") % said
    elif fate.goes_at is not None:
        state, words = "warn", ""
    elif fate.because == part:
        state, words = "ok", _("in %(protocol)s") % {"protocol": fate.held}
    else:
        said = {"what": source.modality, "protocol": fate.held}
        state, words = "info", _("kept because the %(what)s in %(protocol)s refers to it") % said
    series = rows[part.series]
    label = labels.get(part.uid) or series.description
    return Line(series, label, piece.objects, piece.size, piece.received, state, words, fate.goes_at)


def _heads() -> list[str]:
    return [
        _("Patient ID"),
        _("Institution"),
        _("Plans"),
        _("Objects"),
        _("Bytes"),
        _("Kept"),
        _("Goes"),
        _("Why"),
    ]


def _csv_rows(request: HttpRequest, given: dict[str, Any]) -> Iterator[list[Any]]:
    place = ""
    while True:
        found = read_page(_narrowed(request, given), SOONEST, after=place, size=CHUNK)
        for row in _rows(request, found.rows):
            a = row.ageing
            yield [
                *(a.patient_file.sent_id, a.institution.code, a.plan_sets, a.objects_count, a.size),
                *(a.kept_count, row.goes_at, row.why),
            ]
        place = found.after
        if not place:
            return


def _file(request: HttpRequest, pk: int, action: str = "") -> PatientFile:
    rows = ours(request, PatientFile).select_related("institution").filter(pk=pk)
    if action:
        now = house_of(request).clock.now()
        rows = visible(request.user, action, rows, institution="institution", at=now)
    found = rows.first()
    if found is None:
        raise Http404
    return found
