"""What needs somebody, gravest first, each with its verb.

Comes in: who asks and when. Goes out: at most five lines for parts/attention.html, made only of
what this person may see.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from planbank.access.policy import may, visible
from planbank.catalogue.models import Finding, PatientFile, QuarantinedParcel
from planbank.catalogue.quarantine_use import filling
from planbank.catalogue.quarantine_words import reason_in_words
from planbank.catalogue.queries.work import failed, failed_on
from planbank.messages.models import Event, EventKind
from planbank.people.expiry import Expiry, expiries
from planbank.pipeline.models import Outcome, State
from planbank.web.pages import house_of
from planbank.web.pages.overview import lapsing
from planbank.web.parts.words import thin
from planbank.web.reach import ours

_NEARLY = 0.8
MOST, WEEK = 5, timedelta(days=7)
_GRAVITY = {"bad": 0, "warn": 1, "info": 2}


def needs(request: HttpRequest) -> list[dict[str, Any]]:
    """The lines, at most five."""
    now = house_of(request).clock.now()
    found = [
        *_quarantine(request, now),
        *_full(request, now),
        *_unread(request, now),
        *_findings(request, now),
        *_refused(request, now),
        *_damaged(request, now),
        *_unreported(request, now),
        *_certificates(request, now),
        *(_line(*line, now) for line in lapsing.lines(request.user, now)),
    ]
    return sorted(found, key=lambda line: (_GRAVITY[line["state"]], now - line["age"]))[:MOST]


def address(name: str, query: str = "") -> str:
    """The address of a page; empty where this site has no such page."""
    try:
        return reverse(name) + query
    except NoReverseMatch:
        return ""


def _line(state: str, title: str, text: str, url: str, verb: str, at: datetime) -> dict[str, Any]:
    return {"state": state, "title": title, "text": text, "url": url, "verb": verb, "age": at}


def _quarantine(request: HttpRequest, now: datetime) -> list[dict[str, Any]]:
    """What waits in quarantine: my institutions' own, and unknown senders for the administrator."""
    waiting = QuarantinedParcel.objects.filter(state=QuarantinedParcel.State.WAITING)
    own = visible(request.user, "quarantine.view", waiting, institution="institution", at=now)
    parts = [(own, False)]
    if may(request.user, "quarantine.decide", now):
        parts.append((waiting.filter(institution=None), True))
    lines = []
    for rows, unknown in parts:
        groups = list(
            rows.values("reason").annotate(n=Count("pk"), at=Max("received_at")).order_by("-n", "reason")
        )
        if not groups:
            continue
        total = sum(group["n"] for group in groups)
        reasons = [reason_in_words(group["reason"]) for group in groups]
        lines.append(
            _line(
                "bad" if any(reason.level == "bad" for reason in reasons) else "warn",
                _waiting(total, unknown),
                f"{reasons[0].title}. {reasons[0].todo}",
                address("quarantine"),
                _("Decide") if unknown else _("See them"),
                max(group["at"] for group in groups),
            )
        )
    return lines


def _full(request: HttpRequest, now: datetime) -> list[dict[str, Any]]:
    """The quota of unknown senders, from four fifths of it on."""
    if not may(request.user, "quarantine.decide", now):
        return []
    found = filling(house_of(request))
    if found.part < _NEARLY:
        return []
    if found.part < 1:
        state, title = "warn", _("The quarantine is nearly full")
        text = _("Then the gate turns unknown senders away. Decide about what waits.")
    else:
        state, title = "bad", _("The quarantine is full")
        text = _("The gate turns unknown senders away (A700). Decide about what waits.")
    if found.address:
        text = " ".join([_("Most is from %(address)s.") % {"address": found.address}, text])
    return [_line(state, title, text, address("quarantine"), _("Decide"), now)]


def _waiting(n: int, unknown: bool) -> str:
    said = {"n": thin(n)}
    if unknown:
        return (
            ngettext(
                "%(n)s object from an unknown sender waits", "%(n)s objects from unknown senders wait", n
            )
            % said
        )
    return ngettext("%(n)s object waits in quarantine", "%(n)s objects wait in quarantine", n) % said


def _unread(request: HttpRequest, now: datetime) -> list[dict[str, Any]]:
    """Work that could not be done: on my objects, or, for the administrator, anywhere."""
    if may(request.user, "services.view", now):
        return _failed(failed(), address("services", f"?state={State.FAILED}"), _("See the services"))
    own = failed_on(ours(request, PatientFile))
    return _failed(own, address("patients", "?look=failed"), _("See the patients"))


def _failed(rows: QuerySet[Outcome], url: str, verb: str) -> list[dict[str, Any]]:
    found = rows.aggregate(n=Count("pk"), at=Max("finished_at"), due=Max("due_at"))
    n = found["n"]
    if not n:
        return []
    title = ngettext("%(n)s step could not be done", "%(n)s steps could not be done", n) % {"n": thin(n)}
    text = _("All objects are stored. The reason stands with each of them.")
    return [_line("bad", title, text, url, verb, found["at"] or found["due"])]


