"""The senders: list, registering and changing, switching off, echo.

Comes in: a system administrator's request. Goes out: rows changed through people/actions.py; the
clock tells the gate within a second.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from planbank.errors import SenderTaken
from planbank.journal.record import Actor, record
from planbank.people.actions import bind, change_sender, register_sender, switch, unbind
from planbank.people.models import Institution, Sender
from planbank.web.lists.filters import Filters, search_field
from planbank.web.lists.listing import drops
from planbank.web.lists.sheet import as_csv, wants_csv
from planbank.web.pages import Menu, house_of, page
from planbank.web.pages.senders.activity import LOOKED_BACK, Activity, activity
from planbank.web.pages.senders.certificates import CertificateForm, shown
from planbank.web.pages.senders.commitments import commitments_of
from planbank.web.pages.senders.echo import allowed, echo
from planbank.web.pages.senders.forms import SenderForm
from planbank.web.pages.senders.refusals import (
    Refused,
    refusal_heads,
    refusal_line,
    refused,
    refused_of,
)
from planbank.web.pages.senders.words import answer_in_words, seen_in_words

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

SIZE, REFUSALS = 50, 8
ORDERS = {"sender": ("ae_title", "network"), "network": ("network", "ae_title")}
USUAL = "sender"
_SHOWN = Menu("running", gettext_lazy("Senders"), "server", 20)


class SenderFilters(Filters):
    """Search, institution, switched on or off."""

    q = search_field(gettext_lazy("Name or address"))
    institution = forms.ChoiceField(label=gettext_lazy("Institution"), required=False)
    state = forms.ChoiceField(
        label=gettext_lazy("State"),
        required=False,
        choices=[
            ("", gettext_lazy("All")),
            ("on", gettext_lazy("Active")),
            ("off", gettext_lazy("Switched off")),
        ],
    )

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        codes = Institution.objects.values_list("code", flat=True)
        self.fields["institution"].choices = [("", _("All")), *((code, code) for code in codes)]


@page("senders/", name="senders", action="senders.manage", menu=_SHOWN)
def senders(request: HttpRequest) -> HttpResponse:
    """The registered senders and what they did lately."""
    now = house_of(request).clock.now()
    filters = SenderFilters(request.GET)
    sort = request.GET.get("sort", USUAL)
    sort = sort if sort.lstrip("-") in ORDERS else USUAL
    rows = _ordered(_narrowed(filters.given()), sort)
    if wants_csv(request):
        return as_csv(_("senders"), _heads(), _lines(rows, now))
    found = Paginator(rows, SIZE).get_page(request.GET.get("page"))
    listed = list(found.object_list)
    did = activity(listed, now)
    context = {
        "now": now,
        "filters": filters,
        "given": filters.given(),
        "sort": sort,
        "found": found,
        "rows": [(sender, did[sender.pk], seen_in_words(did[sender.pk])) for sender in listed],
    }
    if not listed and filters.given():
        context["drops"] = drops(request, filters, _narrowed)
    return render(request, "senders/list.html", context)


@page("senders/new/", name="sender-new", action="senders.manage")
def new_sender(request: HttpRequest) -> HttpResponse:
    """Register a sender."""
    return _edit(request, None)


@page("senders/<int:pk>/", name="sender", action="senders.manage")
def one_sender(request: HttpRequest, pk: int) -> HttpResponse:
    """See and change a sender."""
    return _edit(request, _sender(pk))


@page("senders/<int:pk>/switch/", name="sender-switch", action="senders.manage")
@require_POST
def switch_sender(request: HttpRequest, pk: int) -> HttpResponse:
    """Switch a sender on or off; a toast offers to undo it."""
    sender, on = _sender(pk), request.GET.get("to") == "on"
    if switch(sender, on, _actor(request), house_of(request).clock.now()):
        words = (
            _("%(sender)s is switched on.")
            if on
            else _("%(sender)s is switched off: what it sends is set aside.")
        )
        undo = f"{reverse('sender-switch', args=[pk])}?to={'off' if on else 'on'}"
        messages.success(request, words % {"sender": sender.ae_title}, extra_tags=undo)
    return redirect("sender", pk=pk)


@page("senders/<int:pk>/echo/", name="sender-echo", action="senders.manage")
@require_POST
def echo_sender(request: HttpRequest, pk: int) -> HttpResponse:
    """Call the sender (C-ECHO) and say in plain words what came of it."""
    sender, house = _sender(pk), house_of(request)
    answer = "outside"
    if sender.echo_host and sender.echo_port and allowed(sender.echo_host, sender.network):
        ours = house.settings.ae_title
        answer = echo(sender.echo_host, sender.echo_port, calling_ae=ours, called_ae=sender.ae_title)
        outcome = "done" if answer == "connected" else "failed"
        what = {"object_kind": "sender", "object_id": pk, "outcome": outcome}
        record(_actor(request), "echo", house.clock.now(), **what, answer=answer)
    state, words = answer_in_words(answer, sender, house.settings.ae_title)
    if request.headers.get("HX-Request"):
        return render(request, "senders/answer.html", {"state": state, "words": words})
    (messages.success if state == "ok" else messages.warning)(request, words)
    return redirect("sender", pk=pk)


@page("senders/<int:pk>/certificates/", name="sender-bind", action="senders.manage")
@require_POST
def bind_certificate(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a sender be known by a certificate."""
    sender = _sender(pk)
    form = CertificateForm(request.POST, request.FILES)
    if not form.is_valid():
        return _shown(request, sender, SenderForm(None, sender), form)
    if bind(sender, form.facts(), _actor(request), house_of(request).clock.now()):
        words = _("%(sender)s is known by this certificate: the gate knows it within a second.")
        messages.success(request, words % {"sender": sender.ae_title})
    else:
        messages.info(request, _("Nothing was changed: this certificate stood here already."))
    return redirect("sender", pk=pk)


