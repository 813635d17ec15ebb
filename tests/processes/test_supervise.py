"""`planbank up`: children are kept, more slowly each time; what cannot run says why."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from planbank.config import Settings, load
from planbank.processes import supervise
from planbank.processes.home import prepare

NOWHERE = "postgresql://nobody@127.0.0.1:1/none?connect_timeout=1"

# In a process of its own: Django is set up once a process, and this one has the tests' database.
GOES_ON = """
import sys
from pathlib import Path

from planbank.commands.resting import bank_alone

with bank_alone(Path(sys.argv[1])):
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    steps = MigrationExecutor(connection)
    assert not steps.migration_plan(steps.loader.graph.leaf_nodes())
    print("no migration is left")
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load(home=tmp_path / "bank", database_url=NOWHERE, workers=1)


def planbank(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "planbank", *arguments],
        env=os.environ | env,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_as_many_work_processes_as_asked_for_else_one_per_core(settings: Settings, tmp_path: Path) -> None:
    assert supervise._names(settings) == ["gate", "web", "clock", "work"]
    every = supervise._names(load(home=tmp_path, workers=0))
    assert every.count("work") == os.cpu_count()


def test_told_to_end_while_it_starts_it_ends(tmp_path: Path) -> None:
    """Also while the cluster is made, recovers or the tables are brought up to date; the next start goes on.

    The promise is 10 s on a machine of its own; other tests run beside this one.
    """
    home = tmp_path / "bank"
    for pause in (0.2, 1.0, 2.0, 3.0):
        with (tmp_path / "log").open("wb") as log:
            running = subprocess.Popen(
                [sys.executable, "-m", "planbank", "up", "--home", str(home)],
                env=os.environ
                | {"PLANBANK_WEB_PORT": "0", "PLANBANK_DICOM_PORT": "0", "PLANBANK_WORKERS": "1"},
                stdout=log,
                stderr=log,
            )
        time.sleep(pause)  # a moment of its start, no synchronisation: any will do
        running.terminate()
        try:
            assert running.wait(30) in (0, -signal.SIGTERM), (tmp_path / "log").read_text()[-2000:]
        finally:
            running.kill()
            running.wait()
    assert not (home / "pg.new" / "postmaster.pid").exists()
    done = subprocess.run(
        [sys.executable, "-c", GOES_ON, str(home)], capture_output=True, text=True, timeout=120
    )
    assert done.stdout == "no migration is left\n", done.stderr


def test_up_without_its_database_says_so_and_ends(settings: Settings) -> None:
    done = planbank("up", "--home", str(settings.home), PLANBANK_DATABASE_URL=NOWHERE)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("The database does not answer.")


def test_a_second_up_in_one_home_says_so_and_ends(settings: Settings) -> None:
    with prepare(settings, demo=False):
        done = planbank("up", "--home", str(settings.home))
    assert done.returncode == 1
    assert "Another planbank runs" in done.stderr.splitlines()[-1]


def test_a_clock_that_can_be_moved_is_refused_in_a_real_home(settings: Settings, tmp_path: Path) -> None:
    prepare(settings, demo=False).close()
    for command in ("clock", "status"):
        done = planbank(command, "--home", str(settings.home), PLANBANK_CLOCK_FILE=str(tmp_path / "offset"))
        assert done.returncode == 1
        assert "PLANBANK_CLOCK_FILE" in done.stderr.splitlines()[-1]


def test_without_the_certificates_it_needs_nothing_starts(settings: Settings) -> None:
    """The way out is named, and no child fails again and again."""
    done = planbank("up", "--home", str(settings.home), PLANBANK_DICOM_TLS="only")
    assert done.returncode == 1
    assert "planbank certs" in done.stderr.splitlines()[-1]
    assert not (settings.home / "pg").exists()


@pytest.fixture
def alone(settings: Settings) -> Iterator[list[subprocess.Popen[bytes]]]:
    prepare(settings, demo=False).close()
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for process in started:
        if process.poll() is None:
            process.kill()
            process.wait()


def test_work_and_clock_end_when_told_though_the_database_is_away(
    settings: Settings, alone: list[subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    """They wait for the database, not for ever: SIGTERM ends them within 10 s."""
    env = os.environ | {"PLANBANK_HOME": str(settings.home), "PLANBANK_DATABASE_URL": NOWHERE}
    logs = {}
    for name in ("work", "clock"):
        logs[name] = tmp_path / f"{name}.log"
        with logs[name].open("wb") as log:
            alone.append(
                subprocess.Popen([sys.executable, "-m", "planbank", name], env=env, stderr=log, stdout=log)
            )
    deadline = time.monotonic() + 60
    while not all("database away" in log.read_text() for log in logs.values()):
        assert time.monotonic() < deadline, {name: log.read_text()[-500:] for name, log in logs.items()}
        time.sleep(0.1)
    for process in alone:
        process.send_signal(signal.SIGTERM)
    assert [process.wait(10) for process in alone] == [0, 0]
