"""Sending what waits in the outbox, one message at a time.

Comes in: rows that are due. Goes out: messages, and rows that say so. A row is locked while its message
is handed over and marked sent in the same transaction: two processes never send one message, and a
process that dies before the server said yes has sent nothing. What no one can close is the moment
between that yes and the commit: a message whose sender dies just there is sent again, with the same
Message-ID, by which mail systems know it as one. Loss is worse than a copy.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from django.db import transaction

from planbank.house import House
from planbank.messages.models import Channel, Message
from planbank.services.notify.carry import Away, MailServer, Postponed, Refused, carry_text

log = structlog.get_logger(__name__)
FIRST, LONGEST = timedelta(minutes=1), timedelta(hours=1)
GIVE_UP = timedelta(days=3)
State = Message.State


@dataclass
class Carrier:
    """What one process remembers between passes: until when a way is left alone, and what was taken
    over where the database went away before that could be written."""

    quiet_until: dict[str, datetime] = field(default_factory=dict)
    failures: dict[str, int] = field(default_factory=dict)
    taken: dict[int, datetime] = field(default_factory=dict)


def deliver(house: House, carrier: Carrier, channel: str) -> int:
    """Send all that is due by one way; returns how many went. Ends early where the server is away."""
    alone_until = carrier.quiet_until.get(channel)
    if alone_until is not None and house.clock.now() < alone_until:
        return 0
    server = MailServer(house.settings)
    sent = 0
    try:
        while (went := _one(house, carrier, channel, server)) is not None:
            sent += went
        carrier.failures.pop(channel, None)
    except Away as exc:
        failures = carrier.failures[channel] = carrier.failures.get(channel, 0) + 1
        carrier.quiet_until[channel] = house.clock.now() + back_off(failures, timedelta(seconds=2))
        log.warning("messages wait", channel=channel, why=str(exc), tries=failures)
    finally:
        server.close()
    return sent


def back_off(attempts: int, first: timedelta = FIRST) -> timedelta:
    """How long to wait after so many attempts: twice as long each time, an hour at most."""
    return min(LONGEST, first * 2 ** min(attempts - 1, 12))


def _one(house: House, carrier: Carrier, channel: str, server: MailServer) -> bool | None:
    """The next message; None where nothing is due, else whether it went. Raises Away."""
    now, away = house.clock.now(), None
    with transaction.atomic():
        due = Message.objects.filter(state=State.WAITING, channel=channel, due_at__lte=now)
        row = due.select_for_update(skip_locked=True, of=("self",)).order_by("due_at", "pk").first()
        if row is None:
            return None
        try:
            _hand_over(house, carrier, row, server, now)
        except Refused as exc:
            row.state, row.problem, row.ended_at = State.GIVEN_UP, str(exc), now
            log.warning("message given up", message=row.pk, why=str(exc))
        except Postponed as exc:
            _postpone(row, str(exc), now)
        except Away as exc:
            # The row stays first in line; only what is wrong is written down.
            row.problem, away = str(exc)[:200], exc
        else:
            row.state, row.problem, row.ended_at = State.SENT, "", carrier.taken[row.pk]
        row.save(update_fields=["state", "problem", "ended_at", "attempts", "due_at"])
    carrier.taken.pop(row.pk, None)
    if away is not None:
        raise away
    return row.state == State.SENT


def _hand_over(house: House, carrier: Carrier, row: Message, server: MailServer, now: datetime) -> None:
    if row.pk in carrier.taken:
        return  # it went; the database was away when that was to be written
    row.attempts += 1
    if row.channel == Channel.EMAIL:
        server.carry(row, now)
    else:
        carry_text(house.settings, row)
    carrier.taken[row.pk] = house.clock.now()


def _postpone(row: Message, why: str, now: datetime) -> None:
    row.problem = why[:200]
    if now - row.made_at >= GIVE_UP:
        row.state, row.ended_at = State.GIVEN_UP, now
        log.warning("message given up", message=row.pk, why=why)
    else:
        row.due_at = now + back_off(row.attempts)


def oldest_waiting(channel: str, now: datetime) -> Message | None:
    """The message that has waited longest; for alarms and pages."""
    rows = Message.objects.filter(state=State.WAITING, channel=channel, due_at__lte=now)
    return rows.order_by("due_at", "pk").first()
