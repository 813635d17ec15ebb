"""Five hundred kills: `make soak`, before a release and every night."""

from __future__ import annotations

import pytest

from tests.journeys import kill_loop
from tests.journeys.kill_loop import Plans
from tests.journeys.live import Live

pytestmark = pytest.mark.soak
KILLS = 500


def test_five_hundred_kills(live: Live, tmp_path_factory: pytest.TempPathFactory, kill_seed: int) -> None:
    """I1, I2, I3, I5, I6, I8."""
    plans = Plans.make(tmp_path_factory.mktemp("set"), kill_seed)
    killed = kill_loop.run(live, plans, kill_seed, KILLS)
    now = kill_loop.assert_all_is_there_once(live, plans, killed.acknowledged)
    kill_loop.assert_work_is_done_once(live, now)
    kill_loop.assert_nothing_is_left_open(live, plans)
