"""The contours of a structure set: whole steps of 1/50 mm.

Comes in: a structure set with its contours. Goes out: one `Packed` per frame of reference that its ROIs
name, whose blob is zlib of little-endian integer triples; ROIs without anything to draw are listed with
the reason (R84), and where planes are missing within an ROI, as the DVH flags it (R102).
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from planbank.dicom.contours import CLOSED_TYPES
from planbank.dose.planes import Planes, sort_into_planes
from planbank.dose.slabs import slabs, usual_spacing
from planbank.scene.bundle.parts import Pack, Packed, frame_mark, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from planbank.dicom.structure_set import Roi, StructureSet

STEPS = 50
"""Steps per mm: no point is off by more than 0.01 mm."""

FURTHEST = 32_767 / STEPS
"""mm from the origin that 16 bits reach."""

NO_COLOUR = "#ffffff"

MOST_GAPS = 20


def pack_structures(structure_set: StructureSet) -> Pack:
    """Every ROI, by the frame of reference it names; those that name none follow the structure set."""
    frames: dict[str, list[Roi]] = {}
    for roi in structure_set.rois:
        uid = roi.frame_of_reference_uid or structure_set.frame_of_reference_uid
        frames.setdefault(uid, []).append(roi)
    return Pack(tuple(_packed(frame_mark(uid), rois) for uid, rois in frames.items()))


def _packed(frame: str, rois: Sequence[Roi]) -> Packed:
    points = np.concatenate([np.empty((0, 3)), *(roi.contours.points for roi in rois)])
    origin, dtype = _origin(points)
    steps = np.rint((points - origin) * STEPS).astype(dtype)
    about = {
        "origin": plain(origin),
        "dtype": "int16" if dtype == "<i2" else "int32",
        "steps": STEPS,
        "rois": list(_listed(rois)),
    }
    return Packed(about, zlib.compress(steps.tobytes(), 6), frame)


def _origin(points: NDArray[np.float64]) -> tuple[NDArray[np.float64], str]:
    """The middle of all points, in whole mm, and the type that holds them all from there."""
    if not len(points):
        return np.zeros(3), "<i2"
    low, high = points.min(axis=0), points.max(axis=0)
    origin = np.rint((low + high) / 2)
    far = float(max(np.abs(low - origin).max(), np.abs(high - origin).max()))
    return origin, "<i2" if far <= FURTHEST else "<i4"


def _listed(rois: Sequence[Roi]) -> list[dict[str, Any]]:
    """What stands in the description; contours are [first point, points] of the blob."""
    listed, before = [], 0
    sorted_rois = [sort_into_planes(roi.contours) for roi in rois]
    usual = usual_spacing(planes.positions for planes in sorted_rois)
    for roi, planes in zip(rois, sorted_rois, strict=True):
        starts = roi.contours.offsets[:-1] + before
        counts = np.diff(roi.contours.offsets)
        closed: list[list[int]] = []
        opened: list[list[int]] = []
        for start, count, kind in zip(starts, counts, roi.contours.types, strict=True):
            place = [int(start), int(count)]
            (closed if _is_closed(kind, int(count)) else opened).append(place)
        before += len(roi.contours.points)
        why = "" if closed or opened else ("unreadable" if roi.contours.unreadable else "nothing-drawn")
        listed.append(
            {
                "number": roi.number,
                "colour": "#{:02x}{:02x}{:02x}".format(*roi.colour) if roi.colour else NO_COLOUR,
                "empty": not (closed or opened),
                "why": why,
                "contours": closed,
                "open": opened,
                "gaps": _gaps(planes, usual),
            }
        )
    return listed


def _gaps(planes: Planes, usual: float | None) -> list[list[float]]:
    """Points in mm, midway between planes that lie too far apart to be joined."""
    found = []
    for below, _bridged in slabs(planes.positions.tolist(), usual).bridged[:MOST_GAPS] if usual else ():
        ends = planes.planes[below : below + 2]
        middles = [np.append(np.concatenate(one.polygons).mean(axis=0), one.position) for one in ends]
        found.append(plain(planes.axes.matrix.T @ np.mean(middles, axis=0), 2))
    return found


def _is_closed(kind: str, count: int) -> bool:
    """A contour of no stated type with three points is closed; one or two points enclose nothing."""
    return count >= 3 and (kind in CLOSED_TYPES or kind == "")
