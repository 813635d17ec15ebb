"""A child of `up`: kept, more slowly each time, ended, and never without its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from planbank.config import Settings, load
from planbank.processes import child as room
from planbank.processes.child import Child, end

SLEEPS = "import time; time.sleep(60)"
DEAF = "import signal, time; signal.signal(15, signal.SIG_IGN); print(flush=True); time.sleep(60)"
PARENT = """
import sys, time
from planbank.config import load
from planbank.processes.child import Child
child = Child("clock", load(home=sys.argv[1]))
child.start()
print(child.process.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load(home=tmp_path / "bank")


def test_one_that_ends_is_started_again_more_slowly_each_time(settings: Settings) -> None:
    child = Child("--version", settings)  # ends at once
    waits = []
    child.start()
    for _ in range(3):
        first = child.process
        assert first is not None
        first.wait(30)
        before = time.monotonic()
        child.keep()
        assert child.process is None, "it is not started in the same moment"
        waits.append(child._not_before - before)
        while child.process is None:
            child.keep()
            time.sleep(0.01)
        assert child.process is not first
    child.process.wait(30)
    assert waits == sorted(waits)
    assert waits[-1] > 2 * waits[0]


def test_one_that_lives_is_left_alone(settings: Settings) -> None:
    child = Child("clock", settings)
    child.process = running = subprocess.Popen([sys.executable, "-c", SLEEPS])
    child.keep()
    assert child.process is running
    end([child], ["clock"], 5.0)
    assert running.returncode == -signal.SIGTERM


def test_one_that_does_not_end_when_told_is_killed(settings: Settings) -> None:
    child = Child("work", settings)
    child.process = subprocess.Popen([sys.executable, "-c", DEAF], stdout=subprocess.PIPE)
    assert child.process.stdout is not None
    child.process.stdout.readline()
    end([child], ["work"], 0.5)
    assert child.process.returncode == -signal.SIGKILL
    child.process.stdout.close()


def test_a_machine_without_a_process_to_give_is_waited_for(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`up` goes on for the other children, and this one comes when there is room again."""

    def no_room(*_arguments: object, **_named: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    child = Child("--version", settings)
    with monkeypatch.context() as patch:
        patch.setattr(subprocess, "Popen", no_room)
        child.keep()
        assert child.process is None
        assert child._not_before > time.monotonic()
    while child.process is None:
        child.keep()
        time.sleep(0.01)
    assert child.process.wait(30) == 0


def test_it_is_a_session_of_its_own(settings: Settings) -> None:
    """Ctrl-C in a terminal reaches `up` alone, which ends all in their order."""
    child = Child("--version", settings)
    child.start()
    assert child.process is not None
    assert os.getsid(child.process.pid) == child.process.pid
    assert child.process.wait(30) == 0


def test_it_ends_with_its_parent_however_that_ends(settings: Settings) -> None:
    """SIGKILL of the parent: the kernel tells the child (prctl(2), PR_SET_PDEATHSIG)."""
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(settings.home)], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    with parent.stdout:
        child = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    try:
        child.wait(30)
    except psutil.TimeoutExpired:
        child.kill()
        raise
    except psutil.NoSuchProcess:
        pass


def test_one_born_to_a_parent_that_is_gone_does_not_begin() -> None:
    """Between its fork and its request to the kernel the parent may end: then nobody would tell it."""
    command = [sys.executable, "-c", "print('begun')"]
    born = [sys.executable, "-I", "-S", str(room._BORN)]
    for parent, said in ((os.getpid(), "begun\n"), (1 if os.getpid() != 1 else 2, "")):
        done = subprocess.run([*born, str(parent), *command], capture_output=True, text=True)
        assert (done.stdout, bool(done.returncode)) == (said, not said)


def test_only_the_main_thread_starts_children(settings: Settings) -> None:
    """The kernel ends a child when the thread that started it ends, not when its process does."""
    raised: list[BaseException] = []

    def start() -> None:
        try:
            Child("--version", settings).start()
        except RuntimeError as exc:
            raised.append(exc)

    thread = threading.Thread(target=start)
    thread.start()
    thread.join(30)
    assert len(raised) == 1
