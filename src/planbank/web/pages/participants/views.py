"""Participants on pages (R45, R145).

Comes in: filters, forms. Goes out: the participants of the centres that a person sees, by trial ID; who a
patient is, no page here says. Each look at a list taken out and each change is journalled.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from planbank.access.policy import may
from planbank.access.scopes import Scope
from planbank.catalogue.models import PatientFile
from planbank.catalogue.queries.paging import Order, read_page
from planbank.errors import ChangedMeanwhile, ProtocolError
from planbank.people.models import Institution
from planbank.protocols.actions.enrolling import enrol
from planbank.protocols.actions.participants import bring_back, remove_participant, save_participant
from planbank.protocols.models import Participant, Protocol
from planbank.protocols.queries import roster as read
from planbank.protocols.queries.roster import Came
from planbank.protocols.roster.wishes import PLAIN, cells_of
from planbank.reach import Reader
from planbank.web.acting import act_of, user_of
from planbank.web.lists.listing import drops, where, without
from planbank.web.lists.sheet import as_csv, wants_csv
from planbank.web.pages import house_of, page
from planbank.web.pages.participants import attributes, table
from planbank.web.pages.participants.forms import ParticipantFilters, ParticipantForm, WhyForm
from planbank.web.pages.participants.reach import roster_of, seen_centres
from planbank.web.pages.protocols.tabs import tabs_of
from planbank.web.reach import note

__all__ = ["attributes", "table"]
SIZE, CHUNK = 50, 200
USUAL = "trial"
ORDERS = {
    "trial": Order("trial_id"),
    "-trial": Order("trial_id", descending=True),
    "arm": Order("arm"),
    "-arm": Order("arm", descending=True),
    "-added": Order("added_at", descending=True),
    "added": Order("added_at"),
}
_REMOVED = "participant-removed"
_MEANWHILE = "changed meanwhile"


@dataclass(frozen=True)
class Row:
    """A line of the list."""

    participant: Participant
    came: Came
    today: date

    @property
    def state(self) -> tuple[str, str]:
        """What of the data came, as a state of the kit and its word."""
        if not self.came.has:
            due = self.participant.expected_on
            return ("warn", _("late")) if due and due < self.today else ("idle", _("nothing yet"))
        if missing := self.came.missing(self.participant.expected):
            return "warn", ", ".join(missing)
        return "ok", _("received")


@page(
    "protocols/<int:protocol>/participants/",
    name="participants",
    action="participant.view",
    scope="protocol",
)
def listed(request: HttpRequest, protocol: int) -> HttpResponse:
    """The participants of the centres that I see, and what of their data came."""
    here = get_object_or_404(Protocol, pk=protocol)
    now = house_of(request).clock.now()
    centres = seen_centres(request, here, "participant.view")
    of_theirs = Participant.objects.filter(protocol=here).values("institution")
    rows = Institution.objects.filter(pk__in=of_theirs).order_by("code")
    codes = [row.code for row in rows if centres is None or row.pk in centres]
    filters = ParticipantFilters(request.GET, codes)
    given = filters.given()

    def found_by(values: dict[str, Any]) -> QuerySet[Participant]:
        return _narrowed(read.listed(here, centres), values, now.date()).select_related("institution")

    kinds = list(here.attribute_types.all())
    if wants_csv(request):
        note(request, "take out list", object_kind="participants", protocol=here.short_name)
        heads = [*PLAIN, *(kind.name for kind in kinds), "received", "pseudonym"]
        return as_csv(f"{here.short_name}-participants", heads, _csv(here, found_by(given), kinds))
    sort = request.GET.get("sort", USUAL)
    place = {name: request.GET.get(name, "") for name in ("after", "before")}
    found = read_page(found_by(given), ORDERS.get(sort, ORDERS[USUAL]), **place, size=SIZE)
    came = read.came(here, found.rows)
    context = {
        "protocol": here,
        "tabs": tabs_of(request, here.pk, "participants"),
        "filters": filters,
        "given": given,
        "sort": sort if sort in ORDERS else USUAL,
        "found": found,
        "rows": [Row(row, came[row.pk], now.date()) for row in found.rows],
        "where": where(found_by(given), found),
        "all_url": without(request, *filters.fields),
        "can": _can(request, here),
        "now": now,
    }
    if not found.rows and given:
        context["drops"] = drops(request, filters, found_by)
    return render(request, "participants/list.html", context)


@page(
    "protocols/<int:protocol>/participants/new/",
    name="participant-new",
    action="participant.edit",
    scope="protocol",
)
def new(request: HttpRequest, protocol: int) -> HttpResponse:
    """Register a participant."""
    return _edit(request, get_object_or_404(Protocol, pk=protocol), None)


@page(
    "protocols/<int:protocol>/participants/<int:pk>/",
    name="participant",
    action="participant.view",
    scope="protocol",
)
def one(request: HttpRequest, protocol: int, pk: int) -> HttpResponse:
    """One participant: what is recorded, what came, which patient it is where I may see that."""
    here = get_object_or_404(Protocol, pk=protocol)
    row = _one(request, here, pk, "participant.view")
    now = house_of(request).clock.now()
    files: list[PatientFile] = []
    if row.patient_id:
        reader = Reader(user_of(request), now, Scope("protocol", here.pk))
        files = list(reader.rows(PatientFile).filter(patient=row.patient_id).select_related("institution"))
        own = Reader(user_of(request), now).own(PatientFile).filter(patient=row.patient_id)
        files += list(own.exclude(pk__in=[f.pk for f in files]).select_related("institution"))
    editable = seen_centres(request, here, "participant.edit")
    can = _can(request, here)
    context = {
        "protocol": here,
        "row": row,
        "shown": Row(row, read.came(here, [row])[row.pk], now.date()),
        "attributes": [(kind.name, row.attributes.get(kind.name)) for kind in here.attribute_types.all()],
        "files": files,
        "editable": can["edit"] and (editable is None or row.institution_id in editable),
        "expected": sorted(row.expected.items()),
    }
    return render(request, "participants/one.html", context)


@page(
    "protocols/<int:protocol>/participants/<int:pk>/edit/",
    name="participant-edit",
    action="participant.edit",
    scope="protocol",
)
def edit(request: HttpRequest, protocol: int, pk: int) -> HttpResponse:
    """Change a participant."""
    here = get_object_or_404(Protocol, pk=protocol)
    return _edit(request, here, _one(request, here, pk, "participant.edit"))


@page(
    "protocols/<int:protocol>/participants/<int:pk>/enrol/",
    name="participant-enrol",
    action="participant.edit",
    scope="protocol",
)
def enrolled(request: HttpRequest, protocol: int, pk: int) -> HttpResponse:
    """Enrol a participant's patient before anything came, so that they have a pseudonym."""
    here = get_object_or_404(Protocol, pk=protocol)
    row = _one(request, here, pk, "participant.edit")
    try:
        enrol(act_of(request), here, row.patient_id, "user")
    except ProtocolError as exc:
        messages.error(request, str(exc))
    else:
        messages.success(request, _("%(trial_id)s is enrolled.") % {"trial_id": row.trial_id})
    return redirect("participant", here.pk, row.pk)


