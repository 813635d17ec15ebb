"""The bench of triggers measures what it says: one of each kind fires, and some nearly do."""

from __future__ import annotations

from bench.triggers import trial


def test_what_is_measured() -> None:
    objects, rois = trial.plan_set()
    found = trial.looked(trial.both(40), rois, objects)
    assert [one.what for one in found].count("fires") == 2
    assert any(one.what == "near miss" for one in found)
