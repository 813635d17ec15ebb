"""Doses of a bundle are right to 1 mGy wherever they lie (R97, R100)."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from planbank.dicom.dose_grid import GridGeometry
from planbank.dicom.geometry import axes_of
from planbank.scene.bundle.doses import WITHIN, pack_values

AXES = axes_of((1, 0, 0, 0, 1, 0))
SIZES = {"uint16": "<u2", "uint32": "<u4", "int16": "<i2", "int32": "<i4"}


def unpacked(about: dict[str, Any], blob: bytes) -> np.ndarray[Any, Any]:
    """As a browser reads it."""
    steps = np.frombuffer(zlib.decompress(blob), SIZES[about["dtype"]])
    rows = steps.reshape(len(about["positions"]), about["rows"], about["columns"])
    return np.cumsum(rows, axis=2, dtype=rows.dtype) * about["scale"]


def geometry(shape: tuple[int, ...]) -> GridGeometry:
    assert AXES is not None
    offsets = np.cumsum([0.0, *(2.5 + k % 2 for k in range(shape[0] - 1))])
    return GridGeometry(
        np.array([-10.5, 3.25, 7.0]), AXES, (2.0, 3.0), offsets, (shape[0], shape[1], shape[2])
    )


@given(
    arrays(np.float32, st.tuples(*[st.integers(1, 4)] * 3), elements=st.floats(-1, 1, width=32)),
    st.sampled_from([0.01, 2.0, 65.0, 131.0, 132.0, 900.0, 20_000.0]),
    st.booleans(),
)
def test_no_value_is_off_by_more_than_a_milligray(values: Any, top: float, signed: bool) -> None:
    gy = values.astype(np.float64) * top
    gy = gy if signed else np.abs(gy)
    about, blob = pack_values(gy, geometry(gy.shape))
    assert np.abs(unpacked(about, blob) - gy).max() <= WITHIN
    assert about["dtype"].startswith("u") == bool((gy >= 0).all())


def test_the_grid_stands_where_it_stood_and_uneven_planes_stay_uneven() -> None:
    about, _blob = pack_values(np.ones((4, 2, 3)), geometry((4, 2, 3)))
    assert about["origin"] == [-10.5, 3.25, 7.0] and about["spacing"] == [3.0, 2.0]
    assert about["positions"] == [0.0, 2.5, 6.0, 8.5]
    assert (about["rows"], about["columns"]) == (2, 3)


def test_r102_the_hottest_voxel_stands_where_it_is() -> None:
    values = np.zeros((4, 2, 3))
    values[2, 1, 2] = 7.0
    about, _blob = pack_values(values, geometry((4, 2, 3)))
    assert (about["max"], about["hottest"]) == (7.0, [-10.5 + 2 * 2.0, 3.25 + 3.0, 7.0 + 6.0])
