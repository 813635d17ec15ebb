"""The picture on a plan's page: one slice through the target, with contours and isodose lines.

Comes in: image planes, the bytes of the chosen image, a structure set and a dose. Goes out: a
`MiddleSlice`: a PNG and polylines in its pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from planbank.dicom.images import ImagePlane, modal_spacing, read_image
from planbank.dicom.items import read_items
from planbank.dicom.pixels import frames_of
from planbank.dose.sampling import field_of
from planbank.scene.grey import SOFT_TISSUE, greys, own_window, png
from planbank.scene.lines import Isodose, Outline, isodoses, outlines
from planbank.scene.plane import frame_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from planbank.dicom.dose_grid import DoseGrid
    from planbank.dicom.structure_set import StructureSet

TARGETS = ("PTV", "CTV", "GTV")
LEVELS = (1.07, 1.0, 0.95, 0.8, 0.5, 0.25)
"""Parts of the prescription that are drawn (look.md, isodoses)."""


@dataclass(frozen=True, slots=True, eq=False)
class MiddleSlice:
    """`width` and `height` in pixels, `aspect` = height of a pixel over its width, `position` in mm."""

    png: bytes
    width: int
    height: int
    aspect: float
    position: float
    outlines: list[Outline] = field(default_factory=list)
    isodoses: list[Isodose] = field(default_factory=list)
    reference_gy: float | None = None


def target_point(structure_set: StructureSet) -> NDArray[np.float64] | None:
    """(3,) mm: the middle of the first PTV, CTV or GTV by type or name, else of all contours."""
    drawn = [roi for roi in structure_set.rois if len(roi.contours.points) >= 3]
    for kind in TARGETS:
        chosen = [r for r in drawn if r.type.upper() == kind or r.name.upper().startswith(kind)]
        if chosen:
            largest = max(chosen, key=lambda r: float(np.prod(np.ptp(r.contours.points, axis=0) + 1)))
            return np.asarray(np.median(largest.contours.points, axis=0))
    if drawn:
        return np.asarray(np.median(np.concatenate([r.contours.points for r in drawn]), axis=0))
    return None


def choose(planes: Mapping[int, float], wanted: float | None) -> int | None:
    """The key of the image nearest to `wanted` (mm along the normal), else of the middle one."""
    if not planes:
        return None
    if wanted is None:
        ordered = sorted(planes, key=lambda key: (planes[key], key))
        return ordered[len(ordered) // 2]
    return min(planes, key=lambda key: (abs(planes[key] - wanted), key))


def middle_slice(
    image: bytes | memoryview,
    syntax: str,
    structure_set: StructureSet | None,
    doses: Sequence[DoseGrid] = (),
    prescription_gy: float | None = None,
    positions: Sequence[float] = (),
) -> MiddleSlice:
    """Draw one image with what lies on it.

    Args:
        image, syntax: the encoded image.
        doses: grids in Gy, added.
        prescription_gy: what isodose levels refer to; without it the maximum dose.
        positions: mm along the normal of all images of the stack, for its slice spacing.

    Raises a DicomError where the image cannot be read or placed.
    """
    plane = read_image(image, syntax)
    frame = frame_of(plane)
    values = _values(image, syntax, plane)
    window = SOFT_TISSUE if plane.modality == "CT" else own_window(values)
    spacing = modal_spacing(sorted(positions)) or plane.thickness or 3.0
    reference = prescription_gy or max((d.maximum for d in doses), default=0.0) or None
    lines = []
    if doses and reference:
        levels = [round(reference * part, 4) for part in LEVELS]
        lines = isodoses(field_of(doses, [1.0] * len(doses)), frame, levels)
    return MiddleSlice(
        png=png(greys(values, window)),
        width=frame.shape[1],
        height=frame.shape[0],
        aspect=frame.spacing[1] / frame.spacing[0],
        position=frame.position,
        outlines=outlines(structure_set, frame, spacing / 2) if structure_set else [],
        isodoses=[line for line in lines if line.lines],
        reference_gy=reference,
    )


def _values(image: bytes | memoryview, syntax: str, plane: ImagePlane) -> NDArray[np.float32]:
    assert plane.rows and plane.columns
    stored = frames_of(read_items(image, syntax), (plane.frames, plane.rows, plane.columns), syntax)
    middle = stored[plane.frames // 2].astype(np.float32)
    return np.asarray(middle * np.float32(plane.slope) + np.float32(plane.intercept))
