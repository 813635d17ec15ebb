"""The three lists of the quarantine page, and their CSV.

Comes in: a request; tab, search, sort and page stand in its address. Goes out: one page of groups
or of decisions, or exactly the filtered rows as CSV.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.shortcuts import render
from django.utils.translation import gettext as _

from planbank.access.policy import may
from planbank.catalogue.models import QuarantinedParcel
from planbank.catalogue.quarantine import DELETE
from planbank.catalogue.quarantine_groups import ORDERS, groups
from planbank.catalogue.quarantine_words import reason_in_words
from planbank.catalogue.queries.totals import count_to
from planbank.people.models import User
from planbank.web.lists.sheet import as_csv, wants_csv
from planbank.web.pages import house_of
from planbank.web.pages.quarantine import scope
from planbank.web.pages.quarantine.words import neighbours, registered_networks, what_came, why
from planbank.web.parts.words import thin

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

    from planbank.journal.models import Entry

SIZE, MOST_COUNTED = 30, 999
USUAL = "-first_seen"
State = QuarantinedParcel.State


def needs(request: HttpRequest) -> tuple[int, bool] | None:
    """For the menu: how many groups wait, and whether this person can decide about any."""
    user, now = request.user, house_of(request).clock.now()
    assert isinstance(user, User)
    for rows, key in _waiting(user, now):
        number = count_to(rows.values(*key).distinct(), MOST_COUNTED)
        if number:
            return number, bool(scope.decidable(user, now).filter(state=State.WAITING)[:1])
    return None


def _waiting(user: User, now: datetime) -> list[tuple[QuerySet[QuarantinedParcel], tuple[str, ...]]]:
    key = ("calling_ae", "address", "reason")
    return [
        (scope.unknown_senders(user, now).filter(state=State.WAITING), (*key, "certificate")),
        (scope.unclear_files(user, now).filter(state=State.WAITING), (*key, "detail", "institution")),
    ]


def moving() -> int:
    """How many released files register has not taken yet."""
    return count_to(QuarantinedParcel.objects.filter(state=State.RELEASED), 100_000)


def shown(request: HttpRequest) -> HttpResponse:
    """The list that the address names."""
    user, now = request.user, house_of(request).clock.now()
    assert isinstance(user, User)
    decides = bool(may(user, scope.SITE, now))
    tab = request.GET.get("tab", "")
    if tab not in ("files", "decided"):
        tab = "senders" if decides else "files"
    context: dict[str, Any] = {
        "tab": tab,
        "decides": decides,
        "now": now,
        "q": request.GET.get("q", "")[:64].strip(),
        "tabs": _tabs(user, now, tab, decides),
        "moving": moving() if decides else 0,
    }
    if tab == "decided":
        return _decided(request, user, now, context)
    rows = scope.unknown_senders(user, now) if tab == "senders" else scope.unclear_files(user, now)
    return _groups(request, user, now, rows, context)


def _tabs(user: User, now: datetime, tab: str, decides: bool) -> list[dict[str, Any]]:
    named = {"senders": _("Unknown senders"), "files": _("Damaged or unclear files"), "decided": _("Decided")}
    numbers = [count_to(rows.values(*key).distinct(), MOST_COUNTED + 1) for rows, key in _waiting(user, now)]
    numbers.append(count_to(scope.decisions(user, now), MOST_COUNTED + 1))
    acts = scope.decidable(user, now).filter(state=State.WAITING)
    needed = [
        bool(numbers[0]),
        bool(numbers[1]) and acts.filter(pk__in=scope.unclear_files(user, now)).exists(),
    ]
    return [
        {
            "title": title,
            "url": f"?tab={name}",
            "count": thin(number) if number <= MOST_COUNTED else f"{MOST_COUNTED}+",
            "needs_you": needed[at] if at < 2 else False,
            "current": name == tab,
        }
        for at, ((name, title), number) in enumerate(zip(named.items(), numbers, strict=True))
        if name != "senders" or decides
    ]


def _groups(
    request: HttpRequest,
    user: User,
    now: datetime,
    rows: QuerySet[QuarantinedParcel],
    context: dict[str, Any],
) -> HttpResponse:
    sort = request.GET.get("sort", USUAL)
    sort = sort if sort.lstrip("-") in ORDERS else USUAL
    search = context["q"]
    if wants_csv(request):
        return as_csv(_("quarantine"), _group_heads(), _group_lines(rows, search, sort))
    number = _page_number(request)
    found = groups(rows, search=search, order=sort, start=(number - 1) * SIZE, limit=SIZE + 1)
    listed = found[:SIZE]
    networks, near = registered_networks(listed), neighbours(listed)
    acts = set(
        scope.decidable(user, now).filter(pk__in=[g.first_id for g in listed]).values_list("pk", flat=True)
    )
    context |= {
        "sort": sort,
        "rows": [
            {
                "group": group,
                "came": what_came(group.classes),
                "why": why(group, networks),
                "near": near.get(group.address, "") if group.reason == "unknown-sender" else "",
                "acts": group.first_id in acts,
            }
            for group in listed
        ],
        "page_number": number,
        "where": _("Rows %(first)s to %(last)s")
        % {"first": thin((number - 1) * SIZE + 1), "last": thin((number - 1) * SIZE + len(listed))},
        "previous_url": _address(request, page=number - 1) if number > 1 else "",
        "next_url": _address(request, page=number + 1) if len(found) > SIZE else "",
        "csv_url": _address(request, page="", format="csv"),
    }
    return render(request, "quarantine/list.html", context)


def _address(request: HttpRequest, **changes: object) -> str:
    """This page's query string with some parameters changed; an empty one is left out."""
    query = request.GET.copy()
    for name, value in changes.items():
        query[name] = str(value)
    for name in [name for name, value in query.items() if not value]:
        del query[name]
    return f"?{query.urlencode()}"


