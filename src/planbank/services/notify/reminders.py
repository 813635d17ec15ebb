"""What ends soon or has ended: grants, affiliations, agreements, certificates (R37, R49, R213).

Comes in: the time. Goes out: one event for each thing and each of 30, 7 and 1 days, and one when it is
over. A renewal moves the end, so the new one is reminded of by itself. Run it as often as one likes.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Q

from planbank.access.models import Grant
from planbank.access.queries.holders import REMINDED, lapsing, lapsing_key, reminder, step_of
from planbank.access.queries.zones import zone_of
from planbank.house import House
from planbank.messages.models import Event, EventKind
from planbank.people.expiry import AHEAD, expiries
from planbank.people.models import Affiliation, Institution
from planbank.people.zones import end_in, last_day, last_day_in
from planbank.people.zones import zone as zone_named
from planbank.protocols.models import Agreement, Project, Protocol

# What ended longer ago was told by an earlier bank, or is no news.
NEWS = timedelta(days=3)
MONTH = timedelta(days=30)


def remind(house: House) -> int:
    """Write the events that are due; returns how many there are now, told before or not."""
    now = house.clock.now()
    events = [*_grants(now), *_affiliations(now), *_agreements(now), *_certificates(house, now)]
    Event.objects.bulk_create(events, ignore_conflicts=True)
    return len(events)


def _grants(now: datetime) -> Iterator[Event]:
    for grant in lapsing(now).select_related("user"):
        if (days := reminder(grant, now)) is not None:
            yield _of_grant(grant, now, EventKind.LAPSING, lapsing_key(grant, days))
    over = Grant.objects.filter(until__lte=now, until__gt=now - NEWS, revoked_at__isnull=True)
    for grant in over.filter(confirmed_at__isnull=False).select_related("user"):
        yield _of_grant(grant, now, EventKind.LAPSED, f"grant:{grant.pk}:{grant.until:%Y%m%d}:over")
    for grant in Grant.objects.filter(revoked_at__lte=now, revoked_at__gt=now - NEWS).select_related("user"):
        yield _of_grant(grant, now, EventKind.LAPSED, f"grant:{grant.pk}:revoked")


def _agreements(now: datetime) -> Iterator[Event]:
    """Of active protocols, those that gate activation: an end moves nothing, so people have to."""
    rows = Agreement.objects.filter(required=True, protocol__status="active", valid_until__isnull=False)
    near = rows.filter(valid_until__gte=(now - NEWS).date(), valid_until__lte=(now + MONTH).date())
    for row in near.select_related("protocol"):
        assert row.valid_until is not None
        left = end_in(row.valid_until, "") - now
        params = {
            "title": row.title,
            "protocol": row.protocol.short_name,
            "protocol_id": row.protocol_id,
            "day": row.valid_until.isoformat(),
        }
        key = f"agreement:{row.pk}:{row.valid_until:%Y%m%d}:{_stage(left)}"
        where = {"scope_kind": "protocol", "scope_id": row.protocol_id}
        yield Event(at=now, kind=EventKind.AGREEMENT, params=params, key=key, **where)


def _stage(left: timedelta) -> str:
    """'over', or the least of 30, 7 and 1 days that it is within."""
    if left <= timedelta(0):
        return "over"
    return str(step_of(left) or REMINDED[0])


def _of_grant(grant: Grant, now: datetime, kind: str, key: str) -> Event:
    zone = zone_of(grant.user_id, now)
    revoked = grant.revoked_at is not None and grant.revoked_at < grant.until
    day = grant.revoked_at.astimezone(zone_named(zone)).date() if revoked else last_day_in(grant.until, zone)
    params = {
        "who": grant.user.name,
        "role": grant.role or grant.permission,
        "where": _where(grant.scope_kind, grant.scope_id),
        "day": day.isoformat(),
    }
    scope = {"scope_kind": grant.scope_kind, "scope_id": grant.scope_id}
    if kind == EventKind.LAPSING and grant.let_end_at is not None:
        scope = {}  # key users know: they decided it. Its holder is told.
    return Event(at=now, kind=kind, user=grant.user, params=params, key=key, **scope)


def _where(kind: str, pk: int) -> str:
    if kind == "protocol":
        return Protocol.objects.filter(pk=pk).values_list("short_name", flat=True).first() or ""
    if kind == "project":
        return Project.objects.filter(pk=pk).values_list("short_name", flat=True).first() or ""
    if kind == "institution":
        return Institution.objects.filter(pk=pk).values_list("code", flat=True).first() or ""
    return kind


def _affiliations(now: datetime) -> Iterator[Event]:
    rows = Affiliation.objects.filter(until__gt=now - NEWS, until__lte=now + MONTH, since__lte=now)
    # Who works on there by another row loses nothing.
    for row in rows.select_related("user", "institution"):
        assert row.until is not None
        later = Q(until__isnull=True) | Q(until__gt=row.until)
        if Affiliation.objects.filter(later, user=row.user, institution=row.institution).exists():
            continue
        stage = _stage(row.until - now)
        kind = EventKind.LAPSED if stage == "over" else EventKind.LAPSING
        params = {
            "who": row.user.name,
            "role": "institution-admin" if row.is_admin else "staff",
            "where": row.institution.code,
            "day": last_day(row.until, row.institution).isoformat(),
        }
        key = f"affiliation:{row.pk}:{row.until:%Y%m%d}:{stage}"
        yield Event(at=now, kind=kind, user=row.user, institution=row.institution, params=params, key=key)


def _certificates(house: House, now: datetime) -> Iterator[Event]:
    for one in expiries(house.settings, now):
        if one.level == "ok":
            continue
        stage = "over" if one.is_over else next(str(days) for days, level in AHEAD if level == one.level)
        params = {"name": one.name, "day": one.not_after.date().isoformat()}
        key = f"certificate:{one.what}:{one.sender_id or 0}:{one.not_after:%Y%m%d%H%M}:{stage}"
        yield Event(at=now, kind=EventKind.CERTIFICATE, params=params, key=key)
