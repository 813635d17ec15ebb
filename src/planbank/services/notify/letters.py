"""Notices become mails: gathered for each person, at once, once a day or once a week.

Comes in: tellings that wait. Goes out: one message a person, with their tellings marked in the same
transaction. 'At once' waits some seconds for what belongs together, and ten minutes after the last
such mail: a planning system that is refused five hundred times is one mail that says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max, Min
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from planbank.access.queries.zones import zone_of as works_in
from planbank.house import House
from planbank.messages.kinds import KINDS
from planbank.messages.models import Channel, Event, How, Message, Telephone, Telling
from planbank.messages.outbox import Letter, post
from planbank.people.models import User
from planbank.services.notify.times import LATE, last_morning, zone_of
from planbank.services.notify.words import in_words

GATHER = timedelta(seconds=10)
APART = timedelta(minutes=10)
MOST_LINES = 40
TEXT_LENGTH = 300


@dataclass(frozen=True)
class Line:
    """One sentence of a mail; `when` is the newest of `times` events."""

    says: str
    url: str
    when: str
    times: int
    bad: bool

    @property
    def often(self) -> str:
        """'23 times', or nothing."""
        n = self.times
        return "" if n < 2 else ngettext("%(n)s time", "%(n)s times", n) % {"n": n}


def write_letters(house: House) -> int:
    """Write every mail and text message that is due; returns how many."""
    count = 0
    for channel in (Channel.EMAIL, Channel.TEXT):
        for user, how, since in _due(house, channel):
            count += _write(house, user, channel.value, how, since)
    return count


def _due(house: House, channel: str) -> Iterator[tuple[User, str, datetime]]:
    """(person, how, up to when notices count) of all that is to be written now."""
    now = house.clock.now()
    waiting = Telling.objects.filter(told_at__isnull=True, channel=channel)
    rows = waiting.values("user", "how").annotate(first=Min("notice__made_at")).order_by("user", "how")
    people = {user.pk: user for user in User.objects.filter(pk__in=[row["user"] for row in rows])}
    for row in rows:
        user = people[row["user"]]
        if row["how"] == How.NOW:
            if now - row["first"] >= GATHER and _apart(user, channel, now):
                yield user, How.NOW.value, now
            continue
        zone = zone_of(works_in(user.pk, now), house.settings.time_zone)
        _day, moment = last_morning(now, zone, weekly=row["how"] == How.WEEKLY)
        if row["first"] < moment:
            yield user, row["how"], moment


def _apart(user: User, channel: str, now: datetime) -> bool:
    told = Telling.objects.filter(user=user, channel=channel, how=How.NOW, told_at__gt=now - APART)
    return not told.exists()


@transaction.atomic
def _write(house: House, user: User, channel: str, how: str, until: datetime) -> int:
    now = house.clock.now()
    waiting = Telling.objects.filter(told_at__isnull=True, channel=channel, how=how, user=user)
    waiting = waiting.filter(notice__made_at__lte=until).select_for_update(skip_locked=True, of=("self",))
    tellings = list(waiting.select_related("notice__event__institution").order_by("notice__event__at", "pk"))
    to = user.email if channel == Channel.EMAIL else _number(user)
    message = None
    if tellings and to and user.is_active and now - until < LATE:
        with translation.override(user.language or house.settings.language):
            letter = _letter(house, user, channel, how, [one.notice.event for one in tellings])
        last = max(one.pk for one in tellings)
        message = post(
            house.settings, f"notices:{channel}:{last}", to, letter, now, channel=channel, user=user
        )
    for one in tellings:
        one.told_at, one.message = now, message
    Telling.objects.bulk_update(tellings, ["told_at", "message"])
    return int(message is not None)


def _number(user: User) -> str:
    return Telephone.objects.filter(user=user).values_list("number", flat=True).first() or ""


def _letter(house: House, user: User, channel: str, how: str, events: list[Event]) -> Letter:
    zone = zone_of(works_in(user.pk, house.clock.now()), house.settings.time_zone)
    lines = lines_of(house, events, zone)
    if channel == Channel.TEXT:
        more = f" (+{len(lines) - 1})" if len(lines) > 1 else ""
        return Letter("", f"planbank: {lines[0].says}"[: TEXT_LENGTH - len(more)] + more)
    subject = lines[0].says if len(lines) == 1 else _subject(how, len(events))
    if any(line.bad for line in lines):
        subject = f"[{_('Please act')}] {subject}"
    shown, left = lines[:MOST_LINES], max(0, len(lines) - MOST_LINES)
    address = f"{house.settings.site_url}/account/notices/"
    context = {"title": subject, "lines": shown, "left": left, "address": address, "name": user.name}
    return Letter(
        subject,
        render_to_string("notify/notices.txt", context),
        render_to_string("notify/notices.html", context),
    )


def _subject(how: str, n: int) -> str:
    if how == How.DAILY:
        return ngettext("Your day: %(n)s notice", "Your day: %(n)s notices", n) % {"n": n}
    if how == How.WEEKLY:
        return ngettext("Your week: %(n)s notice", "Your week: %(n)s notices", n) % {"n": n}
    return ngettext("%(n)s notice", "%(n)s notices", n) % {"n": n}


def lines_of(house: House, events: list[Event], zone: object) -> list[Line]:
    """Events as sentences, equal ones once; what is bad first."""
    alike: dict[tuple[str, str], list[Event]] = {}
    for event in events:
        alike.setdefault(in_words(event), []).append(event)
    lines = [
        Line(
            says,
            f"{house.settings.site_url}{path}" if path else "",
            date_format(max(e.at for e in group).astimezone(zone), "j M H:i"),  # type: ignore[arg-type]
            len(group),
            KINDS[group[0].kind].bad,
        )
        for (says, path), group in alike.items()
    ]
    return sorted(lines, key=lambda line: not line.bad)


def last_told(user: User) -> Message | None:
    """The newest message to a person."""
    newest = Telling.objects.filter(user=user, message__isnull=False).aggregate(newest=Max("message"))
    return Message.objects.filter(pk=newest["newest"]).first()
