"""The services page.

Comes in: a system administrator's request. Goes out: how the work stands, what could not be done
and why, and buttons to run it again. Subjects stand there as numbers: nothing tells of a patient.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from planbank.catalogue.queries.paging import Order, read_page
from planbank.people.expiry import expiries
from planbank.pipeline import pausing
from planbank.pipeline.models import Outcome, Rerun, State
from planbank.pipeline.registry import SERVICES
from planbank.web.lists.listing import drops
from planbank.web.lists.sheet import as_csv, wants_csv
from planbank.web.pages import Menu, house_of, page
from planbank.web.pages.services import again
from planbank.web.pages.services.forms import OutcomeFilters
from planbank.web.pages.services.numbers import current, numbers
from planbank.web.parts.words import thin

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

    from planbank.pipeline.registry import Service

SIZE, CHUNK = 50, 500
ORDERS = {"due_at": Order("due_at"), "-due_at": Order("due_at", descending=True)}
USUAL = "-due_at"
_SHOWN = Menu("running", gettext_lazy("Services"), "pulse", 30)
_STATES = {
    State.FAILED: "bad",
    State.WAITING: "idle",
    State.LATER: "idle",
    State.DUE: "info",
    State.DONE: "ok",
}


@page("services/", name="services", action="services.view", menu=_SHOWN)
def services(request: HttpRequest) -> HttpResponse:
    """How the work stands, and what could not be done."""
    filters = OutcomeFilters(request.GET)
    sort = request.GET.get("sort", USUAL)
    sort = sort if sort in ORDERS else USUAL
    rows = _narrowed(filters.given(), filters.states())
    if wants_csv(request):
        return as_csv(_("outcomes"), _heads(), _lines(rows, ORDERS[sort]))
    place = {name: request.GET.get(name, "") for name in ("after", "before")}
    found = read_page(rows, ORDERS[sort], **place, size=SIZE)
    house = house_of(request)
    context = _head(request) | {
        "certificates": expiries(house.settings, house.clock.now()),
        "filters": filters,
        "given": filters.given(),
        "sort": sort,
        "rows": [(row, _STATES[State(row.state)]) for row in found.rows],
        "newer_url": _address(request, before=found.before) if found.before else "",
        "older_url": _address(request, after=found.after) if found.after else "",
        "csv_url": _address(request, format="csv"),
        "where": ngettext("%(n)s row", "%(n)s rows", len(found.rows)) % {"n": len(found.rows)},
    }
    if not found.rows and filters.given():
        context["drops"] = drops(request, filters, lambda rest: _narrowed(rest, _states_of(rest)))
    return render(request, "services/page.html", context)


@page("services/numbers/", name="services-numbers", action="services.view")
def refreshed(request: HttpRequest) -> HttpResponse:
    """The numbers alone, for a page that is open: each replaces the one that stands there.

    What is said aloud is sent only when it changed, so that nobody hears it every five seconds.
    """
    head = _head(request)
    changed = request.GET.get("known", "") != head["known"]
    return render(request, "services/numbers.html", head | {"oob": True, "changed": changed})


@page("services/outcome/<int:pk>/run/", name="services-run-one", action="services.run")
@require_POST
def run_one(request: HttpRequest, pk: int) -> HttpResponse:
    """Run a service again on one subject."""
    outcome = get_object_or_404(Outcome, pk=pk)
    _service(outcome.service)
    again.one(outcome, request.user, house_of(request).clock.now())
    said = _("%(service)s runs again on %(kind)s %(number)s.")
    words = {"service": outcome.service, "kind": outcome.subject_kind, "number": outcome.subject_id}
    messages.success(request, said % words)
    return redirect(f"{reverse('services')}{_kept(request)}")


@page("services/<slug:name>/failed/run/", name="services-run-failed", action="services.run")
@require_POST
def run_failed(request: HttpRequest, name: str) -> HttpResponse:
    """Run a service again on everything it could not do."""
    number = again.failed(_service(name).name, request.user, house_of(request).clock.now())
    messages.success(request, _said(name, number))
    return redirect("services")


@page("services/<slug:name>/run/", name="services-run-all", action="services.run")
def run_all(request: HttpRequest, name: str) -> HttpResponse:
    """Ask, then run a service again on everything."""
    spec = _service(name)
    if request.method == "POST":
        number = again.everything(spec.name, request.user, house_of(request).clock.now())
        messages.success(request, _said(name, number) if number is not None else _said_begun(name))
        return redirect("services")
    standing = next(s for s in numbers(house_of(request)).services if s.service.name == name)
    total = standing.done + sum(standing.open.values())
    said = {"n": thin(total)}
    context = {
        "service": spec,
        "standing": standing,
        "number": _("about %(n)s") % said if standing.done_is_estimate else thin(total),
        "total": total,
        "now": house_of(request).clock.now(),
    }
    return render(request, "services/ask.html", context)


@page("services/<slug:name>/pause/", name="services-pause", action="services.run")
@require_POST
def pause_service(request: HttpRequest, name: str) -> HttpResponse:
    """Pause a service; a toast offers to undo it."""
    spec, house = _service(name), house_of(request)
    if pausing.pause(spec.name, request.user.get_username(), house.clock.now()):
        undo = reverse("services-go-on", args=[name])
        messages.success(
            request, _("%(service)s is paused: what becomes due waits.") % {"service": name}, extra_tags=undo
        )
    return redirect("services")


@page("services/<slug:name>/go-on/", name="services-go-on", action="services.run")
@require_POST
def go_on(request: HttpRequest, name: str) -> HttpResponse:
    """Let a paused service work again."""
    spec, house = _service(name), house_of(request)
    if pausing.go_on(spec.name, request.user.get_username(), house.clock.now()):
        messages.success(request, _("%(service)s goes on.") % {"service": name})
    return redirect("services")


def _head(request: HttpRequest) -> dict[str, Any]:
    house = house_of(request)
    standing = numbers(house)
    known = f"{'busy' if standing.busy else 'idle'}-{'bad' if standing.failed else 'well'}"
    reruns = list(Rerun.objects.filter(finished_at=None).order_by("asked_at"))
    known += "".join(f"-{run.pk}" for run in reruns)
    return {"numbers": standing, "known": known, "now": house.clock.now(), "reruns": reruns}


def _service(name: str) -> Service:
    if name not in SERVICES:
        raise Http404
    return SERVICES[name]


def _said(name: str, number: int) -> str:
    words = ngettext(
        "%(service)s runs again on %(n)s subject.", "%(service)s runs again on %(n)s subjects.", number
    )
    return words % {"service": name, "n": thin(number)}


def _said_begun(name: str) -> str:
    said = _(
        "%(service)s will run again on everything. It is queued in the background; you can leave this page."
    )
    return said % {"service": name}


def _states_of(given: dict[str, Any]) -> list[str]:
    return [given["state"]] if given.get("state") else [State.FAILED.value, State.WAITING.value]


def _narrowed(given: dict[str, Any], states: list[str]) -> QuerySet[Outcome]:
    """Open outcomes that fit every filter that is on; the search is literal."""
    rows = Outcome.objects.filter(current(), state__in=states)
    if given.get("service"):
        rows = rows.filter(service=given["service"])
    return rows.filter(reason__icontains=given["q"]) if given.get("q") else rows


def _heads() -> list[str]:
    names = [
        _("Service"),
        _("Subject"),
        _("Number"),
        _("State"),
        _("Reason"),
        _("Tries"),
        _("Due"),
        _("Finished"),
    ]
    return [str(name) for name in names]


def _lines(rows: QuerySet[Outcome], order: Order) -> Iterator[list[Any]]:
    place = ""
    while True:
        found = read_page(rows, order, after=place, size=CHUNK)
        for row in found.rows:
            yield [
                *(row.service, row.subject_kind, row.subject_id, row.state, row.reason),
                *(row.attempts, row.due_at, row.finished_at),
            ]
        place = found.after
        if not place:
            return


def _address(request: HttpRequest, **changes: str) -> str:
    """This page's query string at another place of the list."""
    query = request.GET.copy()
    for name in ("after", "before", "format"):
        query.pop(name, None)
    query.update(changes)
    return f"?{query.urlencode()}"


def _kept(request: HttpRequest) -> str:
    """The filters that a button carries along, so that one comes back to the same list."""
    kept = request.POST.get("list", "")
    return kept if kept.startswith("?") and len(kept) < 500 else ""
