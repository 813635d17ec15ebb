"""What lists of these pages share: where we are, which filter to drop.

Comes in: a request, filters and numbers. Goes out: words and addresses for a template.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from planbank.catalogue.queries.paging import Page
from planbank.catalogue.queries.totals import count_to
from planbank.web.lists.filters import Filters
from planbank.web.parts.words import thin

# Counted no further than this: the cost of a list must not grow with the bank.
MOST_COUNTED = 10_000


@dataclass(frozen=True)
class Drop:
    """A filter that is on, and this address without it; `helps` where there are rows without it."""

    words: str
    url: str
    helps: bool


@dataclass(frozen=True)
class Where:
    """Where a page stands in its list, in words."""

    rows: str
    csv: str
    total: int


def without(request: HttpRequest, *names: str) -> str:
    """This address without some of its parameters, on its first page."""
    query = request.GET.copy()
    for name in (*names, "after", "before", "page", "format"):
        query.pop(name, None)
    return f"{request.path}?{query.urlencode()}" if query else request.path


def where(rows: QuerySet, found: Page) -> Where:
    """'50 of 178 rows', counted to a limit; not at all where the page is the whole list."""
    shown = len(found.rows)
    is_whole = not (found.before or found.after)
    total = shown if is_whole else count_to(rows, MOST_COUNTED + 1)
    if total > MOST_COUNTED:
        of = _("more than %(n)s") % {"n": thin(MOST_COUNTED)}
        return Where(
            _("%(shown)s of %(total)s rows") % {"shown": shown, "total": of}, _("CSV of all rows"), total
        )
    said = {"shown": thin(shown), "total": thin(total)}
    words = _("%(shown)s of %(total)s rows") % said if shown < total else rows_in_words(total)
    csv = ngettext("CSV of this row", "CSV of these %(n)s rows", total) % {"n": thin(total)}
    return Where(words, csv, total)


def rows_in_words(n: int) -> str:
    """'178 rows'"""
    return ngettext("%(n)s row", "%(n)s rows", n) % {"n": thin(n)}


def drops(request: HttpRequest, filters: Filters, found: Callable[[dict], QuerySet]) -> list[Drop]:
    """For a list that its filters left empty: each filter, and whether there are rows without it.

    Those that help stand first.
    """
    given = filters.given()
    found_without = [
        Drop(
            f"{filters.fields[name].label}: {filters.words(name)}",
            without(request, name),
            found({k: v for k, v in given.items() if k != name}).exists(),
        )
        for name in given
    ]
    return sorted(found_without, key=lambda drop: not drop.helps)
