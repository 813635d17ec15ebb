"""Numbers, sizes and times as people read them here.

Comes in: ints, floats, dates. Goes out: plain text in the language of the request.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.formats import date_format, get_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

if TYPE_CHECKING:
    from decimal import Decimal

THIN = "\u202f"  # narrow space that does not break
NONE = "-"  # not applicable; never an empty cell
UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def thin(number: float | Decimal | None, decimals: int | None = None) -> str:
    """`18867` as 18 867 with thin spaces; the decimal sign is the language's.

    Without `decimals` an int stays whole and a float keeps the digits it prints with.
    """
    if number is None:
        return NONE
    text = str(number) if decimals is None else f"{number:.{decimals}f}"
    if "e" in text.lower() or "n" in text.lower():
        return text
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
    whole, _dot, part = digits.partition(".")
    grouped = f"{int(whole):,}".replace(",", THIN)
    return sign + grouped + (get_format("DECIMAL_SEPARATOR") + part if part else "")


def bytesize(number: int | None) -> str:
    """Bytes in decimal units: 124.6 MB."""
    if number is None:
        return NONE
    size, unit = float(number), UNITS[0]
    for unit in UNITS:
        if size < 999.95 or unit == UNITS[-1]:
            break
        size /= 1000
    return f"{thin(int(size)) if unit == 'B' else thin(size, 1)}{THIN}{unit}"


def lasting(span: timedelta | float | None) -> str:
    """How long something took: 11 s, 3 min 20 s, 2 h 5 min."""
    if span is None:
        return NONE
    seconds = span.total_seconds() if isinstance(span, timedelta) else float(span)
    if seconds < 1:
        return _("under 1 s")
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return _("%(n)s s") % {"n": rest}
    hours, minutes = divmod(minutes, 60)
    if not hours:
        first, second = _("%(n)s min") % {"n": minutes}, (_("%(n)s s") % {"n": rest} if rest else "")
    else:
        first = _("%(n)s h") % {"n": thin(hours)}
        second = _("%(n)s min") % {"n": minutes} if minutes else ""
    return f"{first} {second}".strip()


def day(when: date, today: date) -> str:
    """14 Nov, with the year if it is another."""
    return date_format(when, "j M" if when.year == today.year else "j M Y")


def age(when: datetime | date, now: datetime, ago: bool = False) -> str:
    """Ages up to a day (12 min, 3 h), then dates (14 Nov), with the year if it is another.

    `ago` makes it part of a sentence: 12 min ago.
    """
    today = timezone.localtime(now).date()
    if not isinstance(when, datetime):
        return _("today") if when == today else day(when, today)
    past = now - aware(when)
    if not timedelta(minutes=-1) < past < timedelta(days=1):
        return day(timezone.localtime(aware(when)).date(), today)
    minutes = int(past.total_seconds() // 60)
    if minutes < 1:
        return _("now")
    hours = minutes // 60
    if ago:
        return (
            ngettext("%(n)s h ago", "%(n)s h ago", hours) % {"n": hours}
            if hours
            else ngettext("%(n)s min ago", "%(n)s min ago", minutes) % {"n": minutes}
        )
    return _("%(n)s h") % {"n": hours} if hours else _("%(n)s min") % {"n": minutes}


def full(when: datetime | date) -> str:
    """The whole time for the tooltip: 17 November 2026, 08:30:12 CET."""
    if not isinstance(when, datetime):
        return date_format(when, "j F Y")
    return date_format(timezone.localtime(aware(when)), "j F Y, H:i:s T")


def aware(when: datetime) -> datetime:
    """A time with its zone; one without is taken as UTC, as everything stored here is."""
    return when if timezone.is_aware(when) else when.replace(tzinfo=UTC)


def initials(name: str) -> str:
    """Two letters for the round sign beside a name: Mette Holm is MH."""
    words = [word for word in name.split() if word[0].isalnum()]
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper() or "?"
