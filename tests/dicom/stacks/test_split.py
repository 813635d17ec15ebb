"""One series -> its stacks."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from planbank.dicom.stacks import split
from tests.dicom.stacks.slices_made import scan, slice_at


def sizes(slices: list) -> list[int]:  # type: ignore[type-arg]
    return [len(stack.slices) for stack in split(slices)]


def test_phases_of_a_4d_scan_stand_apart_and_in_order() -> None:
    phases = [one for phase in range(1, 11) for one in scan(5, marks=(str(phase),))]
    found = split(phases)
    assert [stack.mark for stack in found] == [f"phase {phase}" for phase in range(1, 11)]
    assert {len(stack.slices) for stack in found} == {5}


def test_scouts_inside_a_series_stand_apart() -> None:
    scouts = [slice_at(0, 1, localiser=True, cosines=(0, 1, 0, 0, 0, -1)), slice_at(0, 2, localiser=True)]
    assert sizes([*scan(6), *scouts]) == [6, 1, 1]


def test_echoes_and_b_values_at_the_same_places_stand_apart() -> None:
    echoes = [one for echo in "12" for one in scan(4, marks=("", echo))]
    assert sizes(echoes) == [4, 4]
    diffusion = [one for b in ("0", "50", "800") for one in scan(4, marks=("", "", b))]
    assert [stack.mark for stack in split(diffusion)] == ["b-value 0", "b-value 50", "b-value 800"]


def test_dixon_images_stand_apart_by_their_image_type() -> None:
    kinds = [one for kind in ("W", "F", "IP") for one in scan(4, marks=("", "", "", "", "1", kind))]
    assert sizes(kinds) == [4, 4, 4]


def test_an_acquisition_number_that_counts_slices_tells_nothing_apart() -> None:
    found = [replace(one, marks=("", "", "", "", str(k))) for k, one in enumerate(scan(8))]
    assert sizes(found) == [8]


def test_two_acquisitions_of_different_spacing_end_to_end_are_two_stacks() -> None:
    thorax = scan(10, 3.0, 0.0, marks=("", "", "", "", "1"))
    abdomen = scan(10, 5.0, 32.0, marks=("", "", "", "", "2"))
    assert sizes([*thorax, *abdomen]) == [10, 10]


def test_passes_without_any_mark_are_told_by_their_numbers() -> None:
    first = scan(5)
    second = [slice_at(one.position or 0.0, k + 6) for k, one in enumerate(first)]
    assert [stack.mark for stack in split([*first, *second])] == ["pass 1", "pass 2"]


def test_images_twice_at_one_place_with_nothing_to_tell_them_apart_stay_together() -> None:
    double = [slice_at(0, None, uid="a"), slice_at(0, None, uid="b"), slice_at(3), slice_at(6)]
    (stack,) = split(double)
    assert stack.repeated == [0.0]


def test_orientations_and_frames_stand_apart_and_images_without_a_place_in_none() -> None:
    sagittal = [slice_at(z, cosines=(0, 1, 0, 0, 0, -1)) for z in (0, 3)]
    other = [replace(one, frame_of_reference_uid="1.8") for one in scan(3)]
    lost = replace(slice_at(1), origin=None)
    assert sorted(sizes([*scan(4), *sagittal, *other, lost])) == [2, 3, 4]


@given(st.permutations([one for phase in "12" for one in scan(6, marks=(phase,))]))
def test_the_order_of_arrival_does_not_matter(slices: list) -> None:  # type: ignore[type-arg]
    assert split(slices) == split(sorted(slices, key=lambda one: (one.marks, one.number)))
