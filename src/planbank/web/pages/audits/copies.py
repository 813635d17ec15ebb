"""The page of one copy: where it stands, what came back, its link (R107, R109)."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from planbank.access.policy import may
from planbank.access.scopes import Scope
from planbank.audits import acting
from planbank.audits.links import VALID_FOR, make_link
from planbank.audits.mails import mail_link
from planbank.audits.models import Copy
from planbank.audits.words import copy_words, return_words
from planbank.errors import ProtocolError
from planbank.web.acting import act_of
from planbank.web.pages import house_of, page
from planbank.web.pages.audits.board import LOOKS
from planbank.web.pages.audits.choosing import study_of


@page(
    "protocols/<int:protocol>/audits/<int:pk>/copies/<int:copy>/",
    name="audit-copy",
    action="audit.collect",
    scope="protocol",
)
def one(request: HttpRequest, protocol: int, pk: int, copy: int) -> HttpResponse:
    """One copy."""
    return _shown(request, _copy(protocol, pk, copy))


@page(
    "protocols/<int:protocol>/audits/<int:pk>/copies/<int:copy>/<slug:act>/",
    name="audit-copy-act",
    action="audit.distribute",
    scope="protocol",
)
@require_POST
def act(request: HttpRequest, protocol: int, pk: int, copy: int, act: str) -> HttpResponse:
    """Give a link, send once more, withdraw."""
    row, by = _copy(protocol, pk, copy), act_of(request)
    try:
        if act == "link":
            return _linked(request, row, make_link(by, row))
        if act == "again":
            acting.again(by, row)
            messages.success(request, _("It goes out once more."))
        elif act == "withdraw":
            acting.withdraw(by, row)
            messages.success(
                request,
                _("Withdrawn. What was sent cannot be called back."),
                extra_tags=reverse("audit-copy-act", args=[protocol, pk, copy, "again"]),
            )
        else:
            raise Http404
    except ProtocolError as exc:
        messages.error(request, str(exc))
    return redirect("audit-copy", protocol, pk, copy)


def _linked(request: HttpRequest, row: Copy, token: str) -> HttpResponse:
    """The link, shown once; mailed where the observer has an address."""
    house, path = house_of(request), reverse("copy-link", args=[token])
    row.refresh_from_db()
    to = row.observer or row.study.observers.filter(centre=row.centre, is_active=True).first()
    is_mailed = to is not None and mail_link(house, row, to, path, VALID_FOR.days)
    more = {"link": house.settings.site_url + path, "mailed_to": to.email if to and is_mailed else ""}
    return _shown(request, row, **more)


def _shown(request: HttpRequest, row: Copy, **more: object) -> HttpResponse:
    now = house_of(request).clock.now()
    state, icon, word = LOOKS[row.state]
    returns = row.returns.select_related("observer", "institution").exclude(kind="image")
    times = (row.made_at, row.sent_at, row.accepted_at, row.opened_at, row.returned_at)
    names = (_("Made"), _("Sent"), _("Accepted"), _("Opened"), _("Returned"))
    context = {
        "row": row,
        "study": row.study,
        "protocol": row.study.protocol,
        "state": state,
        "icon": icon,
        "word": word,
        "problem": copy_words(row.problem),
        "times": [
            {"state": "ok" if at else "wait", "title": name, "when": _moment(at), "fact": ""}
            for name, at in zip(names, times, strict=True)
        ],
        "files": row.files.count(),
        "returns": [(one, [return_words(problem) for problem in one.problems]) for one in returns],
        "is_open": row.study.state == "open",
        "can_send": bool(
            may(request.user, "audit.distribute", now, Scope("protocol", row.study.protocol_id))
        ),
        "observers": row.study.observers.filter(centre=row.centre),
        "now": now,
        **more,
    }
    return render(request, "audits/copy.html", context)


def _moment(at: datetime | None) -> str:
    return date_format(timezone.localtime(at), "j M Y, H:i") if at else ""


def _copy(protocol: int, pk: int, copy: int) -> Copy:
    rows = study_of(protocol, pk).copies.select_related("study__protocol", "case", "observer", "centre")
    return get_object_or_404(rows, pk=copy)
