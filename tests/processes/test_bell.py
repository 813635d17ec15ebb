"""Signals that come at any moment are neither lost nor a reason to stand still."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from contextlib import closing

from planbank.processes.bell import Bell

# Many short waits under a rain of signals: a handler that took a lock would meet it held.
RAIN = """
import signal
from planbank.processes.bell import Bell
bell = Bell(signal.SIGTERM, wakes=(signal.SIGALRM,))
signal.setitimer(signal.ITIMER_REAL, 0.0001, 0.0001)
for _ in range(20_000):
    assert not bell.wait(0.001)
signal.setitimer(signal.ITIMER_REAL, 0)
signal.raise_signal(signal.SIGTERM)
assert bell.wait(60) and bell.rung
print("well")
"""


def test_it_is_heard_through_a_rain_of_other_signals() -> None:
    done = subprocess.run([sys.executable, "-c", RAIN], capture_output=True, text=True, timeout=120)
    assert done.stdout == "well\n", done.stderr


def test_a_signal_that_wakes_ends_one_wait_and_rings_nothing() -> None:
    before = signal.getsignal(signal.SIGUSR1)
    bell = Bell(wakes=(signal.SIGUSR1,))
    try:
        signal.raise_signal(signal.SIGUSR1)
        begun = time.monotonic()
        assert bell.wait(60) is False
        assert time.monotonic() - begun < 30
        assert bell.wait(0) is False
    finally:
        signal.signal(signal.SIGUSR1, before)
        bell.close()


def test_another_thread_may_ring() -> None:
    with closing(Bell()) as bell:
        threading.Timer(0.05, bell.ring).start()
        assert bell.wait(60)
        assert bell.wait(60), "it stays rung"
