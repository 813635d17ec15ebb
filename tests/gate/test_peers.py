"""How many may come in, and who gives way."""

from __future__ import annotations

from dataclasses import dataclass

from planbank.gate.limits import Limits
from planbank.gate.peers import Peers


@dataclass(eq=False)
class Line:
    """A connection that remembers whether it was ended."""

    address: str
    ended: bool = False

    def hang_up(self) -> None:
        self.ended = True


class Clock:
    """A clock that a test moves."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


TWO_EACH = Limits(connections=4, connections_per_address=2)


def test_an_address_has_its_share_and_no_more() -> None:
    peers = Peers[Line]()
    lines = [Line("10.0.0.1"), Line("10.0.0.1")]
    assert all(peers.enter(line, TWO_EACH) for line in lines)
    assert not peers.enter(Line("10.0.0.1"), TWO_EACH)
    assert peers.enter(Line("10.0.0.2"), TWO_EACH)
    peers.leave(lines[0])
    assert peers.enter(Line("10.0.0.1"), TWO_EACH)


def test_all_together_have_a_limit() -> None:
    peers = Peers[Line]()
    assert all(peers.enter(Line(f"10.0.0.{n}"), TWO_EACH) for n in range(4))
    assert not peers.enter(Line("10.0.0.9"), TWO_EACH)
    assert len(peers.all()) == 4


def test_the_oldest_silent_one_gives_way() -> None:
    clock = Clock()
    peers = Peers[Line](ticks=clock)
    talking, silent, elsewhere = Line("10.0.0.1"), Line("10.0.0.1"), Line("10.0.0.2")
    for line in (elsewhere, talking, silent):
        assert peers.enter(line, TWO_EACH)
    peers.spoke(talking)
    clock.now += 2
    late = Line("10.0.0.1")
    assert peers.enter(late, TWO_EACH)
    assert (talking.ended, silent.ended, elsewhere.ended) == (False, True, False)
    peers.leave(silent)  # its thread comes to its end later
    assert set(peers.all()) == {talking, elsewhere, late}


def test_one_that_has_just_come_is_not_ended() -> None:
    clock = Clock()
    peers = Peers[Line](ticks=clock)
    lines = [Line("10.0.0.1"), Line("10.0.0.1")]
    assert all(peers.enter(line, TWO_EACH) for line in lines)
    clock.now += 0.5
    assert not peers.enter(Line("10.0.0.1"), TWO_EACH)
    assert not any(line.ended for line in lines)
