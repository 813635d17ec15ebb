"""Kills while complete plans arrive, are filed, forwarded and told of (security.md, invariants I1-I6, I8).

`up` starts again what was killed, and at the end every acknowledged object is kept once, byte for
byte, every piece of work done once, and nothing taken effect twice outside. `make soak` does the same
with five hundred.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import psutil
import pytest

from tests.journeys import kill_effects, kill_loop
from tests.journeys.kill_effects import Effects
from tests.journeys.kill_loop import CHUNK, SECONDS_TO_HEAL, TARGETS, Killed, Plans
from tests.journeys.live import Live

KILLS = len(TARGETS) + 2


@pytest.fixture(scope="module")
def plans(tmp_path_factory: pytest.TempPathFactory, kill_seed: int) -> Plans:
    return Plans.make(tmp_path_factory.mktemp("set"), kill_seed)


@pytest.fixture(scope="module")
def effects(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Effects]:
    with kill_effects.around(Live(tmp_path_factory.mktemp("live") / "home")) as effects:
        yield effects


@pytest.fixture(scope="module")
def live(effects: Effects) -> Live:
    return effects.live


@pytest.fixture(scope="module")
def killed(effects: Effects, plans: Plans, kill_seed: int) -> Killed:
    return kill_loop.run(effects, plans, kill_seed, KILLS)


def test_nothing_is_lost_and_nothing_twice(live: Live, plans: Plans, killed: Killed) -> None:
    """I1, I2, I3, I5, I8: all acknowledged objects, once, byte-identical; rows, objects, journal agree."""
    now = kill_loop.assert_all_is_there_once(live, plans, killed.acknowledged)
    kill_loop.assert_work_is_done_once(live, now)


def test_what_left_the_bank_left_it_once(effects: Effects, plans: Plans, killed: Killed) -> None:
    """I4: forwards, firings and mails, each with what a kill can at most double and nothing lost."""
    kill_effects.assert_all_was_forwarded_once(effects, plans.parts(), killed.struck.total())
    kill_effects.assert_triggers_fired_once(effects)
    kill_effects.assert_each_mail_went_once(effects, killed.struck.total())


def test_every_part_was_struck(killed: Killed) -> None:
    assert killed.struck.total() == KILLS
    assert set(killed.struck) == set(kill_loop.TARGETS)


def test_nothing_unfinished_is_left_in_the_folders(live: Live, plans: Plans, killed: Killed) -> None:
    kill_loop.assert_nothing_is_left_open(live, plans)


def test_the_search_for_plain_text_finds_it(live: Live, plans: Plans, killed: Killed) -> None:
    """The search of I6 can fail: a data set that lay open in the transit area would be seen."""
    open_one = live.home / "transit" / "incoming" / "open"
    open_one.write_bytes(plans.files[0].read_bytes())
    try:
        assert kill_loop.plaintext(live, plans.canaries) == ["open"]
    finally:
        open_one.unlink()


def test_a_killed_database_is_started_again(live: Live, plans: Plans, killed: Killed) -> None:
    """The gate goes on acknowledging; what came meanwhile is registered when the database is back."""
    before = live.status()
    postmaster = int((live.home / "pg" / "postmaster.pid").read_text().split("\n")[0])
    os.kill(postmaster, signal.SIGKILL)
    node = f"127.0.0.1:{live.dicom_port}"
    live.planbank("send", *map(str, plans.files[:CHUNK]), "--to", node, "--calling", "DEMO_TPS")
    live.until(lambda: live.run("status").returncode == 0, SECONDS_TO_HEAL, "no database")
    after = live.settled(SECONDS_TO_HEAL)
    assert after["submissions"] == before["submissions"] + CHUNK
    assert after["versions"] == before["versions"]
    live.until(lambda: live.get("/sign-in/")[0] == 200, 30, "the site does not come back")


def test_a_killed_up_takes_all_with_it_and_a_new_one_goes_on(
    live: Live, plans: Plans, killed: Killed
) -> None:
    """Children and database end by themselves; the next `up` in the same home loses nothing."""
    before = live.status()
    live.kill_up()
    assert not [p for p in psutil.process_iter() if str(live.home / "pg") in " ".join(_words(p))]
    live.up()
    node = f"127.0.0.1:{live.dicom_port}"
    live.planbank("send", str(plans.files[0]), "--to", node, "--calling", "DEMO_TPS")
    after = kill_loop.assert_all_is_there_once(live, plans, killed.acknowledged)
    assert after == before | {"submissions": before["submissions"] + 1}


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
