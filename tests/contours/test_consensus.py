"""Consensus and agreement of many observers: known volumes, STAPLE against its own definition by voxels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planbank.contours import agreement, compare, majority, staple
from planbank.contours.cells import cells_of
from planbank.contours.surface import surface_of
from planbank.errors import ExpressionError
from tests.contours.shapes import Array, ball, body, box

Z = np.arange(0.0, 30.0, 3.0)
STRIPS = [(0, 20), (5, 25), (10, 30), (12, 40)]
BODIES = [body(box((low, 0), (high, 20), Z)) for low, high in STRIPS]


def test_cells_tell_who_holds_what() -> None:
    cells = cells_of(BODIES[:3])
    held = dict(zip(cells.held.tolist(), cells.volumes.tolist(), strict=True))
    slice_ = 20 * 30
    assert held == pytest.approx(
        {0b001: 5 * slice_, 0b011: 5 * slice_, 0b111: 10 * slice_, 0b110: 5 * slice_, 0b100: 5 * slice_}
    )
    assert cells.box == pytest.approx(30 * slice_)


def test_a_majority_is_more_than_half() -> None:
    """Of 0-20, 5-25 and 10-30 mm two hold 5 to 25 mm; of the first two nobody's half is a majority."""
    three = majority(BODIES[:3])
    assert compare(BODIES[1], three.body).dsc == pytest.approx(1)
    assert compare(BODIES[1], three.body).hausdorff == pytest.approx(0, abs=1e-6)
    two = majority(BODIES[:2])
    assert two.body.volume == pytest.approx(15 * 20 * 30)
    assert majority([BODIES[0]]).body.volume == pytest.approx(BODIES[0].volume)


def test_agreement() -> None:
    found = agreement(BODIES[:3])
    np.testing.assert_allclose(found.volumes, 12)
    np.testing.assert_allclose(found.dsc, [[1, 0.75, 0.5], [0.75, 1, 0.75], [0.5, 0.75, 1]])
    assert found.conformity == pytest.approx((15 + 15 + 10) / (25 + 25 + 30))
    assert (found.common, found.encompassing) == pytest.approx((6, 18))
    none = agreement([body([]), body([])])
    assert none.conformity is None
    assert np.isnan(none.dsc).all()


def _staple_by_voxels(said: Array, volumes: Array, rounds: int = 2000) -> tuple[Array, Array, Array]:
    """STAPLE as published, on rows of decisions that each stand for a volume."""
    prior = float((volumes @ said).mean() / volumes.sum())
    p = q = np.full(said.shape[1], 0.95)
    for _ in range(rounds):
        a = prior * np.prod(np.where(said, p, 1 - p), axis=1)
        b = (1 - prior) * np.prod(np.where(said, 1 - q, q), axis=1)
        w = a / (a + b)
        p = np.clip((volumes * w) @ said / (volumes @ w), 1e-6, 1 - 1e-6)
        q = np.clip((volumes * (1 - w)) @ (~said) / (volumes @ (1 - w)), 1e-6, 1 - 1e-6)
    return w, p, q


def test_staple_is_what_was_published() -> None:
    """Strips along x: the same sum by voxels of a millimetre's tenth, prior and space alike."""
    found = staple(BODIES)
    x = np.arange(0, 40 * 1.25, 0.1) + 0.05
    said = np.array([[low < at < high for low, high in STRIPS] for at in x])
    w, p, q = _staple_by_voxels(said, np.ones(len(x)))
    assert found.sensitivity == pytest.approx(p, abs=1e-4)
    assert found.specificity == pytest.approx(q, abs=1e-4)
    assert found.body.volume == pytest.approx(0.1 * (w > 0.5).sum() * 20 * 30, rel=1e-6)


def test_staple_does_not_follow_one_that_is_far_off() -> None:
    good = [body(ball(20, 3, (shift, 0, 0))) for shift in (0, 0.5, -0.5, 1.0)]
    wild = body(ball(20, 3, (25, 0, 0)))
    found = staple([*good, wild])
    assert found.sensitivity is not None
    assert found.sensitivity[4] < found.sensitivity[:4].min()
    assert compare(good[0], found.body).dsc == pytest.approx(1, abs=0.03)
    assert found.body.flags == ()


def test_nobody_drew_anything() -> None:
    for made in (majority([body([])] * 3), staple([body([])] * 3)):
        assert made.body.volume == 0
        assert not len(surface_of(made.body).points)


def test_more_than_can_be_told_apart_is_refused() -> None:
    with pytest.raises(ExpressionError, match="63"):
        cells_of([BODIES[0]] * 64)


@settings(max_examples=15)
@given(
    centres=st.lists(
        st.tuples(st.floats(-6, 6), st.floats(-6, 6), st.integers(-1, 1).map(lambda n: 3.0 * n)),
        min_size=2,
        max_size=9,
    ),
    radius=st.floats(8, 15),
)
def test_laws(centres: list[tuple[float, float, float]], radius: float) -> None:
    """Cells sum to each volume; a consensus lies between what all and what any hold, whatever the order."""
    bodies = [body(ball(radius, 3, centre, points=40)) for centre in centres]
    cells = cells_of(bodies)
    held = cells.members()
    np.testing.assert_allclose(cells.volumes @ held, [one.volume for one in bodies], rtol=1e-9)
    assert cells.volumes.sum() <= cells.box * (1 + 1e-9)
    found = agreement(bodies)
    for made in (majority(bodies), majority(bodies[::-1]), staple(bodies)):
        volume = made.body.volume / 1000
        assert found.common - 1e-6 <= volume <= found.encompassing + 1e-6
    assert majority(bodies).body.volume == pytest.approx(majority(bodies[::-1]).body.volume, rel=1e-9)
    assert np.nanmin(found.dsc) >= 0
    assert np.nanmax(found.dsc) <= 1 + 1e-12
    np.testing.assert_allclose(found.dsc, found.dsc.T, rtol=1e-12)
    assert found.dsc[0, 1] == pytest.approx(compare(bodies[0], bodies[1]).dsc, abs=1e-9)


def test_what_both_of_two_hold_who_hardly_meet_is_in_the_consensus() -> None:
    """Their sensitivities come out so low that even odds want more than both: hypothesis found it."""
    bodies = [body(ball(8.0, 3, (x, 0.0, z), points=40)) for x, z in ((-5.0, -3.0), (5.0, 3.0))]
    found = agreement(bodies)
    assert found.common > 0.1
    made = staple(bodies)
    assert found.common - 1e-6 <= made.body.volume / 1000 <= found.encompassing + 1e-6