@page("senders/<int:pk>/certificates/<slug:fingerprint>/", name="sender-unbind", action="senders.manage")
@require_POST
def unbind_certificate(request: HttpRequest, pk: int, fingerprint: str) -> HttpResponse:
    """Know a sender by a certificate no more."""
    sender = _sender(pk)
    if unbind(sender, fingerprint, _actor(request), house_of(request).clock.now()):
        messages.success(request, _("The certificate is taken away; the gate knows it within a second."))
    return redirect("sender", pk=pk)


@page("senders/refusals/", name="refusals", action="senders.manage")
def refusals(request: HttpRequest) -> HttpResponse:
    """What the gate refused lately, of whomever: time, sender, class, reason."""
    now = house_of(request).clock.now()
    search = request.GET.get("q", "")[:64].strip()
    rows = refused(now, search)
    if wants_csv(request):
        return as_csv(_("refusals"), refusal_heads(), map(refusal_line, rows.iterator(500)))
    found = Paginator(rows, SIZE).get_page(request.GET.get("page"))
    listed = [Refused.of(event) for event in found.object_list]
    context = {"now": now, "q": search, "found": found, "rows": listed, "days": LOOKED_BACK.days}
    return render(request, "senders/refusals.html", context)


def _edit(request: HttpRequest, sender: Sender | None) -> HttpResponse:
    form = SenderForm(request.POST if request.method == "POST" else None, sender)
    if request.method == "POST" and form.is_valid():
        try:
            return _save(request, sender, form, house_of(request).clock.now())
        except SenderTaken:
            form.taken()
    return _shown(request, sender, form, CertificateForm())


def _shown(
    request: HttpRequest, sender: Sender | None, form: SenderForm, certificate: CertificateForm
) -> HttpResponse:
    house = house_of(request)
    now = house.clock.now()
    did = activity([sender], now)[sender.pk] if sender else Activity()
    context = {"form": form, "sender": sender, "did": did, "seen": seen_in_words(did), "now": now}
    if sender is not None:
        context |= {
            "certificate_form": certificate,
            "certificates": shown(sender, now),
            "tls": house.settings.dicom_tls != "off",
            "commitments": commitments_of(sender),
            "refused": [Refused.of(event) for event in refused_of(sender, now)[:REFUSALS]],
        }
    return render(request, "senders/edit.html", context)


def _save(request: HttpRequest, sender: Sender | None, form: SenderForm, now: datetime) -> HttpResponse:
    facts, actor = form.facts(), _actor(request)
    saved = register_sender(facts, actor, now) if sender is None else change_sender(sender, facts, actor, now)
    form.save_notices(saved)
    words = (
        _("%(sender)s is registered: the gate knows it within a second.") if sender is None else _("Saved.")
    )
    messages.success(request, words % {"sender": saved.ae_title})
    return redirect("sender", pk=saved.pk)


def _sender(pk: int) -> Sender:
    return get_object_or_404(Sender.objects.prefetch_related("listed__institution"), pk=pk)


def _actor(request: HttpRequest) -> Actor:
    return Actor("user", request.user.username)


def _narrowed(given: dict[str, Any]) -> QuerySet[Sender]:
    rows = Sender.objects.prefetch_related("listed__institution")
    if given.get("institution"):
        rows = rows.filter(listed__institution__code=given["institution"]).distinct()
    if given.get("state"):
        rows = rows.filter(is_active=given["state"] == "on")
    if text := given.get("q"):
        named = Q(ae_title__icontains=text) | Q(network__icontains=text) | Q(description__icontains=text)
        rows = rows.filter(named | Q(contact__icontains=text))
    return rows


def _ordered(rows: QuerySet[Sender], sort: str) -> QuerySet[Sender]:
    sign = "-" if sort.startswith("-") else ""
    return rows.order_by(*(f"{sign}{column}" for column in ORDERS[sort.lstrip("-")]), "pk")


def _heads() -> list[str]:
    return [
        *(_("AE title"), _("Address or network"), _("What it is"), _("Whom to call"), _("Sends for")),
        *(_("Active"), _("Last seen"), _("Objects in 7 days"), _("Refusals in 7 days"), _("In quarantine")),
    ]


def _lines(rows: QuerySet[Sender], now: datetime) -> Iterator[list[Any]]:
    for number in Paginator(rows, 200).page_range:
        portion = list(rows[(number - 1) * 200 : number * 200])
        did = activity(portion, now)
        for sender in portion:
            own = did[sender.pk]
            listed = "; ".join(f"{r.called_ae or '*'}: {r.institution.code}" for r in sender.listed.all())
            yield [
                *(sender.ae_title, sender.network, sender.description, sender.contact, listed),
                *(_("yes") if sender.is_active else _("no"), own.last_seen),
                *(own.objects, own.refusals, own.quarantined),
            ]
