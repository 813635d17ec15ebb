"""Hundreds of kills: `make soak`, before a release and every night."""

from __future__ import annotations

import pytest

from tests.journeys import kill_effects, kill_loop
from tests.journeys.kill_loop import Plans
from tests.journeys.live import Live

pytestmark = pytest.mark.soak


def test_many_kills(tmp_path_factory: pytest.TempPathFactory, kill_seed: int, kills: int) -> None:
    """I1 to I6, I8."""
    plans = Plans.make(tmp_path_factory.mktemp("set"), kill_seed)
    with kill_effects.around(Live(tmp_path_factory.mktemp("live") / "home")) as effects:
        killed = kill_loop.run(effects, plans, kill_seed, kills)
        now = kill_loop.assert_all_is_there_once(effects.live, plans, killed.acknowledged)
        kill_loop.assert_work_is_done_once(effects.live, now)
        kill_loop.assert_nothing_is_left_open(effects.live, plans)
        kill_effects.assert_all_was_forwarded_once(effects, plans.parts(), killed.struck.total())
        kill_effects.assert_triggers_fired_once(effects)
        kill_effects.assert_each_mail_went_once(effects, killed.struck.total())
