"""A dose of the bundle: whole steps of Gy on its own grid.

Comes in: dose grids, added (a dose of beams is one dose). Goes out: a `Packed` whose blob is zlib of
little-endian integers [planes][rows][columns], each voxel's difference to its left neighbour. No value is
off by more than 1 mGy.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from planbank.dose.sampling import field_of, sample
from planbank.errors import DicomUnsupported
from planbank.scene.bundle.parts import Packed, frame_mark, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from planbank.dicom.dose_grid import DoseGrid, GridGeometry

WITHIN = 1e-3
"""Gy by which a packed value may be off."""

ROUND = 1e-3
"""Gy per step where 16 bits have room: round steps pack to half the size of odd ones."""

COARSEST = 10_000
"""Steps that a dose has at least, however low it is."""

FINE = 1e-4
"""Gy per step of 32 bits, for doses that 16 bits cannot hold (brachytherapy)."""

NAMES = {"<u2": "uint16", "<u4": "uint32", "<i2": "int16", "<i4": "int32"}
"""numpy's names of little-endian integers, and those of descriptions."""


def pack_dose(grids: Sequence[DoseGrid], scales: Sequence[float]) -> Packed:
    """One dose: the sum of grids times their scales (Gy per unit).

    Grids whose voxels coincide are added as they are; others are read off at the voxels of the finest.
    Raises DicomUnsupported where they lie on different frames of reference.
    """
    frames = {grid.info.frame_of_reference_uid for grid in grids} - {""}
    if len(frames) > 1:
        raise DicomUnsupported("The doses to be added lie on different frames of reference.")
    geometry, values = added(grids, scales)
    about, blob = pack_values(values, geometry)
    return Packed(about, blob, frame_mark(next(iter(frames), "")))


def added(grids: Sequence[DoseGrid], scales: Sequence[float]) -> tuple[GridGeometry, NDArray[np.float64]]:
    """The grid and its values (planes, rows, columns) in Gy; beyond the others' edges their dose is none."""
    field = field_of(grids, scales)
    if len(field.grids) == 1:
        return field.grids[0].geometry, field.grids[0].values * np.float64(field.scales[0])
    finest = min(field.grids, key=_voxel).geometry
    found = on_grid(finest, lambda x, y, w: sample(field, finest.axes, x, y, w, cubic=True).dose)
    return finest, found


def on_grid(geometry: GridGeometry, dose: Any) -> NDArray[np.float64]:
    """`dose(x, y, w)` at every voxel of a grid, in its axes' coordinates, as (planes, rows, columns)."""
    corner = geometry.axes.matrix @ geometry.origin
    across = corner[0] + np.arange(geometry.shape[2]) * geometry.spacing[0]
    down = corner[1] + np.arange(geometry.shape[1]) * geometry.spacing[1]
    x, y = np.meshgrid(across, down)
    found: NDArray[np.float64] = dose(x.ravel(), y.ravel(), corner[2] + geometry.offsets)
    return found.reshape(geometry.shape)


def _voxel(grid: DoseGrid) -> float:
    offsets = grid.geometry.offsets
    between = float(np.median(np.diff(offsets))) if len(offsets) > 1 else 1.0
    return grid.geometry.spacing[0] * grid.geometry.spacing[1] * between


def pack_values(values: NDArray[Any], geometry: GridGeometry) -> tuple[dict[str, Any], bytes]:
    """Values in Gy as whole steps; the description says how many Gy a step is."""
    scale, dtype = step_of(float(values.min()), float(values.max()))
    steps = np.rint(np.asarray(values, np.float64) / scale).astype(dtype)
    plane, row, column = np.unravel_index(int(np.argmax(values)), values.shape)
    across, down, normal = geometry.axes.matrix
    hottest = geometry.origin + across * geometry.spacing[0] * column + down * geometry.spacing[1] * row
    hottest = hottest + normal * geometry.offsets[plane]
    left = steps.copy()
    left[..., 1:] -= steps[..., :-1]
    about = {
        **grid_of(geometry),
        "unit": "GY",
        "dtype": NAMES[dtype],
        "scale": scale,
        "predictor": "left",
        "max": round(float(values.max()), 4) + 0.0,
        "hottest": plain(hottest, 2),
    }
    return about, zlib.compress(left.tobytes(), 1)


def step_of(low: float, high: float) -> tuple[float, str]:
    """Gy per step, and the numpy type that holds all steps from `low` to `high`."""
    top = max(abs(low), abs(high), 1e-9)
    signed, room = low < 0, 32_767 if low < 0 else 65_535
    scale = max(top / room, min(ROUND, top / COARSEST))
    if scale / 2 <= WITHIN:
        return scale, "<i2" if signed else "<u2"
    return max(FINE, top / 2_000_000_000), "<i4" if signed else "<u4"


def grid_of(geometry: GridGeometry) -> dict[str, Any]:
    """Where the voxels lie, in the words of docs/reference/bundle.md."""
    return {
        "rows": geometry.shape[1],
        "columns": geometry.shape[2],
        "origin": plain(geometry.origin),
        "row": plain(geometry.axes.across, 9),
        "column": plain(geometry.axes.down, 9),
        "normal": plain(geometry.axes.normal, 9),
        "spacing": plain((geometry.spacing[1], geometry.spacing[0])),
        "positions": plain(geometry.offsets),
    }
