"""The loop of notify: events to notices, what is due by date, notices to mails, mails out.

Comes in: events, dates, the outbox. Goes out: messages. One process leads; whichever dies or loses the
database is followed by another, and each step is safe to run twice and beside itself.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import structlog
from django.db import InterfaceError, OperationalError, close_old_connections, connection

from planbank.house import House
from planbank.messages.models import Message
from planbank.messages.outbox import open_channels
from planbank.services.notify.alarm import tell_of_silence
from planbank.services.notify.deliver import Carrier, deliver
from planbank.services.notify.letters import write_letters
from planbank.services.notify.notices import make_notices
from planbank.services.notify.observers import remind_observers
from planbank.services.notify.reminders import remind

log = structlog.get_logger(__name__)
IDLE = 1.0  # seconds between two looks
_LOCK = 0x706C616E_6E74  # advisory lock: one notify leads; another takes over when it ends
BY_DATE = timedelta(minutes=1)
KEPT = timedelta(days=30)


def notify_forever(house: House, stop: threading.Event) -> None:
    """Go on until `stop`; survives the database and every server going away."""
    carrier, looked = Carrier(), None
    try:
        while not stop.is_set():
            try:
                close_old_connections()
                if _lead():
                    looked = _by_date(house, looked)
                    notify_once(house, carrier)
            except (OperationalError, InterfaceError) as exc:
                log.warning("database away, messages wait", kind=type(exc).__name__)
                connection.close()
            stop.wait(IDLE)
    finally:
        connection.close()


def notify_once(house: House, carrier: Carrier | None = None) -> int:
    """Everything that can be done now; returns how many messages went out."""
    while make_notices(house):
        pass
    write_letters(house)
    carrier = carrier or Carrier()
    sent = sum(deliver(house, carrier, channel) for channel in open_channels(house.settings))
    tell_of_silence(house)
    return sent


def by_date(house: House) -> None:
    """What a day brings by itself: reminders, digests, words that need not be kept."""
    from planbank.services.notify.centre import write_digests

    remind(house)
    remind_observers(house)
    write_digests(house)
    over = Message.objects.filter(ended_at__lt=house.clock.now() - KEPT).exclude(text="")
    over.update(text="", html="")


def _by_date(house: House, looked: datetime | None) -> datetime:
    now = house.clock.now()
    if looked is not None and timedelta(0) <= now - looked < BY_DATE:
        return looked
    by_date(house)
    return now


def _lead() -> bool:
    """Hold the session's advisory lock; the database frees it when this process dies."""
    if getattr(connection, "_planbank_notifies", None) == id(connection.connection) and connection.connection:
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        leads = bool(cursor.fetchone()[0])
    connection._planbank_notifies = id(connection.connection) if leads else None  # type: ignore[attr-defined]
    return leads
