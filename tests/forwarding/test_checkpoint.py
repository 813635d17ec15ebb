"""No answer is taken by the thread that should stand still (R91, R115)."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import pytest

from planbank.forwarding.checkpoint import Checkpoint


@pytest.fixture
def often() -> Iterator[None]:
    """Threads take turns at every step, so that what can go wrong between two steps does."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


class Reactor(threading.Thread):
    """Does as pynetdicom's: waits, and then takes what is there."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.checkpoint: threading.Event = Checkpoint(self)
        self.ends, self.waits, self.took = False, False, 0

    def run(self) -> None:
        while not self.ends:
            self.checkpoint.wait()
            if self.waits:
                self.took += 1


def test_nothing_is_taken_while_an_answer_is_awaited(often: None) -> None:
    reactor = Reactor()
    reactor.start()
    for _time in range(2000):
        reactor.checkpoint.clear()
        reactor.waits = True
        sum(range(50))
        reactor.waits = False
        reactor.checkpoint.set()
    reactor.ends = True
    reactor.join(5)
    assert not reactor.is_alive() and reactor.took == 0


def test_a_thread_that_has_ended_or_asks_itself_is_not_waited_for() -> None:
    ended = Reactor()
    ended.ends = True
    ended.start()
    ended.join(5)
    ended.checkpoint.clear()
    assert not ended.checkpoint.is_set()

    class Asks(Reactor):
        def run(self) -> None:
            self.checkpoint.clear()
            self.ends = True

    asks = Asks()
    asks.start()
    asks.join(5)
    assert asks.ends
