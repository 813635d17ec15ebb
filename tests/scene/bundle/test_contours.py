"""Contours of a bundle: within 0.01 mm, whatever their reach; what cannot be drawn is listed (R84, R100)."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from planbank.dicom.contours import Contours
from planbank.dicom.structure_set import NO_CONTOURS, Roi, StructureSet
from planbank.scene.bundle.contours import pack_structures


def roi(number: int, contours: Contours, frame: str = "1.2") -> Roi:
    return Roi(number, f"R{number}", "ORGAN", "", (255, 128, 0), frame, contours)


def contours(*each: Any, kinds: tuple[str, ...] = ()) -> Contours:
    points = [np.asarray(one, float) for one in each]
    offsets = np.cumsum([0, *map(len, points)])
    types = kinds or ("CLOSED_PLANAR",) * len(points)
    return Contours(np.concatenate(points), offsets, types, ("",) * len(points))


def structure_set(*rois: Roi) -> StructureSet:
    return StructureSet("1.9", "", "", "", "", "1.2", rois)


def points_of(about: dict[str, Any], blob: bytes) -> np.ndarray[Any, Any]:
    """As a browser reads them."""
    kind = {"int16": "<i2", "int32": "<i4"}[about["dtype"]]
    steps = np.frombuffer(zlib.decompress(blob), kind).reshape(-1, 3)
    return np.array(about["origin"]) + steps / about["steps"]


@given(
    st.lists(st.tuples(*[st.floats(-1, 1)] * 3), min_size=3, max_size=20),
    st.sampled_from([1.0, 600.0, 700.0, 9000.0]),
)
def test_no_point_is_off_by_more_than_a_hundredth_of_a_millimetre(points: Any, reach: float) -> None:
    mm = np.array(points) * reach
    (packed,) = pack_structures(structure_set(roi(1, contours(mm)))).items
    assert np.abs(points_of(packed.about, packed.blob) - mm).max() <= 0.01 + 1e-9
    assert packed.about["rois"][0]["contours"] == [[0, len(mm)]]


def test_points_and_open_lines_are_not_closed_and_empty_rois_say_why() -> None:
    square = [(0, 0, 5), (9, 0, 5), (9, 9, 5), (0, 9, 5)]
    mixed = contours(square, [(1, 2, 3)], square[:3], kinds=("CLOSED_PLANAR", "POINT", "OPEN_PLANAR"))
    unreadable = Contours(np.empty((0, 3)), np.zeros(1, np.int64), (), (), unreadable=2)
    (packed,) = pack_structures(structure_set(roi(1, mixed), roi(2, NO_CONTOURS), roi(3, unreadable))).items
    first, second, third = packed.about["rois"]
    assert (
        first["contours"] == [[0, 4]] and first["open"] == [[4, 1], [5, 3]] and first["colour"] == "#ff8000"
    )
    assert (second["empty"], second["why"]) == (True, "nothing-drawn")
    assert (third["empty"], third["why"]) == (True, "unreadable")


def test_rois_of_another_frame_of_reference_stand_apart() -> None:
    square = contours([(0, 0, 5), (9, 0, 5), (9, 9, 5)])
    here, there = pack_structures(structure_set(roi(1, square, ""), roi(2, square, "1.3"))).items
    assert here.frame != there.frame
    assert [one["number"] for one in there.about["rois"]] == [2]


def test_r102_a_gap_within_a_roi_is_said_with_its_place_and_the_ends_of_a_roi_are_none() -> None:
    square = np.array([(0, 0, 0), (9, 0, 0), (9, 9, 0), (0, 9, 0)], float)

    def at(x: float, *positions: float) -> Contours:
        return contours(*(square + np.array((x, 0.0, z)) for z in positions))

    broken, whole, lone = at(30, 0.0, 3.0, 6.0, 15.0, 18.0), at(0, 0.0, 3.0, 6.0, 9.0), at(0, 30.0)
    (packed,) = pack_structures(structure_set(roi(1, broken), roi(2, whole), roi(3, lone))).items
    assert [one["gaps"] for one in packed.about["rois"]] == [[[34.5, 4.5, 10.5]], [], []]
