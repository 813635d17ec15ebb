"""The week of a centre: what came, what is still to mend, how much went by itself (R152, R150).

Comes in: Monday morning in the centre's time zone. Goes out: one mail to each contact of its senders, and
to those of its people who asked for it; none where nothing came and nothing is open.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from planbank.catalogue.models import QuarantinedParcel, Receipt
from planbank.house import House
from planbank.messages.models import Channel, Choice, EventKind, How
from planbank.messages.outbox import Letter, open_channels, post
from planbank.people.models import Institution, Sender, User
from planbank.protocols.queries.zero_touch import Touch, zero_touch
from planbank.services.notify.audience import staff_of
from planbank.services.notify.times import LATE, last_morning, zone_of
from planbank.services.receipt.contacts import contacts
from planbank.services.receipt.words import headline, word

MOST_OPEN = 20
WEEK = timedelta(days=7)
OPEN = ("bad", "warn")
STATES = ("ok", "warn", "bad", "waiting")


@dataclass(frozen=True)
class Week:
    """What happened at one centre in a week."""

    institution: Institution
    came: dict[str, int]
    open: list[Receipt]
    more: int
    set_aside: int
    touch: Touch

    @property
    def is_empty(self) -> bool:
        return not self.came and not self.open and not self.set_aside


def write_digests(house: House) -> int:
    """Put out the mails that are due; returns how many are new. Safe to call at any time."""
    if Channel.EMAIL not in open_channels(house.settings):
        return 0
    now, count = house.clock.now(), 0
    for institution in Institution.objects.filter(is_active=True):
        zone = zone_of(institution.time_zone, house.settings.time_zone)
        day, moment = last_morning(now, zone, weekly=True)
        if now - moment >= LATE:
            continue
        week: Week | None = None
        for address, user in _readers(institution, now):
            week = week or week_of(institution, moment, now)
            if week.is_empty:
                break
            with translation.override((user and user.language) or house.settings.language):
                letter = letter_of(house, week, moment.astimezone(zone))
            key = f"centre:{institution.pk}:{day}:{address}"[:200]
            count += post(house.settings, key, address, letter, now, institution=institution) is not None
    return count


def week_of(institution: Institution, until: datetime, now: datetime) -> Week:
    """The seven days before a moment; what is open is as it is now."""
    receipts = Receipt.objects.filter(institution=institution)
    lately = receipts.filter(received_at__gte=until - WEEK, received_at__lt=until)
    counts = dict(lately.order_by().values_list("state").annotate(Count("pk")))
    still = receipts.filter(state__in=OPEN).order_by("-received_at", "-pk")
    shown = list(still[:MOST_OPEN])
    waiting = QuarantinedParcel.objects.filter(institution=institution, state=QuarantinedParcel.State.WAITING)
    touch = zero_touch(now, institutions=[institution.pk]).get(institution.pk, Touch())
    return Week(institution, counts, shown, still.count() - len(shown), waiting.count(), touch)


def letter_of(house: House, week: Week, until: datetime) -> Letter:
    """A week as a mail, in the language that is active."""
    n = sum(week.came.values())
    came = ngettext("%(n)s plan set", "%(n)s plan sets", n) % {"n": n}
    still = len(week.open) + week.more
    title = _("The week of %(code)s: %(came)s, %(open)s to fix or look at") % {
        "code": week.institution.code,
        "came": came,
        "open": still,
    }
    context = {
        "title": title,
        "institution": week.institution.name,
        "until": date_format(until, "j F Y"),
        "came": [
            (word(state), week.came[state])
            for state in ("ok", "warn", "bad", "waiting")
            if state in week.came
        ],
        "open": [
            {
                "number": row.number,
                "says": headline(row).split(". ", 1)[-1],
                "word": word(row.state),
                "sender": row.calling_ae,
                "url": f"{house.settings.site_url}/receipts/{row.pk}/",
            }
            for row in week.open
        ],
        "more": week.more,
        "set_aside": week.set_aside,
        "touch": week.touch,
        "all_url": f"{house.settings.site_url}/receipts/?state=open",
    }
    text = render_to_string("notify/centre.txt", context)
    return Letter(title, text, render_to_string("notify/centre.html", context))


def _readers(institution: Institution, now: datetime) -> Iterator[tuple[str, User | None]]:
    """(address, person where it is somebody's with an account), each once."""
    found: dict[str, User | None] = {}
    for sender in Sender.objects.filter(listed__institution=institution, is_active=True).distinct():
        for address in contacts(sender, institution.pk):
            found.setdefault(address, User.objects.filter(email__iexact=address, is_active=True).first())
    asked = Choice.objects.filter(
        kind=EventKind.CENTRE_WEEK,
        channel=Channel.EMAIL,
        how=How.WEEKLY,
        user__in=staff_of(institution.pk, now),
        user__is_active=True,
    )
    for choice in asked.select_related("user"):
        if choice.user.email:
            found[choice.user.email.lower()] = choice.user
    yield from sorted(found.items())
