"""Directions from direction cosines."""

from __future__ import annotations

import numpy as np
import pytest

from planbank.dicom.geometry import axes_of


def test_rounded_cosines_become_exact_axes() -> None:
    axes = axes_of((0.8003, 0, 0.6, 0.001, 1, 0))
    assert axes is not None
    np.testing.assert_allclose(axes.matrix @ axes.matrix.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(axes.matrix) == pytest.approx(1)


@pytest.mark.parametrize(
    "cosines",
    [None, (1, 0, 0), (0, 0, 0, 0, 0, 0), (1, 0, 0, 1, 0, 0), (2, 0, 0, 0, 1, 0), (1, 0, 0, 0.5, 0.87, 0)],
)
def test_what_are_no_directions(cosines: tuple[float, ...] | None) -> None:
    assert axes_of(cosines) is None


def test_parallel() -> None:
    one, same, other = (
        axes_of(c) for c in ((1, 0, 0, 0, 1, 0), (1, 0.001, 0, 0, 1, 0), (-1, 0, 0, 0, -1, 0))
    )
    assert one is not None and same is not None and other is not None
    assert one.parallel(same)
    assert not one.parallel(other)
