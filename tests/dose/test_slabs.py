"""What each plane stands for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planbank.dose.slabs import slabs, usual_spacing


def test_even_planes_reach_half_a_slice_beyond_themselves() -> None:
    stack = slabs([0, 3, 6], 3)
    assert [(s.low, s.high) for s in stack.slabs] == [(-1.5, 1.5), (1.5, 4.5), (4.5, 7.5)]
    assert stack.flags == ()


@pytest.mark.parametrize(("caps", "total"), [("slab", 9.0), ("half", 7.5), ("none", 6.0)])
def test_end_caps_by_name(caps: str, total: float) -> None:
    assert sum(s.thickness for s in slabs([0, 3, 6], 3, end_caps=caps).slabs) == pytest.approx(total)  # type: ignore[arg-type]


def test_a_missing_plane_is_a_break_and_what_filling_it_would_add_is_told() -> None:
    stack = slabs([0, 3, 9, 12], 3)
    assert sum(s.thickness for s in stack.slabs) == pytest.approx(12)
    assert stack.bridged == ((1, 1.5),)
    assert stack.flags == ("gap",)


def test_drawn_on_every_second_slice_is_continuous_and_told() -> None:
    stack = slabs([0, 6, 12], 3)
    assert stack.spacing == 6
    assert stack.flags == ("every-nth-slice",)
    assert sum(s.thickness for s in stack.slabs) == pytest.approx(18)


def test_lone_planes_take_the_usual_spacing() -> None:
    assert slabs([5], 3).slabs[0].thickness == 3
    assert slabs([5], 3, end_caps="none").slabs[0].thickness == 3
    far = slabs([0, 30], 3)
    assert [s.thickness for s in far.slabs] == [3, 3]
    assert "lone-slice" in far.flags


def test_an_unknown_spacing_is_assumed_and_told() -> None:
    assert slabs([5], None).flags == ("lone-slice", "spacing-assumed")


def test_usual_spacing_is_the_commonest_of_all_rois() -> None:
    assert usual_spacing([np.array([0, 2, 4]), np.array([1, 7]), np.array([3])]) == pytest.approx(2)
    assert usual_spacing([np.array([3.0])]) is None


@given(st.lists(st.floats(-300, 300), min_size=1, max_size=30, unique_by=lambda v: round(v, 1)))
def test_slabs_never_overlap_and_hold_their_plane(positions: list[float]) -> None:
    ordered = sorted(positions)
    stack = slabs(ordered, 3.0)
    for position, slab in zip(ordered, stack.slabs, strict=True):
        assert slab.low <= position <= slab.high
    for below, above in zip(stack.slabs, stack.slabs[1:], strict=False):
        assert below.high <= above.low + 1e-9
