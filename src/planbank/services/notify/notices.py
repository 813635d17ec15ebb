"""Events become notices: one for each person they concern, by the ways that person chose.

Comes in: events nobody was told of. Goes out: notices, each with what is to be sent of it, in one
transaction with the mark that they were made. Two at once make them once.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction

from planbank.house import House
from planbank.messages.kinds import KINDS
from planbank.messages.models import Channel, Choice, Event, How, Message, Notice, Telling
from planbank.messages.outbox import open_channels
from planbank.people.models import User
from planbank.services.notify.audience import audience

PORTION = 200


@transaction.atomic
def make_notices(house: House) -> int:
    """Deal with the oldest events; returns how many. Safe beside another that does the same."""
    unnoticed = Event.objects.filter(noticed_at__isnull=True).order_by("pk")
    events = list(unnoticed.select_for_update(skip_locked=True, of=("self",))[:PORTION])
    now = house.clock.now()
    for event in events:
        if event.kind in KINDS:
            _make(house, event, audience(event, now))
        event.noticed_at = now
    Event.objects.bulk_update(events, ["noticed_at"])
    return len(events)


def _make(house: House, event: Event, people: Collection[User]) -> None:
    now = house.clock.now()
    Notice.objects.bulk_create(
        [Notice(event=event, user=user, made_at=now) for user in people], ignore_conflicts=True
    )
    chosen = {
        (row.user_id, row.channel): row.how for row in Choice.objects.filter(user__in=people, kind=event.kind)
    }
    kind = KINDS[event.kind]
    tellings = []
    mailed = already_mailed(event)
    for notice in Notice.objects.filter(event=event).select_related("user"):
        for channel in open_channels(house.settings):
            if channel == Channel.EMAIL and notice.user.email.lower() in mailed:
                continue
            how = chosen.get((notice.user_id, channel), kind.default(channel))
            if how != How.NEVER:
                tellings.append(Telling(notice=notice, user_id=notice.user_id, channel=channel, how=how))
    Telling.objects.bulk_create(tellings, ignore_conflicts=True)


def already_mailed(event: Event) -> set[str]:
    """Addresses that had this very receipt as a mail of its own: nobody gets it twice."""
    if not event.key.startswith("receipt:"):
        return set()
    mails = Message.objects.filter(key__startswith=f"{event.key}:", channel=Channel.EMAIL)
    return {to.lower() for to in mails.values_list("to", flat=True)}
