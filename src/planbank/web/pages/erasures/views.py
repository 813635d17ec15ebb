"""Erasures: the list, one with its proof, and the decisions about it (R123, R204).

Comes in: an erasure's number, reasons. Goes out: pages with counts and no identities; acts through
planbank.erasure.asking, which asks the policy and locks the row.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from planbank.erasure import allowed, asking
from planbank.erasure.extent import extent, out_of_reach
from planbank.erasure.models import Erasure
from planbank.erasure.queries import erasures_seen, needing
from planbank.errors import CountDiffers, ErasureError
from planbank.protocols.act import Act
from planbank.web.acting import act_of, user_of
from planbank.web.lists.listing import drops, without
from planbank.web.lists.sheet import as_csv, wants_csv
from planbank.web.pages import Menu, house_of, page
from planbank.web.pages.erasures.forms import ErasureFilters, NumberForm, WhyForm
from planbank.web.pages.erasures.proof import proof_rows, sealed_entry, steps_of

SIZE = 50
State = Erasure.State


def needs(request: HttpRequest) -> tuple[int, bool] | None:
    """How many wait for this person."""
    waiting = needing(user_of(request), house_of(request).clock.now()).count()
    return (waiting, True) if waiting else None


@page(
    "erasures/",
    name="erasures",
    action="erase.view",
    menu=Menu("running", gettext_lazy("Erasures"), "trash", 85, count=needs),
)
def erasures(request: HttpRequest) -> HttpResponse:
    """Erasures in which this person has a part, newest first."""
    filters = ErasureFilters(request.GET)
    given = filters.given()
    now, user = house_of(request).clock.now(), user_of(request)

    def found(wanted: dict[str, Any]) -> QuerySet[Erasure]:
        return _narrowed(erasures_seen(user, now).select_related("institution", "protocol"), wanted)

    if wants_csv(request):
        return as_csv(_("erasures"), _heads(), map(_line, found(given).iterator(500)))
    rows = Paginator(found(given), SIZE).get_page(request.GET.get("page"))
    waiting = set(needing(user, now).values_list("pk", flat=True))
    context = {
        "filters": filters,
        "given": given,
        "found": rows,
        "rows": [(row, row.pk in waiting) for row in rows],
        "waiting": len(waiting),
        "all_url": without(request, *filters.fields),
        "now": now,
    }
    if not rows.object_list and given:
        context["drops"] = drops(request, filters, found)
    return render(request, "erasures/list.html", context)


@page("erasures/<int:pk>/", name="erasure", action="erase.view")
def erasure(request: HttpRequest, pk: int) -> HttpResponse:
    """One erasure: what goes and what is out of reach; once done, its proof."""
    row, act = _one(request, pk), act_of(request)
    open_ = row.state in (State.ASKED, State.DECIDED)
    context = {
        "row": row,
        "extent": extent(row) if open_ else None,
        "reach": out_of_reach(row) if open_ else row.proof.get("out_of_reach", {}),
        "proof": proof_rows(row),
        "entry": sealed_entry(row) if row.state == State.DONE else None,
        "steps": steps_of(row),
        "may_decide": allowed.may_decide(act, row),
        "may_confirm": allowed.may_confirm(act, row),
        "may_refuse": allowed.may_refuse(act, row),
        "may_lift": allowed.may_lift(act, row),
        "is_first": row.state == State.DECIDED and not allowed.is_second(act.user, row),
        "now": act.at,
    }
    return render(request, "erasures/one.html", context)


@page("erasures/<int:pk>/decide/", name="erasure-decide", action="erase.decide")
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """The controller's person says yes."""
    return _say(request, pk, "decide", asking.decide, _("Decided. A second person has still to confirm."))


@page("erasures/<int:pk>/refuse/", name="erasure-refuse", action="erase.view")
def refuse(request: HttpRequest, pk: int) -> HttpResponse:
    """A refusal with its reason, by the controller's person or the second one."""
    return _say(request, pk, "refuse", asking.refuse, _("Refused. The reason stays on record."))


@page("erasures/<int:pk>/lift/", name="erasure-lift", action="erase.view")
def lift(request: HttpRequest, pk: int) -> HttpResponse:
    """Let the same data come in again."""
    house = house_of(request)

    def lifted(act: Act, row: Erasure, reason: str) -> int:
        return asking.lift(act, house, row, reason)

    return _say(request, pk, "lift", lifted, _("Lifted. The same data can come in again."))


@page("erasures/<int:pk>/confirm/", name="erasure-confirm", action="erase.confirm")
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """The second person types the number of objects."""
    row = _one(request, pk)
    if request.method != "POST" and not allowed.may_confirm(act_of(request), row):
        return redirect("erasure", pk)  # which says who can
    form = NumberForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            asking.confirm(act_of(request), row, form.cleaned_data["typed_number"])
        except CountDiffers as exc:
            form.add_error("typed_number", _counted(exc.files))
        except ErasureError as exc:
            form.add_error(None, str(exc))
        else:
            messages.success(
                request, _("Confirmed. It is carried out within seconds; then the proof is here.")
            )
            return redirect("erasure", pk)
    context = {"row": row, "form": form, "extent": extent(row), "reach": out_of_reach(row)}
    return render(request, "erasures/confirm.html", context)


def _say(
    request: HttpRequest, pk: int, verb: str, do: Callable[[Act, Erasure, str], object], done: str
) -> HttpResponse:
    """Ask for a reason, then do one step."""
    row = _one(request, pk)
    can = {"decide": allowed.may_decide, "refuse": allowed.may_refuse, "lift": allowed.may_lift}
    if request.method != "POST" and not can[verb](act_of(request), row):
        return redirect("erasure", pk)  # which says who can
    form = WhyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            do(act_of(request), row, form.cleaned_data["reason"])
        except ErasureError as exc:
            form.add_error(None, str(exc))
        else:
            messages.success(request, done)
            return redirect("erasure", pk)
    context = {"row": row, "form": form, "verb": verb}
    return render(request, "erasures/say.html", context)


def _counted(files: int) -> str:
    said = ngettext(
        "There is %(n)s object now. Look again.", "There are %(n)s objects now. Look again.", files
    )
    return said % {"n": files}


def _one(request: HttpRequest, pk: int) -> Erasure:
    rows = erasures_seen(user_of(request), house_of(request).clock.now())
    people = ("asked_by", "decided_by", "confirmed_by", "lifted_by")
    found = rows.select_related("institution", "protocol", "patient_file", *people).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _narrowed(rows: QuerySet[Erasure], given: dict[str, Any]) -> QuerySet[Erasure]:
    for name in ("state", "kind"):
        if name in given:
            rows = rows.filter(**{name: given[name]})
    if "protocol" in given:
        rows = rows.filter(protocol__short_name__iexact=given["protocol"])
    if "institution" in given:
        rows = rows.filter(institution__code__iexact=given["institution"])
    return rows


def _heads() -> list[str]:
    return [
        *(_("No."), _("What"), _("Institution"), _("Protocol"), _("State"), _("Reason"), _("Asked")),
        *(_("Decided"), _("Confirmed"), _("Done"), _("Objects"), _("Tombstones")),
    ]


def _line(row: Erasure) -> list[Any]:
    return [
        *(row.pk, row.get_kind_display(), row.institution.code),
        *(row.protocol.short_name if row.protocol else "", row.get_state_display(), row.reason),
        *(row.asked_at, row.decided_at, row.confirmed_at, row.done_at),
        *(row.proof.get("objects", ""), row.proof.get("marks", "")),
    ]