@page(
    "protocols/<int:protocol>/participants/<int:pk>/remove/",
    name="participant-remove",
    action="participant.edit",
    scope="protocol",
)
def remove(request: HttpRequest, protocol: int, pk: int) -> HttpResponse:
    """Take somebody off the list, with a reason; a toast offers to undo it."""
    here = get_object_or_404(Protocol, pk=protocol)
    row = _one(request, here, pk, "participant.edit")
    form = WhyForm(request.POST or None, initial={"seen": row.revision})
    if request.method == "POST" and form.is_valid():
        try:
            seen, why = form.cleaned_data["seen"] or 0, form.cleaned_data["reason"]
            kept = remove_participant(act_of(request), row, seen, why)
        except ChangedMeanwhile:
            form.add_error(None, _("Somebody changed this participant meanwhile. Look again first."))
        except ProtocolError as exc:
            form.add_error(None, str(exc))
        else:
            request.session[_REMOVED] = kept
            said = _("%(trial_id)s is off the list.") % {"trial_id": kept["trial_id"]}
            messages.success(request, said, extra_tags=reverse("participant-back", args=[here.pk]))
            return redirect("participants", here.pk)
    context = {"protocol": here, "row": row, "form": form}
    return render(request, "participants/remove.html", context)


@page(
    "protocols/<int:protocol>/participants/back/",
    name="participant-back",
    action="participant.edit",
    scope="protocol",
)
def back(request: HttpRequest, protocol: int) -> HttpResponse:
    """Undo the last removal of this session."""
    here = get_object_or_404(Protocol, pk=protocol)
    kept = request.session.pop(_REMOVED, None)
    allowed = seen_centres(request, here, "participant.edit")
    if not kept or kept["protocol_id"] != here.pk:
        messages.error(request, _("There is nothing to undo."))
    elif allowed is not None and kept["institution_id"] not in allowed:
        raise Http404
    else:
        try:
            row = bring_back(act_of(request), here, kept)
        except ProtocolError as exc:
            messages.error(request, str(exc))
        else:
            messages.success(request, _("%(trial_id)s is back.") % {"trial_id": row.trial_id})
    return redirect("participants", here.pk)


