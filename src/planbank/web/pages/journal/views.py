"""The journal's page.

Comes in: filters and a place in the address. Goes out: the entries that this person may read
(access/entries.py), newest first, or exactly the filtered rows as CSV; and how the chain stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from planbank.access.entries import Readable, newer_than, older_than, readable_by
from planbank.access.standing import forget
from planbank.catalogue.queries.paging import Place, read_place, write_place
from planbank.journal import chain
from planbank.journal.models import Entry
from planbank.people.models import User
from planbank.web.lists.listing import drops, rows_in_words, without
from planbank.web.lists.sheet import as_csv, wants_csv
from planbank.web.pages import Menu, house_of, page
from planbank.web.pages.journal import words
from planbank.web.pages.journal.forms import JournalFilters, condition
from planbank.web.reach import note

SIZE, CHUNK = 50, 500


@dataclass(frozen=True)
class Line:
    """An entry as the page shows it."""

    entry: Entry
    act: str
    actor_kind: str
    thing: str
    details: str
    changed: bool


@dataclass(frozen=True)
class Part:
    """One page of entries and the places around it."""

    rows: list[Entry]
    before: str
    after: str


@page(
    "journal/",
    name="journal",
    action="journal.read",
    menu=Menu("running", gettext_lazy("Journal"), "journal", 90),
)
def journal(request: HttpRequest) -> HttpResponse:
    """Who did what, as far as this person may read it."""
    filters = JournalFilters(request.GET)
    given = filters.given()
    readable = _readable(request)
    if not readable.protocols and not readable.everything:
        del filters.fields["pseudonym"]
        given.pop("pseudonym", None)

    def fitting(wanted: dict[str, Any]) -> Q:
        return condition(wanted, readable.about)

    if wants_csv(request):
        note(request, "take out list", object_kind="journal", filters=sorted(given))
        return as_csv(_("journal"), _heads(), _csv_rows(request, fitting(given)))
    found = _part(readable, fitting(given), request.GET.get("after", ""), request.GET.get("before", ""))
    state = chain.state()
    broken = chain.changed(found.rows)
    context = {
        "now": house_of(request).clock.now(),
        "filters": filters,
        "given": given,
        "found": found,
        "rows": [_line(entry, broken) for entry in found.rows],
        "broken": len(broken),
        "state": state,
        "everything": readable.everything,
        "where": rows_in_words(len(found.rows)),
        "all_url": without(request, *filters.fields),
    }
    if not found.rows and given:

        def rest(left: dict[str, Any]) -> QuerySet[Entry]:
            return readable.page(fitting(left), size=1)

        context["drops"] = drops(request, filters, rest)
    return render(request, "journal/list.html", context)


def _readable(request: HttpRequest) -> Readable:
    assert isinstance(request.user, User)
    return readable_by(request.user, house_of(request).clock.now())


def _part(readable: Readable, wanted: Q, after: str, before: str) -> Part:
    """The page after or before a place; the newest where the address names none that can be read."""
    older, newer = _time_place(after), _time_place(before)
    if older is None and newer is not None:
        assert newer.time is not None
        rows = list(readable.page(wanted, size=SIZE + 1, beyond=newer_than(newer.time, newer.pk), newer=True))
        shown = rows[:SIZE][::-1]
        return Part(
            shown,
            _place(shown[0]) if len(rows) > SIZE else "",
            _place(shown[-1]) if shown else "",
        )
    beyond = older_than(older.time, older.pk) if older and older.time else None
    rows = list(readable.page(wanted, size=SIZE + 1, beyond=beyond))
    shown = rows[:SIZE]
    return Part(
        shown,
        _place(shown[0]) if shown and beyond is not None else "",
        _place(shown[-1]) if len(rows) > SIZE else "",
    )


def _time_place(text: str) -> Place | None:
    place = read_place(text)
    return place if place is not None and place.time is not None else None


def _place(entry: Entry) -> str:
    return write_place(entry.pk, entry.at)


def _line(entry: Entry, broken: set[int]) -> Line:
    return Line(
        entry,
        words.act(entry.action),
        "" if entry.actor_kind == "user" else str(words.KINDS.get(entry.actor_kind, entry.actor_kind)),
        words.thing(entry.object_kind),
        words.details(entry.detail),
        entry.pk in broken,
    )


def _heads() -> list[str]:
    return [
        *(_("Time"), _("Who"), _("Kind"), _("What was done"), _("On what"), _("Number")),
        *(
            _("Institution"),
            _("Protocol"),
            _("Purpose"),
            _("Outcome"),
            _("Details"),
            _("Seal number"),
            _("Seal"),
        ),
    ]


def _csv_rows(request: HttpRequest, wanted: Q) -> Iterator[list[Any]]:
    """Portion by portion: each asks anew what this person may read."""
    assert isinstance(request.user, User)
    beyond = None
    while True:
        forget(request.user)
        rows = list(_readable(request).page(wanted, size=CHUNK, beyond=beyond))
        for entry in rows:
            yield [
                *(entry.at, entry.actor, entry.actor_kind, entry.action, entry.object_kind, entry.object_id),
                *(entry.institution, entry.protocol, entry.purpose, entry.outcome),
                *(words.details(entry.detail), entry.seal_number, entry.seal),
            ]
        if len(rows) < CHUNK:
            return
        beyond = older_than(rows[-1].at, rows[-1].pk)
