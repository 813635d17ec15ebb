"""Where in the patient a finding is, as far as objects say it (R102).

Comes in: findings as the viewer lists them, the grids and beams of a description. Goes out: the same with
`point`, mm in the patient, where there is one; and what only the drawing shows: planes that an ROI lacks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

Point = list[float] | None
Rows = list[dict[str, Any]]


def placed(found: Rows, grids: Rows, beams: Rows) -> Rows:
    """Findings with their points, and one for each ROI with gaps; what is worse comes first."""
    images = [one for one in grids if "slices" in one and one["frame"] == "f0"]
    structures = [one for one in grids if "rois" in one]
    doses = [one for one in grids if "hottest" in one and one["frame"] == "f0"]
    for finding in found:
        finding["point"] = _point(finding["code"], images, doses, beams)
    gaps = [
        {
            "code": "roi-gap",
            "level": "warn",
            "title": _("%(name)s: planes are missing within it") % {"name": roi["name"]},
            "words": _("The gap is not filled, neither in pictures nor in the DVH."),
            "roi": roi["number"],
            "point": point,
            "frame": drawn["frame"],
        }
        for drawn in structures
        for roi in drawn["rois"]
        for point in roi.get("gaps", ())[:1]
    ]
    grave = [one for one in found if one["level"] == "bad"]
    return [*grave, *gaps, *(one for one in found if one["level"] != "bad")]


def _point(code: str, images: Rows, doses: Rows, beams: Rows) -> Point:
    return POINTS[code](images, doses, beams) if code in POINTS else None


def _first_missing(images: Rows, doses: Rows, beams: Rows) -> Point:
    return next((_middle(one, one["missing"][0]) for one in images if one.get("missing")), None)


def _furthest_isocentre(images: Rows, doses: Rows, beams: Rows) -> Point:
    isocentres = [one["isocentre"] for one in beams if one["frame"] == "f0"]
    return max(isocentres, key=lambda mm: _beyond(images[0], mm), default=None) if images else None


def _middle_of_dose(images: Rows, doses: Rows, beams: Rows) -> Point:
    return _middle(doses[0], float(np.mean(doses[0]["positions"]))) if doses else None


def _hottest(images: Rows, doses: Rows, beams: Rows) -> Point:
    return list(doses[0]["hottest"]) if doses else None


POINTS: dict[str, Callable[[Rows, Rows, Rows], Point]] = {
    "images-incomplete": _first_missing,
    "isocentre-beyond-images": _furthest_isocentre,
    "dose-off-images": _middle_of_dose,
    "dose-far-from-prescription": _hottest,
    "dose-per-fraction": _hottest,
}
"""By the code of a finding; the same codes as in web/pages/plan/findings.PLACED."""


def _middle(grid: dict[str, Any], mm: float) -> list[float]:
    """The middle of a grid's plane, `mm` along its normal from the first."""
    rows, columns = (grid["spacing"][0] * (grid["rows"] - 1), grid["spacing"][1] * (grid["columns"] - 1))
    point = _axis(grid, "row") * columns / 2 + _axis(grid, "column") * rows / 2 + _axis(grid, "normal") * mm
    return [round(float(one), 2) for one in np.array(grid["origin"]) + point]


def _beyond(grid: dict[str, Any], point: list[float]) -> float:
    """How far a point lies beyond the first or last plane, in mm; negative between them."""
    along = float(_axis(grid, "normal") @ (np.array(point) - np.array(grid["origin"])))
    return max(grid["positions"][0] - along, along - grid["positions"][-1])


def _axis(grid: dict[str, Any], name: str) -> NDArray[np.float64]:
    return np.array(grid[name], float)
