"""Three planes through a point of a volume: for the report of a plan.

Comes in: a volume of a bundle and a point (mm). Goes out: planes along its rows, columns and slices, and
their pixels, read off slice by slice. Between slices the value is interpolated; where slices are missing
nothing is made up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from planbank.dicom.geometry import Axes
from planbank.dicom.images import modal_spacing
from planbank.scene.bundle.opened import axes_in
from planbank.scene.plane import Frame

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planbank.scene.bundle.opened import Volume

Name = Literal["axial", "coronal", "sagittal", "oblique"]
APART = 1.75
"""Times the usual distance of slices beyond which one is missing between them."""


@dataclass(frozen=True, slots=True)
class Plane:
    """`name` by the direction that it is looked at from."""

    name: Name
    frame: Frame


def planes_of(about: dict[str, Any], point: NDArray[np.float64]) -> list[Plane]:
    """The slice nearest to the point, then the planes along rows and along columns through it."""
    axes, origin = axes_in(about), np.array(about["origin"])
    positions = np.array(about["positions"])
    across, down = float(about["spacing"][1]), float(about["spacing"][0])
    local = axes.matrix @ (point - origin)
    at = positions[np.argmin(np.abs(positions - local[2]))]
    column = float(np.clip(local[0], 0, (about["columns"] - 1) * across))
    row = float(np.clip(local[1], 0, (about["rows"] - 1) * down))
    slice_ = Frame(origin + at * axes.normal, axes, (across, down), (about["rows"], about["columns"]))
    upright, start, length = _upright(axes, positions)
    height = max(2, int(length / across) + 1)
    along_row = _frame(
        axes.across, upright, origin + row * axes.down + start, across, height, about["columns"]
    )
    width = int((about["rows"] - 1) * down / across) + 1
    along_column = _frame(axes.down, upright, origin + column * axes.across + start, across, height, width)
    return [Plane(_name(one), one) for one in (slice_, along_row, along_column)]


def _upright(axes: Axes, positions: NDArray[np.float64]) -> tuple[NDArray[np.float64], Any, float]:
    """The direction down the picture (the head is up), where it starts along the normal, and its length."""
    length = float(positions[-1] - positions[0])
    if axes.normal[2] > 0:
        return -axes.normal, positions[-1] * axes.normal, length
    return axes.normal, positions[0] * axes.normal, length


def _frame(
    across: NDArray[np.float64],
    down: NDArray[np.float64],
    origin: NDArray[np.float64],
    step: float,
    rows: int,
    columns: int,
) -> Frame:
    return Frame(origin, Axes(across, down, np.cross(across, down)), (step, step), (rows, columns))


def _name(frame: Frame) -> Name:
    towards = np.abs(frame.axes.normal)
    names: tuple[Name, ...] = ("sagittal", "coronal", "axial")
    return names[int(np.argmax(towards))] if towards.max() > 0.9 else "oblique"


def pixels_on(volume: Volume, frame: Frame) -> NDArray[np.float32]:
    """(rows, columns) of values on a plane; NaN where there is no image."""
    about = volume.about
    axes, positions = axes_in(about), np.array(about["positions"])
    y, x = np.indices(frame.shape)
    places = (
        frame.origin
        + (x * frame.spacing[0])[..., None] * frame.axes.across
        + (y * frame.spacing[1])[..., None] * frame.axes.down
    )
    local = (places - np.array(about["origin"])) @ axes.matrix.T
    column, row = local[..., 0] / about["spacing"][1], local[..., 1] / about["spacing"][0]
    low, high, part = _between(positions, local[..., 2], about.get("thickness"))
    out = np.full(frame.shape, np.nan, np.float32)
    within = (column > -0.5) & (column < volume.shape[2] - 0.5) & (row > -0.5) & (row < volume.shape[1] - 0.5)
    out[within & (low >= 0)] = 0
    for number in np.unique(np.concatenate((low[low >= 0], high[low >= 0]))):
        weight = (low == number) * (1 - part) + (high == number) * part
        here = within & (low >= 0) & (weight > 0)
        if here.any():
            out[here] += weight[here] * _bilinear(volume.slice(int(number)), column[here], row[here])
    return out


def _between(
    positions: NDArray[np.float64], w: NDArray[np.float64], thickness: float | None
) -> tuple[Any, ...]:
    """For places (mm along the normal): the slices below and above (-1: none), and the part of the upper."""
    usual = modal_spacing(positions) or thickness or 3.0
    below = np.searchsorted(positions, w + 1e-6, side="right") - 1
    low = np.clip(below, 0, len(positions) - 1)
    high = np.clip(below + 1, 0, len(positions) - 1)
    gap = positions[high] - positions[low]
    part = np.where(gap > 0, (w - positions[low]) / np.maximum(gap, 1e-9), 0.0)
    nearest = np.where(np.abs(w - positions[low]) <= np.abs(positions[high] - w), low, high)
    lonely = (gap > APART * usual) | (below < 0) | (below >= len(positions) - 1)
    reached = np.abs(w - positions[nearest]) <= usual / 2
    low = np.where(lonely, np.where(reached, nearest, -1), low)
    high = np.where(lonely, low, high)
    return low, high, np.where(lonely, 0.0, np.clip(part, 0.0, 1.0))


def _bilinear(
    values: NDArray[np.float32], x: NDArray[np.float64], y: NDArray[np.float64]
) -> NDArray[np.float32]:
    rows, columns = values.shape
    x, y = np.clip(x, 0, columns - 1), np.clip(y, 0, rows - 1)
    i, j = np.minimum(x.astype(int), max(columns - 2, 0)), np.minimum(y.astype(int), max(rows - 2, 0))
    a, b = (x - i).astype(np.float32), (y - j).astype(np.float32)
    i1, j1 = np.minimum(i + 1, columns - 1), np.minimum(j + 1, rows - 1)
    top = values[j, i] * (1 - a) + values[j, i1] * a
    found: NDArray[np.float32] = top * (1 - b) + (values[j1, i] * (1 - a) + values[j1, i1] * a) * b
    return found