def _findings(request: HttpRequest, now: datetime) -> list[dict[str, Any]]:
    found = (
        ours(request, Finding)
        .filter(closed_at=None)
        .aggregate(n=Count("pk"), files=Count("patient_file", distinct=True), at=Max("opened_at"))
    )
    n, files = found["n"], found["files"]
    if not n:
        return []
    title = ngettext("%(n)s finding is open", "%(n)s findings are open", n) % {"n": thin(n)}
    where = ngettext("On %(n)s patient.", "On %(n)s patients.", files) % {"n": thin(files)}
    url = address("patients", "?look=findings")
    text = " ".join([where, _("All objects are stored.")])
    return [_line("info", title, text, url, _("See the patients"), found["at"])]


def _refused(request: HttpRequest, now: datetime) -> list[dict[str, Any]]:
    """What the gate refused my institutions in the last seven days."""
    recent = Event.objects.filter(kind=EventKind.REFUSED, at__gte=now - WEEK)
    rows = visible(request.user, "data.view", recent, institution="institution", at=now)
    newest = rows.first()
    if newest is None:
        return []
    n = rows.count()
    title = ngettext("%(n)s object was refused at the gate", "%(n)s objects were refused at the gate", n)
    reason = str(newest.params.get("reason", "")).strip()
    sender = str(newest.params.get("calling_ae", ""))
    text = _("Nothing of it is stored. Last from %(sender)s: %(reason)s") % {
        "sender": sender or "?",
        "reason": reason or _("no reason noted"),
    }
    return [
        _line("warn", title % {"n": thin(n)}, text, address("arrivals", "#refused"), _("See them"), newest.at)
    ]


def _damaged(request: HttpRequest, now: datetime) -> list[dict[str, Any]]:
    """Objects that the archive did not give back as they came, found in the last seven days."""
    recent = Event.objects.filter(kind=EventKind.DAMAGED, at__gte=now - WEEK)
    if not may(request.user, "services.view", now):
        recent = visible(request.user, "data.view", recent, institution="institution", at=now)
    newest = recent.first()
    if newest is None:
        return []
    text = _("Found when %(sender)s asked for storage commitment. Put the archive back from its backup.")
    said = {"sender": str(newest.params.get("calling_ae", "")) or "?"}
    title = _("Stored objects are missing or were changed in the archive")
    return [_line("bad", title, text % said, address("services"), _("See the services"), newest.at)]


def _unreported(request: HttpRequest, now: datetime) -> list[dict[str, Any]]:
    """Storage commitment that no sender could be told of in the last seven days, for the administrator."""
    if not may(request.user, "senders.manage", now):
        return []
    recent = Event.objects.filter(kind=EventKind.NOT_REPORTED, at__gte=now - WEEK)
    newest = recent.first()
    if newest is None:
        return []
    title = _("%(sender)s could not be told which objects are safe")
    text = _("The objects are as they were. Check the address and port where it listens.")
    said = {"sender": str(newest.params.get("calling_ae", "")) or "?"}
    return [_line("warn", title % said, text, address("senders"), _("See the senders"), newest.at)]


def _certificates(request: HttpRequest, now: datetime) -> list[dict[str, Any]]:
    """What ends within 30 days, for the administrator: the first of each grade, with the number of others."""
    if not may(request.user, "senders.manage", now):
        return []
    ending = [one for one in expiries(house_of(request).settings, now) if one.level != "ok"]
    if not ending:
        return []
    first, more = ending[0], len(ending) - 1
    own = reverse("sender", args=[first.sender_id]) if first.sender_id else address("services")
    text = _consequence(first)
    if more:
        others = ngettext("%(n)s more ends within 30 days.", "%(n)s more end within 30 days.", more)
        text = f"{text} {others % {'n': thin(more)}}"
    return [_line(first.level, _ends(first), text, f"{own}#certificates", _("See them"), now)]


def _ends(one: Expiry) -> str:
    name = _("the gate (%(name)s)") % {"name": one.name} if one.what == "gate" else one.name
    said = {"name": name, "n": thin(one.days_left)}
    if one.is_over:
        return _("The certificate of %(name)s has ended") % said
    if one.days_left < 1:
        return _("The certificate of %(name)s ends within a day") % said
    return (
        ngettext(
            "The certificate of %(name)s ends in %(n)s day",
            "The certificate of %(name)s ends in %(n)s days",
            one.days_left,
        )
        % said
    )


def _consequence(one: Expiry) -> str:
    if one.what == "sender":
        return _("From then on the gate refuses it. Add its new one beside the old.")
    if one.what == "authority":
        return _("From then on no system with a certificate of it gets in. Make a new one in time.")
    return _("From then on no system sends encrypted. Renew it: planbank certs server, with --renew.")
