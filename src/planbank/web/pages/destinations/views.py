"""Destinations on pages: registered, tested, confirmed, paused, switched off (R89).

Comes in: requests of a system administrator, and of key users who ask for one. Goes out: rows changed
through delivery/destinations.py; each change is journalled.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from planbank.delivery import destinations as verbs
from planbank.delivery.models import Destination
from planbank.delivery.rules import why_not
from planbank.delivery.words import words
from planbank.errors import ChangedMeanwhile, DeliveryError, NoLine, SettingsError
from planbank.forwarding.line import echo
from planbank.protocols.models import Protocol
from planbank.services.forward.nodes import node_of
from planbank.web.acting import act_of
from planbank.web.pages import Menu, house_of, page
from planbank.web.pages.destinations.forms import DestinationForm
from planbank.web.pages.protocols.tabs import tabs_of

SECONDS = 5.0
_OPEN, _FAILED = ["waiting", "sending"], ["refused", "failed"]
_SHOWN = Menu("running", gettext_lazy("Destinations"), "send", 22)


@page("destinations/", name="destinations", action="destination.approve", menu=_SHOWN)
def destinations(request: HttpRequest) -> HttpResponse:
    """Every destination, how it is and what waits for it."""
    return render(request, "destinations/list.html", {"rows": _counted(Destination.objects.all())})


@page("destinations/new/", name="destination-new", action="destination.approve")
def new(request: HttpRequest) -> HttpResponse:
    """Register a destination; who may confirm it does so thereby."""
    return _edit(request, None)


@page("destinations/<int:pk>/", name="destination", action="destination.approve")
def destination(request: HttpRequest, pk: int) -> HttpResponse:
    """One destination: change it, test the way, confirm, pause, switch off."""
    return _edit(request, _one(pk))


@page("destinations/<int:pk>/<slug:act>/", name="destination-act", action="destination.approve")
@require_POST
def act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Do one thing with it."""
    row, by = _one(pk), act_of(request)
    match act:
        case "test":
            return _test(request, row)
        case "confirm":
            verbs.confirm(by, row)
            messages.success(request, _("Confirmed: data may go there from now on."))
        case "on" | "off":
            verbs.switch(by, row, act == "on")
            messages.success(
                request, _("Switched on.") if act == "on" else _("Switched off: nothing goes there.")
            )
        case "pause" | "resume":
            verbs.pause(by, row, act == "pause")
            messages.success(
                request, _("Paused: what goes there waits.") if act == "pause" else _("It goes on now.")
            )
        case _:
            raise Http404
    return redirect("destination", pk)


@page(
    "protocols/<int:protocol>/destinations/",
    name="protocol-destinations",
    action="destination.ask",
    scope="protocol",
)
def of_protocol(request: HttpRequest, protocol: int) -> HttpResponse:
    """Where this protocol's data may go, and why not elsewhere."""
    here = get_object_or_404(Protocol, pk=protocol)
    now = house_of(request).clock.now()
    rows = Destination.objects.select_related("institution")
    context = {
        "protocol": here,
        "tabs": tabs_of(request, protocol, "protocol-destinations"),
        "rows": [(row, words(why_not(row, here, None, now))) for row in rows],
    }
    return render(request, "destinations/protocol.html", context)


@page(
    "protocols/<int:protocol>/destinations/ask/",
    name="destination-ask",
    action="destination.ask",
    scope="protocol",
)
def ask(request: HttpRequest, protocol: int) -> HttpResponse:
    """Ask for a destination: a system administrator confirms it."""
    return _edit(request, None, get_object_or_404(Protocol, pk=protocol))


def _edit(request: HttpRequest, row: Destination | None, protocol: Protocol | None = None) -> HttpResponse:
    own = house_of(request).settings.ae_title
    form = DestinationForm(request.POST or None, row, own)
    if request.method == "POST" and form.is_valid():
        try:
            if row is not None:
                verbs.change(act_of(request), row, form.facts(), form.cleaned_data["revision"] or 0)
            else:
                row = verbs.register(act_of(request), form.facts(), confirmed=protocol is None)
        except ChangedMeanwhile:
            form.add_error(None, _("Somebody changed it meanwhile. Open it again, then change it."))
        except DeliveryError as exc:
            form.add_error(None, exc.detail)
        else:
            if protocol is not None:
                messages.success(request, _("Asked for: a system administrator confirms it."))
                return redirect("protocol-destinations", protocol.pk)
            messages.success(request, _("Saved. Test the way to it."))
            return redirect("destination", row.pk)
    context: dict[str, Any] = {"form": form, "row": row, "protocol": protocol}
    if row is not None:
        context |= {"row": _counted(Destination.objects.filter(pk=row.pk))[0], "problem": words(row.problem)}
    return render(request, "destinations/edit.html", context)


def _test(request: HttpRequest, row: Destination) -> HttpResponse:
    """Call it (C-ECHO) and say in plain words what came of it."""
    house, said = house_of(request), ""
    try:
        echo(node_of(house.settings, row, SECONDS))
    except NoLine as exc:
        said = exc.code
    except SettingsError:
        said = "settings"
    outcome = "failed" if said else "done"
    act_of(request).journal(
        "echo", object_kind="destination", object_id=row.pk, outcome=outcome, answer=said or "connected"
    )
    state, text = ("warn", words(said)) if said else ("ok", _("It answered: it is there and knows us."))
    if request.headers.get("HX-Request"):
        return render(request, "destinations/answer.html", {"state": state, "words": text})
    (messages.warning if said else messages.success)(request, text)
    return redirect("destination", row.pk)


def _counted(rows: Any) -> list[Destination]:
    waiting = Count("deliveries", filter=Q(deliveries__state__in=_OPEN))
    failed = Count("deliveries", filter=Q(deliveries__state__in=_FAILED))
    delivered = Count("deliveries", filter=Q(deliveries__state="delivered"))
    related = rows.select_related("institution", "asked_by", "confirmed_by")
    return list(related.annotate(waiting=waiting, failed=failed, delivered=delivered).order_by("name"))


def _one(pk: int) -> Destination:
    return get_object_or_404(Destination.objects.select_related("institution"), pk=pk)
