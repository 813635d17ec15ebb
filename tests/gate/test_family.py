"""Several processes and their parent; with a real gate in them see test_main.py."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import json, os, signal, sys, threading, time
from planbank.gate.family import Family

class Board:
    def publish(self, name, content):
        print(json.dumps([name, content["pid"] == os.getpid(), len(content.get("open", []))]), flush=True)

    def sweep(self):
        print('"swept"', flush=True)
        return 0

class Child:
    def __init__(self, seat, board):
        self.seat, self.board, self.ended = seat, board, threading.Event()
    def serve(self):
        {serve}
        self.ended.wait()
    def stop(self):
        self.ended.set()

family = Family(2, Child, Board())
signal.signal(signal.SIGALRM, lambda *_: family.stop())
signal.setitimer(signal.ITIMER_REAL, {seconds})
family.run(lambda: print('"closed"', flush=True))
"""


def run(serve: str, seconds: float) -> list[str]:
    """What is printed by a family whose children serve like this."""
    program = PROGRAM.format(serve=serve, seconds=seconds)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_what_children_say_is_merged_and_gone_with_them() -> None:
    said = run(
        'self.board.publish("associations", {"open": [{"id": str(self.seat)}] * (self.seat + 1)})', 4.0
    )
    assert '["associations", true, 3]' in said
    assert said[-2:] == ['"closed"', '["associations", true, 0]']


def test_the_port_is_told_with_the_pid_of_the_parent() -> None:
    assert run('self.board.publish("gate", {"port": 1})', 2.0)[:2] == ['["gate", true, 0]'] * 2


def test_children_that_die_young_come_back_ever_more_slowly() -> None:
    said = run('self.board.publish("gate", {"port": 1}); os._exit(3)', 3.0)
    assert said.count('"swept"') in (said.count('["gate", true, 0]'), said.count('["gate", true, 0]') - 1)
    assert 3 <= said.count('["gate", true, 0]') <= 20


def test_a_child_that_does_not_end_is_killed() -> None:
    serve = "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM]); self.stop = lambda: None"
    shorter = "import planbank.gate.family as room; room._END_SECONDS = 0.2; family.run"
    program = PROGRAM.replace("family.run", shorter).format(serve=serve, seconds=0.5)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
