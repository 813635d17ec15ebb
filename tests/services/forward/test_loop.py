"""Several work processes at once, and processes that die: one sender for each destination (I4)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.db import connection, connections

from planbank.delivery.models import Delivery, Destination
from planbank.house import House
from planbank.services.forward.loop import due, forward_forever, held
from tests.services.forward.peers import Receiver, until
from tests.services.forward.rows import arrive, asked, destination_at, images, later, protocol_with, states


@pytest.fixture
def peer() -> Iterator[Receiver]:
    one = Receiver().start()
    yield one
    one.stop()


def test_two_processes_send_each_object_once(committed: House, peer: Receiver) -> None:
    protocol = protocol_with(committed)
    arrive(committed, images(12))
    later(committed, hours=3)
    row = asked(committed, protocol, destination_at(committed, peer.port))
    stop = threading.Event()
    houses = [replace(committed), replace(committed)]
    workers = [threading.Thread(target=forward_forever, args=(house, stop)) for house in houses]
    for worker in workers:
        worker.start()
    try:
        until(lambda: states(row) == {"delivered": 12})
    finally:
        stop.set()
        for worker in workers:
            worker.join()
        until(lambda: all(t.name != "forward" for t in threading.enumerate()))
    assert len(peer.came) == 12 and peer.asked == 12


def test_who_holds_a_destination_keeps_others_away_until_it_ends(committed: House) -> None:
    def other() -> bool:
        found: list[bool] = []

        def look() -> None:
            with held(7) as mine:
                found.append(mine)
            connections.close_all()

        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
        return found[0]

    with held(7) as mine:
        assert mine and not other()
    assert other()
    with held(7) as mine:
        assert mine
        connection.close()  # as when the process is killed
        assert until(other)
        connection.ensure_connection()


def test_what_is_due(bank: House) -> None:
    protocol = protocol_with(bank)
    arrive(bank, images(1))
    there = destination_at(bank, 1)
    asked(bank, protocol, there)
    now = bank.clock.now()
    assert due(now) == [there.pk]
    Destination.objects.update(is_paused=True)
    assert due(now) == []
    Destination.objects.update(is_paused=False, retry_at=now.replace(year=2030))
    assert due(now) == []
    Destination.objects.update(retry_at=None)
    Delivery.objects.update(due_at=now.replace(year=2030))
    assert due(now) == []
    Delivery.objects.update(state="sending")
    assert due(now) == [there.pk]
