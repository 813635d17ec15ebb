"""The loop of forward: one sender for each destination, never two.

Comes in: deliveries that are due. Goes out: objects at their destinations. Each work process may run it;
a destination is served by whoever holds its advisory lock, which the database frees when that one dies.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import structlog
from django.db import InterfaceError, OperationalError, close_old_connections, connection
from django.db.models import Exists, OuterRef, Q

from planbank.delivery.models import Delivery, Destination
from planbank.house import House

log = structlog.get_logger(__name__)
IDLE, MOST = 0.5, 8  # seconds between two looks; destinations served at once by one process
_LOCK = 0x666F7277  # advisory locks: (this, destination)


def forward_forever(house: House, stop: threading.Event) -> None:
    """Serve destinations until `stop`; survives the database and the archive going away."""
    serving: dict[int, threading.Thread] = {}
    try:
        while not stop.is_set():
            serving = {pk: thread for pk, thread in serving.items() if thread.is_alive()}
            try:
                close_old_connections()
                for pk in due(house.clock.now()):
                    if pk not in serving and len(serving) < MOST:
                        args = (house, pk, stop)
                        serving[pk] = threading.Thread(target=_serve, args=args, name="forward", daemon=True)
                        serving[pk].start()
            except (OperationalError, InterfaceError) as exc:
                log.warning("database away, forwards wait", kind=type(exc).__name__)
                connection.close()
                stop.wait(1)
            stop.wait(IDLE)
    finally:
        connection.close()


def due(now: datetime) -> list[int]:
    """Destinations for which something is to be sent now, or was left by a process that died."""
    rows = Delivery.objects.filter(destination=OuterRef("pk"))
    waiting = rows.filter(state=Delivery.State.WAITING, due_at__lte=now, forwards__state="open")
    wanted = Exists(waiting) | Exists(rows.filter(state=Delivery.State.SENDING))
    awake = Q(retry_at__isnull=True) | Q(retry_at__lte=now)
    return list(Destination.objects.filter(awake, wanted, is_paused=False).values_list("pk", flat=True))


@contextmanager
def held(destination_id: int) -> Iterator[bool]:
    """Whether this connection alone may send there now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_LOCK, destination_id])
        mine = bool(cursor.fetchone()[0])
    try:
        yield mine
    finally:
        if mine:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_LOCK, destination_id])


def _serve(house: House, pk: int, stop: threading.Event) -> None:
    # Loaded by who sends: no other process waits for it.
    from planbank.services.forward.deliver import deliver

    try:
        with held(pk) as mine:
            if mine:
                deliver(house, pk, stop)
    except (OperationalError, InterfaceError) as exc:
        log.warning("database away, a forward waits", kind=type(exc).__name__)
    except Exception:
        log.exception("forward failed", destination=pk)
        stop.wait(5)
    finally:
        connection.close()
