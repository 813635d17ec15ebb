"""What a beam sees: IEC 61217 sides, and leaves that leave the target open."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planbank.demo.patients.objects.apertures import SOURCE_AXIS, beam_view, fit, leaf_boundaries

ISO = (10.0, -5.0, 20.0)


@pytest.mark.parametrize(
    ("gantry", "offset", "across"),
    [(0, (30, 0, 0), 30), (180, (30, 0, 0), -30), (90, (0, 30, 0), 30), (270, (0, 30, 0), -30)],
)
def test_sides(gantry: float, offset: tuple[float, float, float], across: float) -> None:
    """At 0 the patient's left is +x; at 90, seen from the patient's left, the back is."""
    (view,) = beam_view(np.add([ISO], [offset]), ISO, gantry, 0)
    assert view == pytest.approx([across, 0], abs=1e-6)


def test_what_is_nearer_to_the_source_is_larger() -> None:
    (near,) = beam_view(np.add([ISO], [(30, -100, 0)]), ISO, 0, 0)
    assert near[0] == pytest.approx(30 * SOURCE_AXIS / (SOURCE_AXIS - 100))


@given(seed=st.integers(0, 10_000), pairs=st.sampled_from([40, 60]), collimator=st.floats(0, 360))
def test_the_target_lies_within_leaves_and_jaws(seed: int, pairs: int, collimator: float) -> None:
    points = np.random.default_rng(seed).uniform(-60, 60, (200, 3)) + ISO
    view, boundaries = beam_view(points, ISO, 35, collimator), leaf_boundaries(pairs)
    aperture = fit(view, boundaries)
    assert len(boundaries) == pairs + 1
    index = np.searchsorted(boundaries, view[:, 1], side="right") - 1
    assert np.all(aperture.leaves[index] < view[:, 0])
    assert np.all(view[:, 0] < aperture.leaves[index + pairs])
    assert aperture.x[0] <= view[:, 0].min() < view[:, 0].max() <= aperture.x[1]
    assert aperture.y[0] <= view[:, 1].min() < view[:, 1].max() <= aperture.y[1]
