"""A series -> stacks whose images lie on one grid.

Comes in: where the bytes of images are. Goes out: `Grid`s: images of one size, pitch and orientation, in
order of position along the normal, each with what reads its pixels; and what does not lie on one.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planbank.dicom.geometry import Axes, axes_of
from planbank.dicom.images import ImagePlane, read_image
from planbank.dicom.items import read_items
from planbank.dicom.stacks import Slice, Stack, split
from planbank.dicom.stacks.slices import SAME_PLACE
from planbank.scene.bundle.parts import Read, Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

OFF_GRID = 0.25
"""Pixels by which an image may lie beside the first one's rows and columns."""


@dataclass(frozen=True, slots=True)
class Placed:
    """One image or one frame of an enhanced one; `frame` counts from 0."""

    plane: ImagePlane
    origin: tuple[float, float, float]
    read: Read
    frame: int


@dataclass(frozen=True, slots=True)
class Grid:
    """Images in order; `stack` is what their completeness is judged by."""

    images: tuple[Placed, ...]
    stack: Stack

    @property
    def first(self) -> ImagePlane:
        """What all of them share."""
        return self.images[0].plane

    @property
    def axes(self) -> Axes:
        """The directions of all of them."""
        assert self.first.axes is not None
        return self.first.axes

    @property
    def positions(self) -> list[float]:
        """mm along the normal from the first image."""
        start = self.axes.normal @ np.array(self.images[0].origin)
        return [float(self.axes.normal @ np.array(one.origin) - start) for one in self.images]


def grids_of(reads: Sequence[Read]) -> tuple[list[Grid], list[Refusal]]:
    """The stacks of a series that can be drawn; scouts are passed over."""
    placed: dict[str, Placed] = {}
    unplaced = 0
    for number, read in enumerate(reads):
        found = _placed(read)
        unplaced += not found
        placed.update({f"{number}:{one.frame}": one for one in found})
    refused = [Refusal("images", "images-not-placed", unplaced)] if unplaced else []
    grids = []
    for stack in split(_slice(key, one) for key, one in placed.items()):
        if not stack.localiser:
            images, off, same = _on_one_grid([placed[one.uid] for one in stack.slices])
            grids.append(Grid(tuple(images), _named(stack, placed)))
            refused += [Refusal("images", "images-off-grid", off)] if off else []
            refused += [Refusal("images", "images-same-place", same)] if same else []
    return grids, refused


def _placed(read: Read) -> list[Placed]:
    """The frames of an image that say where they lie."""
    data, syntax = read()
    plane = read_image(data, syntax)
    if plane.axes is None or not plane.spacing or not plane.rows or not plane.columns:
        return []
    if plane.frames == 1:
        return [Placed(plane, plane.origin, read, 0)] if plane.origin else []
    groups = read_items(data, syntax).items("PerFrameFunctionalGroupsSequence")
    found = []
    for number, group in enumerate(groups[: plane.frames]):
        place = group.first("PlanePositionSequence")
        origin = place.numbers("ImagePositionPatient") if place else None
        turn = group.first("PlaneOrientationSequence")
        axes = axes_of(turn.numbers("ImageOrientationPatient")) if turn else plane.axes
        if origin and len(origin) == 3 and axes is not None and axes.parallel(plane.axes):
            found.append(Placed(plane, (origin[0], origin[1], origin[2]), read, number))
    return found


def _slice(key: str, one: Placed) -> Slice:
    plane = one.plane
    assert plane.axes is not None
    return Slice(
        uid=key,
        cosines=(*plane.axes.across.tolist(), *plane.axes.down.tolist()),
        origin=one.origin,
        frame_of_reference_uid=plane.frame_of_reference_uid,
        number=plane.instance_number,
        localiser=plane.localiser,
        marks=plane.marks,
        expected=plane.expected,
    )


def _named(stack: Stack, placed: dict[str, Placed]) -> Stack:
    """The same stack, its images called by their SOP Instance UIDs."""
    slices = []
    for one in stack.slices:
        plane = placed[one.uid].plane
        slices.append(
            Slice(
                *(plane.sop_instance_uid, one.cosines, one.origin, one.frame_of_reference_uid, one.number),
                *(one.localiser, one.marks, one.expected, plane.frames),
            )
        )
    return Stack(tuple(slices), stack.mark)


def _on_one_grid(images: list[Placed]) -> tuple[list[Placed], int, int]:
    """The images of the commonest size and pitch that stand straight above each other, one a position.

    Returns them, how many lie beside the grid, and how many lie where another one does.
    """
    sizes: dict[tuple[object, ...], list[Placed]] = defaultdict(list)
    for one in images:
        sizes[_size(one.plane)].append(one)
    alike = max(sizes.values(), key=len)
    axes, spacing = alike[0].plane.axes, alike[0].plane.spacing
    assert axes is not None
    assert spacing is not None
    origins = np.array([one.origin for one in alike]) @ axes.matrix.T
    beside = np.abs(origins[:, :2] - np.median(origins[:, :2], axis=0)) / (spacing[1], spacing[0])
    straight = np.all(beside <= OFF_GRID, axis=1).tolist()
    kept: list[Placed] = []
    last = -np.inf
    for one, place, fits in zip(alike, origins[:, 2], straight, strict=True):
        if fits and place - last > SAME_PLACE:
            kept.append(one)
            last = place
    if not kept:  # a tilted gantry: no two stand above each other
        kept = alike[:1]
    off = len(images) - len(alike) + straight.count(False)
    return kept, off, max(0, len(images) - off - len(kept))


def _size(plane: ImagePlane) -> tuple[object, ...]:
    assert plane.spacing is not None
    return (plane.rows, plane.columns, *(round(side, 4) for side in plane.spacing))
