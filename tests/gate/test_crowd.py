"""What the processes of one gate know of each other's connections."""

from __future__ import annotations

import os

from planbank.gate.crowd import Crowd


def test_one_process_alone_sees_nobody_else() -> None:
    crowd = Crowd()
    crowd.enter("10.0.0.1")
    assert crowd.elsewhere("10.0.0.1") == crowd.elsewhere(None) == 0
    assert not crowd.is_ahead()


def test_another_process_sees_what_this_one_has() -> None:
    crowd = Crowd(3)
    crowd.take_seat(1)
    for address in ("10.0.0.1", "10.0.0.1", "10.0.0.2"):
        crowd.enter(address)
    read, write = os.pipe()
    if (pid := os.fork()) == 0:
        crowd.take_seat(2)
        crowd.enter("10.0.0.1")
        seen = [crowd.elsewhere("10.0.0.1"), crowd.elsewhere("10.0.0.2"), crowd.elsewhere(None)]
        os.write(write, bytes([*seen, crowd.is_ahead()]))
        os._exit(0)
    os.waitpid(pid, 0)
    assert os.read(read, 10) == bytes([2, 1, 3, True])  # nobody sits on seat 0
    os.close(read)
    os.close(write)
    assert (crowd.elsewhere("10.0.0.1"), crowd.elsewhere(None)) == (1, 1)
    assert crowd.is_ahead()
    for address in ("10.0.0.1", "10.0.0.1", "10.0.0.2"):
        crowd.leave(address)
    assert not crowd.is_ahead()


def test_who_takes_the_seat_of_a_dead_process_begins_with_nothing() -> None:
    crowd = Crowd(2)
    crowd.take_seat(1)
    crowd.enter("10.0.0.1")
    crowd.take_seat(0)
    assert crowd.elsewhere("10.0.0.1") == 1
    crowd.take_seat(1)
    crowd.take_seat(0)
    assert crowd.elsewhere("10.0.0.1") == crowd.elsewhere(None) == 0
