"""The first page: what there is, what needs somebody, what came last.

Comes in: who asks. Goes out: numbers of what this person may see; for the system administrator
operational counts alone, which name no patient.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy

from planbank.access.listing import protocols_seen
from planbank.access.policy import may
from planbank.catalogue.models import Instance, PatientFile, QuarantinedParcel, Series, Submission
from planbank.catalogue.queries.associations import read_associations
from planbank.catalogue.queries.totals import newest_received, remembered, total
from planbank.people.models import Institution, Sender, User
from planbank.pipeline.counts import open_work
from planbank.protocols.models import Protocol
from planbank.protocols.queries.progress import Size, sizes
from planbank.protocols.queries.zero_touch import Touch, zero_touch
from planbank.statistics.accrual.read import Asked
from planbank.web.acting import user_of
from planbank.web.pages import Menu, house_of, page
from planbank.web.pages.accrual.reading import drawn
from planbank.web.pages.arrivals.days import chart
from planbank.web.pages.arrivals.reading import days_of, moments, rows_of
from planbank.web.pages.overview.attention import WEEK, address, needs
from planbank.web.reach import my_institutions, ours

DAYS, LATEST, LARGEST, SECOND = 30, 5, 8, timedelta(seconds=1)


@page("", name="overview", action="overview.view", menu=Menu("data", gettext_lazy("Overview"), "home", 10))
def overview(request: HttpRequest) -> HttpResponse:
    """What there is and what needs me."""
    house = house_of(request)
    now = house.clock.now()
    institutions = my_institutions(request)
    context: dict[str, Any] = {
        "now": now,
        "today": timezone.localtime(now),
        "institutions": institutions,
        "needs": needs(request),
        "services_url": address("services"),
    }
    if institutions:
        context |= _data(request, institutions, now)
        if not context["newest"]:
            context["gate"] = {
                "ae_title": house.settings.ae_title,
                "host": house.settings.dicom_host,
                "port": house.settings.dicom_port,
            }
    if may(request.user, "data.statistics", now):
        context |= drawn(request, Asked()) | {"protocols": _largest(request, now)}
    if may(request.user, "services.view", now):
        context["running"] = _running()
        context["anywhere"] = newest_received(Institution.objects.all())
    return render(request, "overview/page.html", context)


def _data(request: HttpRequest, institutions: list[Institution], now: datetime) -> dict[str, Any]:
    """Numbers, bars and latest arrivals of these institutions."""
    codes = {i.pk: i.code for i in institutions}
    newest = newest_received(Institution.objects.filter(pk__in=codes))
    if newest is None:
        return {"newest": None}
    came = ours(request, Submission)
    today = timezone.localtime(now).date()
    days = today - timedelta(days=DAYS - 1), today
    start, end = moments(days)
    lately = came.filter(received_at__gte=start, received_at__lt=end)
    # Bounded, so that the newest are found in the index of times however large the bank is.
    last = came.filter(
        received_at__gt=newest - timedelta(days=DAYS), received_at__lt=max(end, newest + SECOND)
    )
    latest = read_associations(came, last, "", LATEST, list(codes))
    return {
        "newest": newest,
        "stats": _stats(request, codes, now),
        "chart": chart(days_of(lately, ("overview", *codes, *days)), *days),
        "since": days[0],
        "until": days[1],
        "latest": rows_of(latest.rows, codes),
        "several": len(codes) > 1,
    }


def _stats(request: HttpRequest, codes: dict[int, str], now: datetime) -> dict[str, Any]:
    key = "-".join(str(pk) for pk in sorted(codes))
    files, came = ours(request, PatientFile), ours(request, Submission).filter(received_at__gte=now - WEEK)
    return {
        "patients": total(files.exclude(patient=None).values("patient").distinct(), f"patients:{key}"),
        "new_patients": total(
            files.filter(first_received_at__gte=now - WEEK).exclude(patient=None), f"new:{key}"
        ),
        "series": total(ours(request, Series), f"series:{key}"),
        "objects": total(ours(request, Instance), f"objects:{key}"),
        "week": total(came, f"week:{key}"),
        "touch": remembered(
            files,
            ("untouched", *codes),
            lambda: sum(zero_touch(now, institutions=list(codes)).values(), Touch()),
        ),
        "associations": remembered(
            came, ("associations", *codes), came.order_by().values("association_id").distinct().count
        ),
    }


def _largest(request: HttpRequest, now: datetime) -> list[tuple[Protocol, Size]]:
    """The protocols that I see with most patients, with their size; those for tests are left out."""
    rows = list(protocols_seen(user_of(request), now).exclude(kind=Protocol.Kind.TEST))
    size = sizes([row.pk for row in rows], now)
    rows.sort(key=lambda row: (-size[row.pk].patients, row.short_name.casefold()))
    return [(row, size[row.pk]) for row in rows[:LARGEST]]


def _running() -> dict[str, int]:
    """How the work stands, for the system administrator: counts that name nobody."""
    waiting = QuarantinedParcel.objects.filter(state=QuarantinedParcel.State.WAITING)
    return {
        **open_work(),
        "quarantined": waiting.count(),
        "senders": Sender.objects.filter(is_active=True).count(),
        "institutions": Institution.objects.filter(is_active=True).count(),
        "people": User.objects.filter(is_active=True).count(),
    }
