"""What is due by date: the last Monday morning, the last morning, in somebody's own time zone.

Comes in: a time and a zone. Goes out: the moment in UTC. A day is a day of the calendar there, so a
change of the clocks moves nothing and doubles nothing.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MORNING = time(7, 0)
# A bank that was off over a Monday still writes it; one that was off for long does not look back.
LATE = timedelta(days=3)


def zone_of(name: str, fallback: str) -> ZoneInfo:
    """The zone of an institution, or the bank's."""
    for wanted in (name, fallback):
        try:
            return ZoneInfo(wanted)
        except (ZoneInfoNotFoundError, ValueError):
            continue
    return ZoneInfo("UTC")


def last_morning(now: datetime, zone: ZoneInfo, *, weekly: bool) -> tuple[date, datetime]:
    """The day (a Monday where `weekly`) whose 07:00 was last, and that moment in UTC."""
    day = now.astimezone(zone).date()
    if weekly:
        day -= timedelta(days=day.weekday())
    step = timedelta(days=7 if weekly else 1)
    while (moment := _at(day, zone)) > now:
        day -= step
    return day, moment


def _at(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, MORNING, tzinfo=zone).astimezone(UTC)
