"""An alarm where messages have waited for long: the server is away, or its settings are wrong.

Comes in: the outbox. Goes out: one event a silence, seen on the site by who runs it, and sent by the
other way where there is one.
"""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Count

from planbank.house import House
from planbank.messages.models import Event, EventKind, Message
from planbank.messages.outbox import open_channels
from planbank.services.notify.deliver import oldest_waiting

LONG = timedelta(hours=1)


def tell_of_silence(house: House) -> int:
    """Make the event where it is due; returns how many there are new."""
    now, made = house.clock.now(), 0
    for channel in open_channels(house.settings):
        oldest = oldest_waiting(channel, now)
        # A message that was put off by itself is no silence of the server.
        if oldest is None or now - oldest.due_at < LONG or not oldest.problem:
            continue
        waiting = Message.objects.filter(state=Message.State.WAITING, channel=channel)
        since = oldest.due_at.strftime("%Y-%m-%d %H:%M UTC")
        params = {
            "since": since,
            "problem": oldest.problem,
            "count": waiting.aggregate(n=Count("pk"))["n"],
            "channel": channel,
        }
        event = Event(at=now, kind=EventKind.MAIL_AWAY, key=f"away:{channel}:{oldest.pk}", params=params)
        made += Event.objects.filter(key=event.key).exists() is False
        Event.objects.bulk_create([event], ignore_conflicts=True)
    return made
