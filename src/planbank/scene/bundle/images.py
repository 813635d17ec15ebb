"""The images of a series: 16-bit slices, each compressed alone so that any can be had first.

Comes in: where the bytes of a series lie. Goes out: a `Pack` with one volume a stack. A slice is zlib of
little-endian int16, each pixel's difference to its left neighbour; value = stored x slope + intercept.
CT keeps its stored numbers exactly. Where slices have rescales of their own (PET) they get a common one.
"""

from __future__ import annotations

import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from planbank.dicom.items import read_items
from planbank.dicom.pixels import frames_of
from planbank.errors import DicomError
from planbank.scene.bundle.parts import Pack, Packed, Refusal, frame_mark, plain
from planbank.scene.bundle.stack import Grid, Placed, grids_of
from planbank.scene.bundle.windows import windows_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from planbank.scene.bundle.parts import Read

MOST_STACKS = 12
"""Stacks of one series that are packed: a breathing CT has ten."""

THREADS = 2
"""Slices that are packed beside each other; zlib leaves the interpreter free."""


@dataclass(frozen=True, slots=True)
class _Rescale:
    """int16 -> value. `exact`: stored numbers are taken as they are, less `shift`."""

    slope: float
    intercept: float
    shift: int
    exact: bool


def pack_images(reads: Sequence[Read]) -> Pack:
    """All volumes of a series, largest first; what cannot be read or placed is refused in words."""
    grids, refused = grids_of(reads)
    packed = []
    for grid in grids[:MOST_STACKS]:
        found, unread = _packed(grid)
        packed += [found] if found else []
        refused += [Refusal("images", "pixels-unreadable", unread)] if unread else []
    if len(grids) > MOST_STACKS:
        refused.append(Refusal("images", "too-many-stacks", len(grids) - MOST_STACKS))
    return Pack(tuple(packed), tuple(refused))


def _packed(grid: Grid) -> tuple[Packed | None, int]:
    """One volume, and how many of its images could not be read."""
    rescale = _rescale(grid)
    with ThreadPoolExecutor(THREADS) as pool:
        every = list(pool.map(lambda one: _slice(one, rescale), grid.images))
    there = [number for number, data in enumerate(every) if data is not None]
    if not there:
        return None, len(every)
    slices, at = [], 0
    for number in there:
        data = every[number] or b""
        slices.append([at, len(data)])
        at += len(data)
    places = [grid.positions[number] for number in there]
    middle = _stored(grid.images[there[len(there) // 2]]).astype(np.float64)
    about = {
        **_where(grid, there[0], places),
        "modality": grid.first.modality,
        "mark": grid.stack.mark,
        "slope": rescale.slope,
        "intercept": rescale.intercept,
        "unit": {"CT": "HU"}.get(grid.first.modality, ""),
        "windows": windows_of(grid.first, middle),
        "predictor": "left",
        "slices": slices,
    }
    blob = b"".join(data for data in every if data is not None)
    return Packed(about, blob, frame_mark(grid.first.frame_of_reference_uid)), len(every) - len(there)


def _where(grid: Grid, first: int, places: Sequence[float]) -> dict[str, Any]:
    plane = grid.first
    assert plane.spacing is not None
    return {
        "rows": plane.rows,
        "columns": plane.columns,
        "spacing": plain(plane.spacing),
        "origin": plain(grid.images[first].origin),
        "row": plain(grid.axes.across, 9),
        "column": plain(grid.axes.down, 9),
        "normal": plain(grid.axes.normal, 9),
        "positions": plain(np.array(places) - places[0]),
        "thickness": plane.thickness,
        "position": plane.patient_position,
    }


def _rescale(grid: Grid) -> _Rescale:
    """Stored numbers where all images share their rescale and 16 bits hold them, else a common one."""
    planes = [one.plane for one in grid.images]
    first = planes[0]
    alike = {(plane.slope, plane.intercept) for plane in planes} == {(first.slope, first.intercept)}
    try:
        kind = _stored(grid.images[0]).dtype
    except DicomError:
        kind = np.dtype(np.int16)
    if alike and kind.itemsize <= 2:
        shift = 32_768 if kind == np.uint16 and not _fits(grid) else 0
        return _Rescale(first.slope, first.intercept + first.slope * shift, shift, exact=True)
    low, high = _range(grid)
    slope = max((high - low) / 65_534, 1e-9)
    return _Rescale(slope, low + 32_767 * slope, 0, exact=False)


def _fits(grid: Grid) -> bool:
    """Whether unsigned numbers stay below 2**15, as Bits Stored says or the images show."""
    data, syntax = grid.images[0].read()
    if (read_items(data, syntax).integer("BitsStored") or 16) <= 15:
        return True
    return all(int(_stored(one).max()) <= 32_767 for one in grid.images)


def _range(grid: Grid) -> tuple[float, float]:
    lows, highs = [0.0], [0.0]
    for one in grid.images:
        try:
            stored = _stored(one)
        except DicomError:
            continue
        ends = [float(end) * one.plane.slope + one.plane.intercept for end in (stored.min(), stored.max())]
        lows.append(min(ends))
        highs.append(max(ends))
    return min(lows), max(highs)


def _slice(one: Placed, rescale: _Rescale) -> bytes | None:
    """A packed slice; None where its pixels cannot be read."""
    try:
        stored = _stored(one)
    except DicomError:
        return None
    if rescale.exact:
        values = (stored.astype(np.int32) - rescale.shift).astype("<i2") if rescale.shift else stored
    else:
        real = stored.astype(np.float64) * one.plane.slope + one.plane.intercept
        values = np.rint((real - rescale.intercept) / rescale.slope)
    left = values.astype("<i2")
    left[:, 1:] -= values.astype("<i2")[:, :-1]
    return zlib.compress(left.tobytes(), 1)


def _stored(one: Placed) -> NDArray[Any]:
    """(rows, columns) stored numbers. Raises a DicomError where they cannot be read."""
    data, syntax = one.read()
    plane = one.plane
    assert plane.rows
    assert plane.columns
    shape = plane.frames, plane.rows, plane.columns
    stored: NDArray[Any] = frames_of(read_items(data, syntax), shape, syntax)[one.frame]
    return stored