def _edit(request: HttpRequest, here: Protocol, row: Participant | None) -> HttpResponse:
    roster = roster_of(request, here)
    form = ParticipantForm(request.POST or None, roster, row)
    if request.method == "POST" and form.is_valid() and (wish := form.wish()) is not None:
        try:
            done = save_participant(act_of(request), here, wish, row, form.cleaned_data["seen"] or 0)
        except ChangedMeanwhile:
            form.add_error(
                None,
                _(
                    "Somebody changed this participant meanwhile. Nothing of yours is saved: "
                    "open it in another window, compare, then save again."
                ),
            )
        except ProtocolError as exc:
            form.add_error(None, str(exc))
        else:
            messages.success(request, _("Saved."))
            return redirect("participant", here.pk, done.pk)
    return render(request, "participants/edit.html", {"protocol": here, "form": form, "row": row})


def _one(request: HttpRequest, here: Protocol, pk: int, action: str) -> Participant:
    rows = read.listed(here, seen_centres(request, here, action)).select_related("institution", "protocol")
    return get_object_or_404(rows, pk=pk)


def _can(request: HttpRequest, here: Protocol) -> dict[str, bool]:
    now, scope = house_of(request).clock.now(), Scope("protocol", here.pk)
    return {
        "edit": bool(may(request.user, "participant.edit", now, scope)) and here.status != "closed",
        "settings": bool(may(request.user, "protocol.edit", now, scope)),
    }


def _narrowed(rows: QuerySet[Participant], given: dict[str, Any], today: date) -> QuerySet[Participant]:
    if "institution" in given:
        rows = rows.filter(institution__code=given["institution"])
    if "consent" in given:
        rows = rows.filter(consent=given["consent"])
    match given.get("look"):
        case "received":
            rows = read.holding(rows)
        case "waiting":
            rows = read.holding(rows, held=False)
        case "late":
            rows = read.late(rows, today)
    return read.search(rows, given.get("q", ""))


def _csv(here: Protocol, rows: QuerySet[Participant], kinds: list[Any]) -> Iterator[list[Any]]:
    place = ""
    while True:
        found = read_page(rows, ORDERS[USUAL], after=place, size=CHUNK)
        came = read.came(here, found.rows)
        for row in found.rows:
            cells = cells_of(row, kinds)
            has = came[row.pk]
            kept = " ".join(f"{kind} {n}" for kind, n in sorted(has.has.items()))
            yield [*(cells[name] for name in cells if name != "_"), kept, has.pseudonym]
        place = found.after
        if not place:
            return
