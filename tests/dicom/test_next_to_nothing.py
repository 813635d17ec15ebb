"""A dot that stands for an empty ROI, and what is no dot any more (model.md, Trigger ROIs)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planbank.dicom.contours import Contours
from planbank.dicom.next_to_nothing import MOST_CC, next_to_nothing


def contours(*loops: np.ndarray, kind: str = "CLOSED_PLANAR", unreadable: int = 0) -> Contours:
    points = np.concatenate(loops) if loops else np.zeros((0, 3))
    offsets = np.cumsum([0, *(len(loop) for loop in loops)])
    return Contours(points.astype(float), offsets, (kind,) * len(loops), ("",) * len(loops), unreadable)


def square(side: float, z: float = 0.0) -> np.ndarray:
    return np.array([[0, 0, z], [side, 0, z], [side, side, z], [0, side, z]])


def test_points_are_nothing() -> None:
    assert next_to_nothing(contours(np.array([[1.0, 2, 3]]), kind="POINT"))
    assert next_to_nothing(contours())


def test_a_small_square_is_and_a_large_one_is_not() -> None:
    assert next_to_nothing(contours(square(4)))  # 16 mm2 x 5 mm = 0.08 cc
    assert not next_to_nothing(contours(square(5)))
    assert not next_to_nothing(contours(square(3), square(3, 20)))  # 20 mm between them
    assert next_to_nothing(contours(square(2), square(2, 3)))


def test_what_cannot_be_read_is_not_called_empty() -> None:
    assert not next_to_nothing(contours(square(1), unreadable=1))


@pytest.mark.parametrize("kind", ["", "CLOSED_PLANAR", "OPEN_PLANAR"])
def test_any_polygon_counts_whatever_it_is_called(kind: str) -> None:
    assert not next_to_nothing(contours(square(50), kind=kind))


@given(st.floats(0.1, 20), st.floats(0.5, 5), st.integers(1, 6), st.floats(0, np.pi))
def test_never_yes_for_more_than_the_limit(side: float, gap: float, slices: int, angle: float) -> None:
    """In any direction; a box of so many slices holds side x side x gap x slices."""
    turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    found = next_to_nothing(contours(*(square(side, k * gap) @ turn.T for k in range(slices))))
    assert not (found and side * side * gap * slices / 1000 > MOST_CC * 1.001)
