"""What stacks are made of.

Comes in: header values of an image. Goes out: `Slice`, and `Stack`, slices in order of position.
Source: DICOM PS3.3 sections C.7.6.2, C.7.6.1 and C.7.6.16.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from planbank.dicom.geometry import axes_of

SAME_PLACE = 0.01
"""mm: images closer than this along the normal lie at one position."""


@dataclass(frozen=True)
class Slice:
    """One image.

    Attributes:
        cosines: Image Orientation (Patient), six numbers, or None.
        origin: Image Position (Patient) in mm, or None.
        number: Instance Number.
        marks: what may tell stacks of one series apart, in the order of trust: temporal
            position, echo, diffusion b-value, trigger delay, acquisition, image type.
        expected: Images in Acquisition (0020,1002), where given.
        frames: more than one in an enhanced image, which is a whole stack by itself.
    """

    uid: str
    cosines: tuple[float, ...] | None
    origin: tuple[float, float, float] | None
    frame_of_reference_uid: str = ""
    number: int | None = None
    localiser: bool = False
    marks: tuple[str, ...] = ()
    expected: int | None = None
    frames: int = 1

    @cached_property
    def direction(self) -> tuple[float, ...] | None:
        """The three axes, rounded to what tells orientations apart."""
        axes = axes_of(self.cosines)
        return None if axes is None else tuple(np.round(axes.matrix, 3).ravel() + 0.0)

    @cached_property
    def position(self) -> float | None:
        """mm along the normal."""
        axes = axes_of(self.cosines)
        return None if axes is None or self.origin is None else float(axes.normal @ np.array(self.origin))


@dataclass(frozen=True)
class Stack:
    """Images of one orientation, frame of reference, kind and phase, in order of position.

    Attributes:
        mark: what told it apart from other stacks of its series; "" where nothing had to.
    """

    slices: tuple[Slice, ...]
    mark: str = ""

    @property
    def positions(self) -> list[float]:
        """mm along the normal, growing."""
        return [one.position or 0.0 for one in self.slices]

    @property
    def localiser(self) -> bool:
        return self.slices[0].localiser

    @property
    def repeated(self) -> list[float]:
        """Positions that more than one image has."""
        places = self.positions
        return [b for a, b in itertools.pairwise(places) if b - a <= SAME_PLACE]

    @property
    def axis(self) -> tuple[str, float] | None:
        """The patient axis that positions run along and its sign, where the stack is not oblique."""
        direction = self.slices[0].direction
        normal = (direction or (0.0,) * 9)[6:]
        for name, part in zip("xyz", normal, strict=True):
            if abs(part) > 0.999:
                return name, 1.0 if part > 0 else -1.0
        return None
