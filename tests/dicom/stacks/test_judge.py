"""Complete, incomplete, or nobody can tell (R28, R195)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planbank.dicom.stacks import Slice, Stack, judge, split
from tests.dicom.stacks.slices_made import scan, slice_at


def stack_of(slices: list[Slice]) -> Stack:
    (stack,) = split(slices)
    return stack


def test_a_whole_scan_is_complete() -> None:
    found = judge(stack_of(scan(50)))
    assert (found.verdict, found.missing, found.reasons, found.spacing) == ("complete", 0, (), 3.0)


@given(
    count=st.integers(8, 60),
    spacing=st.sampled_from([0.625, 1.0, 2.5, 3.0, 5.0]),
    first=st.floats(-900, 900),
    data=st.data(),
)
def test_what_is_taken_from_the_middle_is_told_with_its_place(
    count: int, spacing: float, first: float, data: st.DataObject
) -> None:
    slices = scan(count, spacing, round(first, 2))
    lost = data.draw(st.sets(st.integers(1, count - 2), min_size=1, max_size=max(1, count // 5)))
    found = judge(stack_of([one for k, one in enumerate(slices) if k not in lost]))
    assert found.verdict == "incomplete"
    assert found.places == pytest.approx(sorted(slices[k].position or 0.0 for k in lost), abs=0.02)


def test_two_of_two_hundred_slices_near_one_place() -> None:
    slices = [one for k, one in enumerate(scan(200, 1.5, -180.0)) if k not in (45, 46)]
    found = judge(stack_of(slices))
    assert (found.verdict, found.missing) == ("incomplete", 2)
    assert found.places == pytest.approx((-112.5, -111.0))


def test_ends_are_missed_by_the_images_a_structure_set_names() -> None:
    slices = scan(20)
    named = {one.uid for one in slices}
    found = judge(stack_of(slices[2:]), named=named)
    assert (found.verdict, found.missing, found.places) == ("incomplete", 2, ())
    drawn = judge(stack_of(slices[2:]), named=named, drawn_at=[-100.0, -97.0, -94.0])
    assert drawn.places == pytest.approx((-100.0, -97.0))


def test_ends_are_missed_by_the_number_of_images_acquired() -> None:
    found = judge(stack_of(scan(20, expected=20)[:-3]))
    assert (found.verdict, found.missing, found.reasons) == ("incomplete", 3, ("fewer-than-acquired",))


def test_varying_spacing_by_itself_cannot_be_told_and_is_never_incomplete() -> None:
    places = [0.0, 3.0, 6.1, 9.7, 13.9, 18.2, 22.0, 25.1, 28.1]
    stack = stack_of([slice_at(z, k + 1) for k, z in enumerate(places)])
    found = judge(stack)
    assert (found.verdict, found.reasons) == ("cannot tell", ("irregular-spacing",))


def test_in_varying_spacing_a_number_that_is_skipped_is_missed() -> None:
    places = [0.0, 3.0, 6.1, 9.7, 13.9, 18.2, 22.0, 25.1, 28.1]
    slices = [slice_at(z, k + 1) for k, z in enumerate(places)]
    found = judge(stack_of(slices[:4] + slices[5:]))
    assert (found.verdict, found.missing, found.reasons) == ("incomplete", 1, ("number-gap",))
    assert found.places == pytest.approx(((9.7 + 18.2) / 2,))
    # ... unless another stack of the series has it.
    assert judge(stack_of(slices[:4] + slices[5:]), numbers=range(1, 10)).verdict == "cannot tell"


def test_thick_and_thin_parts_in_one_scan_are_no_gaps() -> None:
    """3 mm through the target, 6 mm outside it: a planner's protocol, not a loss."""
    thick = [slice_at(-60.0 + 6 * k) for k in range(10)]
    thin = [slice_at(3.0 * k) for k in range(8)]
    assert judge(stack_of([*thick, *thin])).verdict == "cannot tell"


def test_numbers_that_begin_late_cannot_be_told_unless_a_structure_set_names_all() -> None:
    slices = scan(20)[6:]
    assert judge(stack_of(slices)).reasons == ("numbers-begin-late",)
    assert judge(stack_of(slices), named={one.uid for one in slices}).verdict == "complete"


def test_one_image_alone_cannot_be_told_but_one_of_98_is_incomplete() -> None:
    one = scan(98)[40]
    assert judge(Stack((one,))).reasons == ("single-image",)
    assert judge(Stack((one,)), named={s.uid for s in scan(98)}).missing == 97


def test_images_twice_at_one_place_cannot_be_told() -> None:
    double = [slice_at(z, uid=f"1.{z}.{k}") for z in (0, 3, 6) for k in (1, 2)]
    assert judge(stack_of(double)).reasons == ("repeated-positions",)


def test_scouts_are_not_judged_and_an_enhanced_image_is_whole() -> None:
    assert judge(Stack((slice_at(0, localiser=True),))).verdict == "scout"
    assert judge(Stack((slice_at(0, frames=120),))).verdict == "complete"


@given(st.lists(st.floats(-500, 500), min_size=1, max_size=40))
def test_any_positions_at_all_get_a_verdict(places: list[float]) -> None:
    stack = stack_of([slice_at(z, uid=f"1.{k}") for k, z in enumerate(places)])
    found = judge(stack)
    assert found.verdict in ("complete", "incomplete", "cannot tell")
    assert (found.missing > 0) == (found.verdict == "incomplete")
