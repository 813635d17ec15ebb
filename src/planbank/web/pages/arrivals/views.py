"""What came, when, from whom: one line per association, newest first.

Comes in: filters in the address. Goes out: a page of associations with bars per day above, or
exactly the filtered rows as CSV. It names no patient; the page of one association does.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from planbank.catalogue.models import Submission
from planbank.catalogue.queries.associations import (
    narrowed,
    read_associations,
)
from planbank.catalogue.queries.totals import newest_received
from planbank.people.models import Institution, Sender
from planbank.web.lists.listing import drops, without
from planbank.web.lists.sheet import as_csv, wants_csv
from planbank.web.pages import Menu, house_of, page
from planbank.web.pages.arrivals.days import chart
from planbank.web.pages.arrivals.forms import ArrivalFilters
from planbank.web.pages.arrivals.one import association
from planbank.web.pages.arrivals.reading import days_of, moments, refusals, rows_of
from planbank.web.reach import my_institutions, note, ours

__all__ = ["arrivals", "association"]
SIZE, CHUNK = 25, 100


@page(
    "arrivals/",
    name="arrivals",
    action="data.view",
    menu=Menu("data", gettext_lazy("Arrivals"), "inbox", 30),
)
def arrivals(request: HttpRequest) -> HttpResponse:
    """What came, by association."""
    institutions = my_institutions(request)
    codes = {i.pk: i.code for i in institutions}
    filters = ArrivalFilters(request.GET, _senders(institutions), list(codes.items()))
    given = filters.given()
    now = house_of(request).clock.now()
    today = timezone.localtime(now).date()
    days = filters.days(today, given)
    wanted = _wanted(request, given, days)
    if wants_csv(request):
        note(request, "take out list", object_kind="arrivals", filters=sorted(given))
        return as_csv(_("arrivals"), _heads(), _csv_rows(request, given, days, codes))
    place = request.GET.get("after", "")
    found = read_associations(ours(request, Submission), wanted, place, SIZE, list(codes))
    context = {
        "now": now,
        "filters": filters.with_days(days),
        "given": given,
        "since": days[0],
        "until": days[1],
        "found": found,
        "first_page": not place,
        "rows": rows_of(found.rows, codes),
        "several": len(codes) > 1,
        "chart": chart(
            days_of(wanted, (*codes, *given.items(), *days), _wanted(request, {}, days)), *days, wide=1120
        ),
        "all_url": without(request, *filters.fields),
        "newest_url": without(request),
        "refused": refusals(request, days),
    }
    if not found.rows:
        context |= _instead(request, filters, institutions, today)
    return render(request, "arrivals/list.html", context)


def _wanted(request: HttpRequest, given: dict[str, Any], days: tuple[date, date]) -> QuerySet[Submission]:
    since, until = moments(days)
    return narrowed(
        ours(request, Submission),
        since=since,
        until=until,
        sender=given.get("sender"),
        institution=given.get("institution"),
        relation=given.get("relation", ""),
    )


def _senders(institutions: list[Institution]) -> list[tuple[int, str]]:
    """The senders registered for these institutions."""
    found = Sender.objects.filter(listed__institution__in=institutions).distinct()
    return [(sender.pk, f"{sender.ae_title} ({sender.network})") for sender in found]


def _instead(
    request: HttpRequest,
    filters: ArrivalFilters,
    institutions: list[Institution],
    today: date,
) -> dict[str, Any]:
    """For an empty list: which filter to drop, and when something last came."""
    newest = newest_received(Institution.objects.filter(pk__in=[i.pk for i in institutions]))
    words: dict[str, Any] = {"newest": newest}
    if newest:
        last = timezone.localtime(newest).date()
        since = last - timedelta(days=29)
        words["last_url"] = f"{reverse('arrivals')}?since={since}&until={last}"
    words["drops"] = drops(request, filters, lambda rest: _wanted(request, rest, filters.days(today, rest)))
    return words


def _heads() -> list[str]:
    return [
        *(
            _("Began"),
            _("Ended"),
            _("Calling AE title"),
            _("Called AE title"),
            _("Address"),
            _("Institution"),
        ),
        *(_("Patients"), _("Objects"), _("By modality"), _("New"), _("Sent again"), _("Re-exported")),
        *(_("New versions"), _("Association")),
    ]


def _csv_rows(
    request: HttpRequest, given: dict[str, Any], days: tuple[date, date], codes: dict[int, str]
) -> Iterator[list[Any]]:
    """Portion by portion: each asks the policy anew."""
    place = ""
    while True:
        wanted = _wanted(request, given, days)
        found = read_associations(ours(request, Submission), wanted, place, CHUNK, list(codes))
        for row in rows_of(found.rows, codes):
            came = row.came
            yield [
                *(came.began_at, came.ended_at, came.calling_ae, came.called_ae, came.address, row.code),
                *(len(came.patients), came.objects),
                " ".join(f"{name or '?'}:{n}" for name, n in came.modalities),
                *(row.new, row.again, row.re_exported, row.versions, came.association_id),
            ]
        place = found.after
        if not place:
            return
