"""The outbox, for who runs the bank.

Comes in: a filter. Goes out: messages with state, attempts and what was wrong; never what they say.
POST tries again what waits or was given up, now.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from planbank.catalogue.queries.paging import Order, read_page
from planbank.messages.models import Message
from planbank.messages.outbox import open_channels
from planbank.web.lists.filters import Filters
from planbank.web.lists.listing import drops, where, without
from planbank.web.pages import house_of, page
from planbank.web.reach import note

SIZE = 50
NEWEST = Order("made_at", descending=True)
STATES = {"waiting": "idle", "sent": "ok", "given-up": "bad"}


class MailFilters(Filters):
    """By state."""

    state = forms.ChoiceField(
        label=gettext_lazy("State"),
        required=False,
        choices=[("", gettext_lazy("All")), *Message.State.choices],
    )


@page("services/mail/", name="mail", action="services.view")
def mail(request: HttpRequest) -> HttpResponse:
    """Messages, newest first."""
    house, filters = house_of(request), MailFilters(request.GET)
    given = filters.given()
    rows = _narrowed(given)
    place = {name: request.GET.get(name, "") for name in ("after", "before")}
    found = read_page(rows, NEWEST, **place, size=SIZE)
    context = {
        "now": house.clock.now(),
        "ways": open_channels(house.settings),
        "server": f"{house.settings.mail_host}:{house.settings.mail_port}",
        "sender": house.settings.mail_sender,
        "filters": filters,
        "given": given,
        "found": found,
        "rows": [(row, STATES[row.state]) for row in found.rows],
        "where": where(rows, found),
        "all_url": without(request, *filters.fields),
        "stuck": Message.objects.filter(state__in=["waiting", "given-up"]).exists(),
        "problem": Message.objects.filter(state="waiting").exclude(problem="").order_by("due_at").first(),
    }
    if not found.rows and given:
        context["drops"] = drops(request, filters, _narrowed)
    return render(request, "mail/page.html", context)


@page("services/mail/again/", name="mail-again", action="services.run")
@require_POST
def again(request: HttpRequest) -> HttpResponse:
    """Try everything again now that waits or was given up."""
    now = house_of(request).clock.now()
    rows = Message.objects.filter(state__in=["waiting", "given-up"]).exclude(text="")
    n = rows.update(state="waiting", due_at=now, made_at=now, ended_at=None)
    note(request, "send messages again", object_kind="message", messages=n)
    said = ngettext("%(n)s message is tried again.", "%(n)s messages are tried again.", n) % {"n": n}
    messages.success(request, said if n else _("Nothing waits."))
    return redirect("mail")


def _narrowed(given: dict[str, Any]) -> QuerySet[Message]:
    rows = Message.objects.defer("text", "html")
    return rows.filter(state=given["state"]) if given.get("state") else rows