def _page_number(request: HttpRequest) -> int:
    text = request.GET.get("page", "1")
    return min(max(int(text), 1), 10_000) if text.isascii() and text.isdigit() and len(text) < 9 else 1


def _group_heads() -> list[str]:
    return [
        *(_("Sender"), _("Called"), _("Address"), _("Reason"), _("Why it is here"), _("What came")),
        *(_("Files"), _("Bytes"), _("First seen"), _("Last seen"), _("Certificate")),
    ]


def _group_lines(rows: QuerySet[QuarantinedParcel], search: str, sort: str) -> Iterator[list[Any]]:
    start = 0
    while found := groups(rows, search=search, order=sort, start=start, limit=500):
        networks = registered_networks(found)
        for group in found:
            yield [
                *(group.calling_ae, group.called_ae, group.address, group.reason, why(group, networks)),
                *(what_came(group.classes), group.files, group.bytes, group.first_seen, group.last_seen),
                group.certificate,
            ]
        start += 500


def _decided(request: HttpRequest, user: User, now: datetime, context: dict[str, Any]) -> HttpResponse:
    entries = scope.decisions(user, now)
    if context["q"]:
        entries = entries.filter(detail__calling_ae__icontains=context["q"])
    if wants_csv(request):
        heads = [_("When"), _("Who"), _("Decision"), _("Institution"), _("Sender"), _("Address"), _("Files")]
        return as_csv(_("quarantine decisions"), heads, (_line(entry) for entry in entries.iterator(500)))
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit() and len(before) < 19:
        entries = entries.filter(pk__lt=int(before))
    found = list(entries[: SIZE + 1])
    listed = found[:SIZE]
    names = dict(User.objects.filter(username__in={e.actor for e in listed}).values_list("username", "name"))
    context |= {
        "rows": [_decision(entry, names) for entry in listed],
        "where": _("Older decisions") if before else _("The newest decisions"),
        "previous_url": _address(request, before="") if before else "",
        "next_url": _address(request, before=listed[-1].pk) if len(found) > SIZE else "",
        "csv_url": _address(request, before="", format="csv"),
    }
    return render(request, "quarantine/decided.html", context)


def _decision(entry: Entry, names: dict[str, str]) -> dict[str, Any]:
    """An entry of the journal as a row of the list."""
    detail = entry.detail
    return {
        "at": entry.at,
        "who": names.get(entry.actor, entry.actor),
        "deleted": entry.action == DELETE,
        "institution": entry.institution,
        "registered": bool(detail.get("registered")),
        "calling_ae": detail.get("calling_ae", ""),
        "address": detail.get("address", ""),
        "reason": reason_in_words(detail.get("reason", "")).title,
        "came": what_came(detail.get("classes", {})),
    }


def _line(entry: Entry) -> list[Any]:
    detail = entry.detail
    return [
        *(entry.at, entry.actor, entry.action, entry.institution),
        *(detail.get("calling_ae", ""), detail.get("address", ""), detail.get("files", 0)),
    ]
