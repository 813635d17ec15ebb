"""Warming runs the real engine on a box with a known volume."""

from planbank.dose.warm import warm


def test_warm_runs_twice() -> None:
    assert warm() is None
    assert warm() is None
