"""Time zones of institutions: what a day is there, and when it ends.

Comes in: the name of a zone (empty: the site's), a day. Goes out: times. A last day counts whole: what
is given until 31 January ends at the midnight that follows it, in the institution's zone, whatever
the clocks do that night.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from planbank.people.models import Institution


@cache
def zones() -> tuple[str, ...]:
    """The names people choose from: places, without the machine's own and the obsolete."""
    return tuple(sorted(name for name in available_timezones() if "/" in name and name[:4] != "Etc/"))


def validate_zone(value: str) -> None:
    """Raise ValidationError unless `value` names a zone of the IANA database."""
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValidationError(_("Write a time zone by its place, such as Europe/Copenhagen.")) from None


def zone(name: str) -> ZoneInfo:
    """The zone of that name; the site's where it is empty or unknown here."""
    try:
        return ZoneInfo(name or timezone.get_default_timezone_name())
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo(timezone.get_default_timezone_name())


def end_of(day: date, institution: Institution) -> datetime:
    """When `day` is over at the institution: the first moment of the next day there, in UTC."""
    return end_in(day, institution.time_zone)


def end_in(day: date, name: str) -> datetime:
    """When `day` is over in the zone of that name, in UTC."""
    return datetime.combine(day + timedelta(days=1), time.min, zone(name)).astimezone(UTC)


def last_day(until: datetime, institution: Institution) -> date:
    """The last day on which something that ends at `until` still holds, at the institution."""
    return last_day_in(until, institution.time_zone)


def last_day_in(until: datetime, name: str) -> date:
    """The last day on which something that ends at `until` still holds, in the zone of that name."""
    return (until - timedelta(microseconds=1)).astimezone(zone(name)).date()


def today(at: datetime, institution: Institution) -> date:
    """Which day it is at the institution."""
    return at.astimezone(zone(institution.time_zone)).date()
