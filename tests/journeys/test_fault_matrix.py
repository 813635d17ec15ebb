"""The fault matrix (security.md), rows 16 to 19, 22 and 23, in a running bank.

Parcels are damaged, the database goes away, is cut, or is last night's, the clock is moved, one
object comes many times (rows 1 to 10 and 15: test_faults.py).

The database is kept away by taking one of its files aside, so that `up` cannot start it again, however
long the test takes; no time is waited for.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from planbank.embedded import EmbeddedPostgres, socket_url
from planbank.embedded.postgres import _binary
from tests.gate.raw_peer import CT, EXPLICIT, SUCCESS, Part10, Peer
from tests.journeys.live import Live
from tests.journeys.objects import archived
from tests.sending import ct, encoded

SECONDS_TO_HEAL = 60
SEED = 20261123


def objects(count: int, first: int = 1) -> list[Part10]:
    found = []
    for number in range(first, first + count):
        uid = f"1.2.826.17.{number}"
        ds = ct(SOPInstanceUID=uid, InstanceNumber=str(number))
        found.append(Part10(CT, uid, EXPLICIT, encoded(ds)))
    return found


def send(live: Live, parts: list[Part10], calling: str = "DEMO_TPS") -> None:
    """Every object is acknowledged."""
    with Peer("127.0.0.1", live.dicom_port, calling) as peer:
        peer.associate([(CT, [EXPLICIT])])
        for part in parts:
            assert peer.store(1, CT, part.sop_instance_uid, part.data) == SUCCESS
        peer.release()


def parcels(live: Live, folder: str = "incoming") -> int:
    return len(list((live.home / "transit" / folder).glob("*.parcel")))


def assert_all_kept(live: Live, parts: list[Part10]) -> dict[str, int]:
    now = live.settled(SECONDS_TO_HEAL, deep=True)
    kept = archived(live.home)
    for part in parts:
        assert kept[part.sop_instance_uid] == [part]
    assert now["in_transit"] == now["outcomes_failed"] == now["jobs_failed"] == 0
    return now


def answers(live: Live) -> bool:
    try:
        psycopg.connect(socket_url(live.home), connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def test_the_gate_goes_on_while_the_database_is_away_and_the_backlog_drains(live: Live) -> None:
    """However long: nothing is refused, nothing is lost, and nobody has to do anything."""
    before, after = objects(20), objects(40, first=101)
    send(live, before)
    live.settled(SECONDS_TO_HEAL)
    postmaster = int((live.home / "pg" / "postmaster.pid").read_text().split("\n")[0])
    control = live.home / "pg" / "global" / "pg_control"
    aside = control.with_name("pg_control.aside")
    control.rename(aside)
    try:
        os.kill(postmaster, signal.SIGKILL)
        live.until(
            lambda: "the embedded database does not start" in live.log_end(40_000), 60, "it is not tried"
        )
        assert not answers(live)
        known = live.pids("work")
        send(live, after[:20])
        for pid in live.pids("work")[:1]:
            os.kill(pid, signal.SIGKILL)  # and a work process is started anew without a database
        live.until(lambda: len(live.pids("work")) == 2 and live.pids("work") != known, 60, "work is not kept")
        send(live, after[20:])
        assert parcels(live) == 40
        assert live.pids("gate") and live.get("/healthz")[0] == 503
    finally:
        aside.rename(control)
    live.until(lambda: answers(live), SECONDS_TO_HEAL, "the database is not started again")
    live.until(lambda: parcels(live) == 0, SECONDS_TO_HEAL, "the backlog does not drain")
    now = assert_all_kept(live, [*before, *after])
    assert now["submissions"] == now["versions"] == 60


def test_connections_cut_at_random_while_objects_arrive(live: Live) -> None:
    """pg_terminate_backend, also inside a commit: what was cut is done again, once."""
    parts, enough, cut = objects(300, first=1001), threading.Event(), [0]
    before = live.status()

    def cutter() -> None:
        chance = random.Random(SEED)
        while not enough.wait(chance.uniform(0.0, 0.08)):
            try:
                with psycopg.connect(socket_url(live.home), autocommit=True, connect_timeout=5) as connection:
                    pids = connection.execute(
                        "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'"
                        " AND pid <> pg_backend_pid() ORDER BY pid"
                    ).fetchall()
                    if pids:
                        connection.execute("SELECT pg_terminate_backend(%s)", [chance.choice(pids)[0]])
                        cut[0] += 1
            except psycopg.OperationalError:
                continue

    thread = threading.Thread(target=cutter)
    thread.start()
    try:
        for at in range(0, len(parts), 30):
            send(live, parts[at : at + 30])
        live.until(lambda: parcels(live) < 200 and cut[0] > 50, 120, "nothing is registered between the cuts")
    finally:
        enough.set()
        thread.join()
    now = assert_all_kept(live, parts)
    assert now["submissions"] - before["submissions"] == len(parts)
    assert now["versions"] - before["versions"] == len(parts)


def test_last_nights_database_with_todays_objects(live: Live, tmp_path: Path) -> None:
    """Fault 23: each difference is listed, nothing is deleted; and the other way round too."""
    send(live, objects(3, first=5001))
    live.settled(SECONDS_TO_HEAL)
    dump, today = tmp_path / "planbank.dump", objects(4, first=6001)
    pg("pg_dump", live, "--format", "custom", "--file", str(dump), "planbank")
    send(live, today)
    live.settled(SECONDS_TO_HEAL, deep=True)
    kept = archived(live.home)
    live.down()
    with alone(live.home):
        pg("dropdb", live, "--force", "planbank")
        pg("createdb", live, "planbank")
        pg("pg_restore", live, "--dbname", "planbank", str(dump))
        said = live.run("check")
    assert said.returncode == 1
    faults = [line for line in said.stdout.splitlines() if line.endswith("has no row")]
    assert len(faults) == len(today)
    for part in today:
        [name] = [p.name for p in (live.home / "archive" / "objects").rglob("*") if _holds(p, part)]
        assert any(name[:16] in fault for fault in faults), "each is named by its hash"
    assert archived(live.home) == kept, "nothing is deleted"
    live.up()
    assert live.run("check").returncode == 1, "nor does a start delete it, or make it right"
    assert archived(live.home) == kept
    lost = next((live.home / "archive" / "objects").rglob(faults[0].split()[2] + "*"))
    send(live, today)
    live.settled(SECONDS_TO_HEAL, deep=True)
    lost.rename(tmp_path / "lost")
    said = live.run("check")
    assert (said.returncode, f"object {lost.name[:16]} has a row and is missing" in said.stdout) == (1, True)
    (tmp_path / "lost").rename(lost)
    assert live.run("check", "--deep").returncode == 0


def _holds(path: Path, part: Part10) -> bool:
    return path.is_file() and path.read_bytes().endswith(part.data)


class alone:  # noqa: N801 - reads as what it is
    """The database of a home without anything else."""

    def __init__(self, home: Path) -> None:
        self.server = EmbeddedPostgres(home)

    def __enter__(self) -> None:
        self.server.start()

    def __exit__(self, *_: object) -> None:
        self.server.stop()


def pg(tool: str, live: Live, *arguments: str) -> None:
    """A tool of PostgreSQL, as the documentation says to use it."""
    url = socket_url(live.home)
    host = psycopg.conninfo.conninfo_to_dict(url)["host"]
    command = [str(_binary(tool)), "--host", str(host), "--username", "planbank", *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


# --- the clock


@pytest.fixture
def moved(tmp_path: Path) -> Iterator[tuple[Live, Path]]:
    """A bank in a home for tests, whose clock a file moves."""
    live, clock = Live(tmp_path / "home"), tmp_path / "clock"
    live.home.mkdir()
    (live.home / "test").touch()
    clock.write_text("0")
    live.env["PLANBANK_CLOCK_FILE"] = str(clock)
    try:
        live.up()
        live.apply()
        yield live, clock
    finally:
        live.down()


def across_dst() -> float:
    """Seconds from now to the last Sunday of March next year, 01:30 UTC: just past the change."""
    year = datetime.now(UTC).year + 1
    day = datetime(year, 3, 31, 1, 30, tzinfo=UTC)
    day -= timedelta(days=(day.weekday() + 1) % 7)
    return (day - datetime.now(UTC)).total_seconds()


def test_a_clock_that_is_moved_loses_and_ends_nothing(moved: tuple[Live, Path]) -> None:
    """Fault 22: forward 400 days, back two years, across the change to summer time."""
    live, clock = moved
    parts = objects(12)
    send(live, objects(1, first=900), calling="STRANGER")
    live.settled(SECONDS_TO_HEAL)
    for number, seconds in enumerate((400 * 86400, -2 * 365 * 86400, across_dst(), 0)):
        clock.write_text(str(seconds))
        send(live, parts[3 * number : 3 * number + 3])
        now = live.settled(SECONDS_TO_HEAL)
        assert now["submissions"] == 3 * number + 3
        assert (now["quarantined"], parcels(live, "quarantine")) == (1, 1), "nothing is deleted early"
    live.set_password("mette", "a long enough password 7")
    assert live.sign_in("mette", "a long enough password 7").get("/account/")[0] == 200
    now = assert_all_kept(live, parts)
    assert now["versions"] == 12


def test_a_truncated_a_flipped_and_a_swapped_parcel_are_set_aside(live: Live) -> None:
    """Fault 16: authentication fails, quarantined, journalled; the others go on."""
    before = live.status()
    for pid in live.pids("work"):
        os.kill(pid, signal.SIGSTOP)
    send(live, objects(5, first=7001))
    folder = live.home / "transit" / "incoming"
    names = sorted(folder.glob("*.parcel"))
    names[0].write_bytes(names[0].read_bytes()[:-100])
    flipped = bytearray(names[1].read_bytes())
    flipped[len(flipped) // 2] ^= 1
    names[1].write_bytes(flipped)
    third, fourth = names[2].read_bytes(), names[3].read_bytes()
    names[2].write_bytes(fourth)
    names[3].write_bytes(third)
    for pid in live.pids("work"):
        os.kill(pid, signal.SIGCONT)
    now = live.settled(SECONDS_TO_HEAL, deep=True)
    assert now["submissions"] == before["submissions"] + 1
    assert now["quarantined"] == before["quarantined"] + 4
    with psycopg.connect(socket_url(live.home)) as connection:
        query = (
            "SELECT count(*) FROM journal_entry WHERE action = 'set aside' AND detail->>'reason' = 'damaged'"
        )
        row = connection.execute(query).fetchone()
    assert row is not None and row[0] >= 4, "I5: each is in the journal"


def test_the_same_instance_fifty_times_in_parallel_is_one(live: Live) -> None:
    """Fault 18."""
    before, [part] = live.status(), objects(1, first=8001)
    threads = [threading.Thread(target=send, args=(live, [part])) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    now = live.settled(SECONDS_TO_HEAL, deep=True)
    assert now["submissions"] - before["submissions"] == 50
    assert now["versions"] - before["versions"] == now["instances"] - before["instances"] == 1
    assert archived(live.home)[part.sop_instance_uid] == [part]


def test_the_same_uid_with_other_content_is_a_new_version(live: Live) -> None:
    """Fault 19: none is lost."""
    before, [part] = live.status(), objects(1, first=8101)
    data = encoded(ct(SOPInstanceUID=part.sop_instance_uid, InstanceNumber="999"))
    other = Part10(CT, part.sop_instance_uid, EXPLICIT, data)
    send(live, [part, other, part])
    now = live.settled(SECONDS_TO_HEAL, deep=True)
    assert now["instances"] - before["instances"] == 1
    assert now["versions"] - before["versions"] == 2
    kept = archived(live.home)[part.sop_instance_uid]
    assert sorted(kept, key=lambda one: one.data) == sorted([part, other], key=lambda one: one.data)
