"""What tests read from a patient's objects: objects by modality, contours as masks, dose in Gy."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

Polygons = list[tuple[float, NDArray[np.float64]]]


def of(objects: Iterable[Dataset], modality: str) -> list[Dataset]:
    return [ds for ds in objects if ds.Modality == modality]


def one(objects: Iterable[Dataset], modality: str) -> Dataset:
    (found,) = of(objects, modality)
    return found


def contours(structure_set: Dataset, name: str) -> Polygons:
    """(z, (n, 2) mm) of the closed contours of the ROI of that name."""
    number = next(r.ROINumber for r in structure_set.StructureSetROISequence if r.ROIName == name)
    item = next(r for r in structure_set.ROIContourSequence if r.ReferencedROINumber == number)
    found: Polygons = []
    for contour in item.get("ContourSequence") or []:
        if contour.ContourGeometricType == "CLOSED_PLANAR":
            points = np.array(contour.ContourData, dtype=float).reshape(-1, 3)
            found.append((float(points[0, 2]), points[:, :2]))
    return found


def inside(polygon: NDArray[np.float64], x: NDArray[Any], y: NDArray[Any]) -> NDArray[np.bool_]:
    """Even-odd: whether the points (x, y) lie within a polygon."""
    result = np.zeros(np.broadcast(x, y).shape, dtype=bool)
    for (ax, ay), (bx, by) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        if ay != by:
            crosses = (ay > y) != (by > y)
            result ^= crosses & (x < (bx - ax) * (y - ay) / (by - ay) + ax)
    return result


def plane_mask(polygons: Polygons, z: float, x: NDArray[Any], y: NDArray[Any]) -> NDArray[np.bool_]:
    """The XOR of all contours on one plane, as a mask of (len(y), len(x))."""
    mask = np.zeros((len(y), len(x)), dtype=bool)
    for at, polygon in polygons:
        if abs(at - z) < 0.05:
            mask ^= inside(polygon, x[None, :], y[:, None])
    return mask


def dose_axes(dose: Dataset) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    x0, y0, z0 = (float(v) for v in dose.ImagePositionPatient)
    x = x0 + np.arange(dose.Columns) * float(dose.PixelSpacing[1])
    y = y0 + np.arange(dose.Rows) * float(dose.PixelSpacing[0])
    return x, y, z0 + np.array(dose.GridFrameOffsetVector, dtype=float)


def dose_gy(dose: Dataset) -> NDArray[Any]:
    raw = np.frombuffer(dose.PixelData, dtype="<u4").reshape(dose.NumberOfFrames, dose.Rows, dose.Columns)
    return raw * float(dose.DoseGridScaling)


def dose_within(dose: Dataset, polygons: Polygons) -> NDArray[Any]:
    """The dose at the grid points of each contoured plane, interpolated along z."""
    gy, (x, y, z) = dose_gy(dose), dose_axes(dose)
    values = []
    for at in sorted({plane for plane, _ in polygons}):
        k = int(np.searchsorted(z, at)) - 1
        if 0 <= k < len(z) - 1:
            share = (at - z[k]) / (z[k + 1] - z[k])
            values.append(((1 - share) * gy[k] + share * gy[k + 1])[plane_mask(polygons, at, x, y)])
    return np.concatenate(values)


def hounsfield_within(images: list[Dataset], polygons: Polygons) -> NDArray[Any]:
    """The HU of all CT pixels within the contours."""
    values = []
    for ds in images:
        x0, y0, z = (float(v) for v in ds.ImagePositionPatient)
        x = x0 + np.arange(ds.Columns) * float(ds.PixelSpacing[1])
        y = y0 + np.arange(ds.Rows) * float(ds.PixelSpacing[0])
        mask = plane_mask(polygons, z, x, y)
        kind = "<i2" if ds.PixelRepresentation else "<u2"
        stored = np.frombuffer(ds.PixelData, dtype=kind).reshape(ds.Rows, ds.Columns)
        values.append((stored * float(ds.RescaleSlope) + float(ds.RescaleIntercept))[mask])
    return np.concatenate(values)
