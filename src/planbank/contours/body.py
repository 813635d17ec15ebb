"""The body that contours bound, as one compares what was drawn.

Comes in: contours of an ROI. Goes out: a `planbank.dose.derived.bodies.Body`: each contour fills its slice
half way to its neighbours and half a spacing beyond the ends, as planning systems fill voxels. Nothing is
rounded off between slices: observers are compared by what they drew, not by a model of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planbank.contours.loops import with_level_edges
from planbank.dose.derived.bodies import Body, body_of
from planbank.dose.planes import AXIAL, sort_into_planes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planbank.dicom.contours import Contours
    from planbank.dicom.geometry import Axes


def body_of_contours(contours: Contours, spacing: float | None = None, axes: Axes = AXIAL) -> Body:
    """The body of one ROI.

    Args:
        contours: in patient coordinates, mm.
        spacing: of the images, mm, for what is drawn on one slice alone.
        axes: preferred axes of the planes.

    What is no closed planar contour is left out and flagged (`planbank.dose.flags.FLAGS`).
    """
    return body_of(sort_into_planes(contours, axes), spacing, "slab")


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """One cross-section: `position`, `low` and `high` in mm along the normal.

    `edges` (n, 4) x0, y0, x1, y1 close, with the cross-section on their left.
    """

    position: float
    low: float
    high: float
    edges: NDArray[np.float64]


def sections(body: Body) -> list[Section]:
    """The cross-sections of a body, upwards; empty ones left out."""
    drawn = sorted((prism for prism in body.prisms if len(prism.edges)), key=lambda prism: prism.low)
    return [Section(p.drawn, p.low, p.high, with_level_edges(p.edges)) for p in drawn]


def centroid(body: Body) -> NDArray[np.float64] | None:
    """(3,) the middle of the volume in patient coordinates, mm; None of an empty body."""
    total, moment = 0.0, np.zeros(3)
    for prism in body.prisms:
        x0, y0, x1, y1 = prism.edges.T
        # Green's theorem: area and first moments from the border alone; level edges add nothing to either.
        height = prism.high - prism.low
        across = y1 - y0
        area = float(0.5 * ((x0 + x1) * across).sum())
        mx = float(((x0 * x0 + x0 * x1 + x1 * x1) * across).sum() / 6.0)
        my = float((((2.0 * x0 + x1) * y0 + (x0 + 2.0 * x1) * y1) * across).sum() / 6.0)
        total += height * area
        moment += height * np.array([mx, my, area * 0.5 * (prism.low + prism.high)])
    if total <= 0.0:
        return None
    return np.asarray(body.axes.matrix.T @ (moment / total))
