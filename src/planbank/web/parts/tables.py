"""What a list needs round its rows: part of `{% load parts %}`.

Comes in: the request's own query string, a page of rows. Goes out: links that keep every filter, so
that the address holds the whole state of the table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import template
from django.http import QueryDict
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from planbank.web.parts import words
from planbank.web.parts.marks import icon

if TYPE_CHECKING:
    from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag(takes_context=True)
def address(context: template.Context, **changes: Any) -> str:
    """This page's query string with some parameters changed; None takes one out."""
    request = context.get("request")
    query = QueryDict(mutable=True) if request is None else request.GET.copy()
    for name, value in changes.items():
        if value is None:
            query.pop(name, None)
        else:
            query[name] = str(value)
    return f"?{query.urlencode()}"


@register.simple_tag(takes_context=True)
def sort_header(
    context: template.Context, field: str, label: str, kind: str = "", first: str = "asc"
) -> SafeString:
    """A column head that sorts by `field`: `sort=field` or `sort=-field`, back to the first page.

    `kind` is the cell's class (num, mid); `first` the direction of the first click (asc, desc). What
    is sorted now comes from the address, or from `sort` of the context where it says nothing.
    """
    request = context.get("request")
    now = (request.GET.get("sort") if request is not None else None) or context.get("sort") or ""
    sorted_up, sorted_down = now == field, now == f"-{field}"
    down_next = sorted_up or (first == "desc" and not sorted_down)
    href = address(context, sort=f"-{field}" if down_next else field, page=None, after=None, before=None)
    link = format_html('<a href="{}">{}{}</a>', href, label, _arrow(sorted_up, sorted_down))
    if not (sorted_up or sorted_down):
        return format_html('<th scope="col" class="{}">{}</th>', kind, link)
    said = "ascending" if sorted_up else "descending"
    return format_html('<th scope="col" class="{}" aria-sort="{}">{}</th>', kind, said, link)


def _arrow(up: bool, down: bool) -> SafeString | str:
    return icon("up") if up else icon("down") if down else ""


@register.inclusion_tag("parts/pager.html", takes_context=True)
def pager(context: template.Context, page: Any, csv: bool = False, note: str = "") -> dict[str, Any]:
    """Where we are in a list and the way on. `page` is Django's Page; `csv` adds the link to its CSV."""
    total = page.paginator.count
    first, last = (page.start_index(), page.end_index()) if total else (0, 0)
    said = {"first": words.thin(first), "last": words.thin(last), "total": words.thin(total)}
    return {
        "where": _("Rows %(first)s to %(last)s of %(total)s") % said if total else _("No rows"),
        "previous_url": address(context, page=page.previous_page_number()) if page.has_previous() else "",
        "next_url": address(context, page=page.next_page_number()) if page.has_next() else "",
        "csv_url": address(context, format="csv", page=None) if csv and total else "",
        "csv_words": csv_words(total),
        "note": note,
    }


def csv_words(rows: int) -> str:
    """The words on a link to a CSV: it holds exactly the filtered rows."""
    return ngettext("CSV of this row", "CSV of these %(n)s rows", rows) % {"n": words.thin(rows)}


@register.simple_tag(takes_context=True)
def csv_link(context: template.Context, rows: int) -> SafeString:
    """A button to the CSV of exactly the filtered rows."""
    href = address(context, format="csv", page=None, after=None, before=None)
    return format_html('<a class="btn" href="{}">{}{}</a>', href, icon("download"), csv_words(rows))


@register.simple_tag
def matrix_cell(found: int, said: str, url: str, shown: bool = False) -> SafeString:
    """A cell of the matrix: found once, more than once, or not at all.

    `said` names row and column ("P-44HQT, ctv1"); `shown` marks the cell that the panel speaks of.
    """
    state = "" if found == 1 else "warn" if found > 1 else "bad"
    if found > 1:
        words_ = _("found %(n)s times") % {"n": found}
        sight = format_html('{}<span aria-hidden="true">x{}</span>', icon("check"), found)
    else:
        words_ = _("found once") if found else _("not found")
        sight = icon("check" if found else "cross")
    spoken = format_html('<span class="hidden-text">{}: {}</span>', said, words_)
    opened = format_html(' aria-current="{}"', "true") if shown else ""
    return format_html(
        '<td class="cell"><a class="mark {}{}" href="{}"{}>{}{}</a></td>',
        state, " open" if shown else "", url, opened, sight, spoken,
    )  # fmt: skip
