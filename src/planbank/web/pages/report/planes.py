"""The three planes of a report, drawn from the bundle.

Comes in: an opened bundle and a sheet. Goes out: for each plane its size, structures and isodose lines as SVG
paths, and its pixels as a PNG. Isodose lines are within 0.05 Gy of their level in the dose of the DVHs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from planbank.dicom.images import modal_spacing
from planbank.dose.sampling import Field, field_of
from planbank.scene.cuts import across, along
from planbank.scene.grey import greys, png
from planbank.scene.lines import isodoses
from planbank.scene.middle_slice import LEVELS
from planbank.scene.three_planes import Plane, pixels_on, planes_of
from planbank.web.pages.scene.bundles import Opened
from planbank.web.pages.slice.drawing import Line, level_of, part_of, path_of, safe_colour

STEP = 2.0
"""mm between the first samples of isodose lines."""


@dataclass(frozen=True)
class Drawn:
    """One plane of the report; sizes in units of the drawing: pixels, stretched to be square in mm."""

    number: int
    title: str
    width: float
    height: float
    structures: list[Line]
    isodoses: list[Line]
    cross: tuple[float, float]
    part: tuple[float, float, float, float]

    @property
    def view_box(self) -> str:
        """The part with structures in it: air and couch need no room."""
        return " ".join(f"{number:g}" for number in self.part)


@dataclass(frozen=True)
class Stage:
    """What the planes are drawn from."""

    opened: Opened
    image: dict[str, Any]
    point: np.ndarray[Any, Any]
    is_isocentre: bool

    @property
    def planes(self) -> list[Plane]:
        """Through the point, along slices, rows and columns."""
        return planes_of(self.image, self.point)

    def picture(self, number: int) -> bytes:
        """The PNG of one plane."""
        values = pixels_on(self.opened.volume(self.image), self.planes[number].frame)
        window = self.image["windows"][0]
        black = window["centre"] - window["width"]
        return png(greys(np.nan_to_num(values, nan=black), (window["centre"], window["width"])))


def stage_of(opened: Opened) -> Stage | None:
    """None where the plan has no images on its frame of reference."""
    image = next((row for row in opened.about["images"] if row["frame"] == "f0"), None)
    if image is None:
        return None
    beams = [beam for beam in opened.about["beams"] if beam["frame"] == "f0"]
    if beams:
        return Stage(opened, image, np.array(beams[0]["isocentre"]), is_isocentre=True)
    return Stage(opened, image, _middle(opened, image), is_isocentre=False)


def _middle(opened: Opened, image: dict[str, Any]) -> np.ndarray[Any, Any]:
    """Where the dose is high, else the middle of the structures, else of the images."""
    for row in opened.about["doses"][:1]:
        dose = opened.dose(row)
        k, j, i = (np.argwhere(dose.values >= 0.9 * dose.maximum)).mean(axis=0)
        g = dose.geometry
        along_normal = float(np.interp(k, np.arange(len(g.offsets)), g.offsets))
        place = i * g.spacing[0] * g.axes.across + j * g.spacing[1] * g.axes.down
        return np.asarray(g.origin + place + along_normal * g.axes.normal)
    for row in opened.about["structures"][:1]:
        if drawn := [points for each in opened.contours(row).values() for points in each]:
            return np.asarray(np.median(np.concatenate(drawn), axis=0))
    half = (image["columns"] - 1) / 2 * image["spacing"][1], (image["rows"] - 1) / 2 * image["spacing"][0]
    middle = image["positions"][len(image["positions"]) // 2]
    directions = np.array([image["row"], image["column"], image["normal"]])
    return np.asarray(np.array(image["origin"]) + np.array([*half, middle]) @ directions)


def drawn_of(stage: Stage, names: dict[tuple[int, int], str], reference: float | None) -> list[Drawn]:
    """The planes with what lies on them; `names`: (version of the structure set, ROI number) -> name."""
    opened = stage.opened
    doses = [row for row in opened.about["doses"][:1] if row["frame"] == "f0"]
    field = field_of([opened.dose(row) for row in doses]) if doses else None
    top = reference or max((row["max"] for row in doses), default=0.0)
    contours = [
        (roi, names.get((row["of"]["version"], roi["number"]), ""), points[roi["number"]])
        for row in opened.about["structures"][:1]
        if row["frame"] == "f0"
        for points in [opened.contours(row)]
        for roi in row["rois"]
    ]
    positions = stage.image["positions"]
    spacing = modal_spacing(positions) or stage.image["thickness"] or 3.0
    return [
        _drawn(number, plane, stage, contours, spacing, _lines(field, plane, top))
        for number, plane in enumerate(stage.planes)
    ]


def _lines(field: Field | None, plane: Plane, top: float) -> list[Line]:
    if field is None or top <= 0:
        return []
    aspect = plane.frame.spacing[1] / plane.frame.spacing[0]
    found = isodoses(field, plane.frame, [round(top * part, 4) for part in LEVELS], STEP)
    return [
        Line(f"{one.gy:.4g} Gy", "", level_of(one.gy, top), path_of([x.tolist() for x in one.lines], aspect))
        for one in found
        if one.lines
    ]


def _drawn(
    number: int, plane: Plane, stage: Stage, contours: list[Any], spacing: float, lines: list[Line]
) -> Drawn:
    frame = plane.frame
    aspect = frame.spacing[1] / frame.spacing[0]
    structures, outlines = [], []
    for roi, name, points in contours:
        if number == 0:
            cut = along(points, frame, spacing / 2)
        else:
            cut = across(points, frame, _drawn_at(points, spacing))
        if cut:
            plain = [line.tolist() for line in cut]
            outlines += plain
            structures.append(Line(name, safe_colour(roi["colour"]), "structure", path_of(plain, aspect)))
    x, y = frame.to_pixels(stage.point[None])[0]
    size = float(frame.shape[1]), round(frame.shape[0] * aspect, 3)
    return Drawn(
        number=number + 1,
        title=_title(plane),
        width=size[0],
        height=size[1],
        structures=structures,
        isodoses=lines,
        cross=(x + 0.5, (y + 0.5) * aspect),
        part=part_of(outlines, size, aspect),
    )


def _drawn_at(contours: list[Any], spacing: float) -> float:
    """The usual distance of an ROI's own planes: it may be drawn on every other slice."""
    heights = np.unique(np.round([points.mean(axis=0) for points in contours], 2), axis=0)
    if len(heights) < 3:
        return spacing
    normal = np.ptp(heights, axis=0).argmax()
    return max(spacing, modal_spacing(np.sort(heights[:, normal]), tolerance=0.05) or spacing)


def _title(plane: Plane) -> str:
    names = {"axial": _("Axial"), "coronal": _("Coronal"), "sagittal": _("Sagittal"), "oblique": _("Oblique")}
    place = {"axial": ("z", 2), "coronal": ("y", 1), "sagittal": ("x", 0)}.get(plane.name)
    if place is None:
        return names[plane.name]
    return f"{names[plane.name]}, {place[0]} = {plane.frame.origin[place[1]]:.1f} mm"
