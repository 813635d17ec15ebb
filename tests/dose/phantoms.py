"""Analytic phantoms as real DICOM: bodies cut into contours, doses sampled onto grids.

Comes in: shapes and dose functions in patient coordinates. Goes out: encoded RT structure
sets, doses and plans (implicit VR little endian) as a planning system would send them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.filewriter import write_dataset
from pydicom.uid import generate_uid

from planbank.dicom import uids
from planbank.dicom.dose_grid import DoseGrid, read_dose
from planbank.dicom.encoding import EXPLICIT_BIG, IMPLICIT_LITTLE
from planbank.dicom.structure_set import StructureSet, read_structure_set

Array = NDArray[np.float64]
FRAME = "1.2.3.4"

ORIENTATIONS: dict[str, tuple[float, ...]] = {
    "HFS": (1, 0, 0, 0, 1, 0),
    "HFP": (-1, 0, 0, 0, -1, 0),
    "FFS": (-1, 0, 0, 0, 1, 0),
    "FFP": (1, 0, 0, 0, -1, 0),
    "HFDR": (0, -1, 0, 1, 0, 0),
    "sagittal": (0, 1, 0, 0, 0, -1),
}


def encode(ds: Dataset, syntax: str = IMPLICIT_LITTLE) -> bytes:
    """The data set's bytes."""
    buffer = pydicom.filebase.DicomBytesIO()
    buffer.is_little_endian = syntax != EXPLICIT_BIG
    buffer.is_implicit_VR = syntax == IMPLICIT_LITTLE
    write_dataset(buffer, ds)
    return buffer.getvalue()


def text(value: float) -> str:
    """A number as a decimal string of at most 16 characters."""
    return f"{value:.10g}"[:16]


def heights(low: float, high: float, spacing: float, phase: float) -> Array:
    """Slice positions within (low, high); `phase` (0..1) shifts the stack by part of a slice."""
    first = np.ceil(low / spacing - phase)
    last = np.floor(high / spacing - phase)
    return (np.arange(first, last + 1) + phase) * spacing


def circle(radius: float, z: float, centre: Sequence[float] = (0, 0), points: int = 360) -> Array:
    """A circle as a polygon of the same area."""
    angle = np.linspace(0, 2 * np.pi, points, endpoint=False)
    reach = radius * np.sqrt(2 * np.pi / points / np.sin(2 * np.pi / points))
    return np.stack(
        (centre[0] + reach * np.cos(angle), centre[1] + reach * np.sin(angle), np.full(points, z)), axis=1
    )


def sphere(
    radius: float, spacing: float, phase: float = 0.0, centre: Sequence[float] = (0, 0, 0)
) -> list[Array]:
    """Contours of a sphere."""
    return solid(lambda z: np.sqrt(np.maximum(radius**2 - z**2, 0)), -radius, radius, spacing, phase, centre)


def solid(
    profile: Callable[[Any], Any],
    low: float,
    high: float,
    spacing: float,
    phase: float = 0.0,
    centre: Sequence[float] = (0, 0, 0),
) -> list[Array]:
    """Contours of a body of revolution about z; `profile` gives the radius at a height."""
    rows = heights(low + centre[2], high + centre[2], spacing, phase)
    return [
        circle(float(profile(z - centre[2])), z, centre[:2])
        for z in rows
        if float(profile(z - centre[2])) > 0.05
    ]


def keyhole(outer: Array, inner: Array) -> Array:
    """Outer and inner contour joined by a bridge walked both ways."""
    return np.concatenate((outer, outer[:1], inner[::-1], inner[-1:]))


def make_structure_set(
    rois: Mapping[str, Sequence[Array]],
    *,
    kind: str = "CLOSED_PLANAR",
    frame: str = FRAME,
    interpreted: Mapping[str, str] | None = None,
) -> Dataset:
    """A structure set with the contours given per ROI name; an empty list is an empty ROI."""
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.SOPClassUID, ds.SOPInstanceUID = uids.RT_STRUCTURE_SET, generate_uid()
    ds.Modality, ds.StructureSetLabel = "RTSTRUCT", "phantom"
    ds.StructureSetROISequence, ds.ROIContourSequence, ds.RTROIObservationsSequence = [], [], []
    for number, (name, contours) in enumerate(rois.items(), 1):
        roi, drawn, seen = Dataset(), Dataset(), Dataset()
        roi.ROINumber, roi.ROIName, roi.ReferencedFrameOfReferenceUID = number, name, frame
        drawn.ReferencedROINumber, drawn.ROIDisplayColor = number, [255, 0, 0]
        if len(contours):
            drawn.ContourSequence = [_contour(points, kind) for points in contours]
        seen.ObservationNumber, seen.ReferencedROINumber = number, number
        seen.RTROIInterpretedType = (interpreted or {}).get(name, "")
        ds.StructureSetROISequence.append(roi)
        ds.ROIContourSequence.append(drawn)
        ds.RTROIObservationsSequence.append(seen)
    return ds


def _contour(points: Array, kind: str) -> Dataset:
    item = Dataset()
    item.ContourGeometricType = kind
    item.NumberOfContourPoints = len(points)
    item.ContourData = [text(value) for value in np.asarray(points).ravel()]
    return item


def axes_of(orientation: str | Sequence[float]) -> Array:
    """(3, 3) rows across, down, normal."""
    cosines = ORIENTATIONS[orientation] if isinstance(orientation, str) else orientation
    across, down = np.array(cosines[:3], float), np.array(cosines[3:], float)
    return np.array([across, down, np.cross(across, down)])


def make_dose(
    at: Callable[[Array], Array],
    *,
    centre: Sequence[float] = (0, 0, 0),
    extent: Sequence[float] = (60, 60, 60),
    spacing: Sequence[float] = (2, 2, 2),
    shift: Sequence[float] = (0, 0, 0),
    orientation: str | Sequence[float] = "HFS",
    offsets: str = "relative",
    bits: int = 32,
    scaling: float = 1e-6,
    **attributes: Any,
) -> Dataset:
    """A dose sampled at voxel centres.

    Args:
        at: Gy at points (..., 3) in patient coordinates (mm).
        centre, extent: of the grid in mm, extent along across, down, normal.
        spacing: of voxels along across, down, normal.
        shift: mm by which the grid is moved against its centre.
        orientation: a key of ORIENTATIONS or six cosines.
        offsets: 'relative', 'absolute' (z coordinates) or 'descending' (frames reversed).
        attributes: further elements by keyword.
    """
    axes = axes_of(orientation)
    counts = [int(np.ceil(size / step)) + 1 for size, step in zip(extent, spacing, strict=True)]
    along = [(np.arange(n) - (n - 1) / 2) * step for n, step in zip(counts, spacing, strict=True)]
    if offsets == "descending":
        along[2] = along[2][::-1]
    w, v, u = np.meshgrid(along[2], along[1], along[0], indexing="ij")
    points = np.stack((u, v, w), axis=-1) @ axes + np.array(centre, float) + np.array(shift, float)
    stored = np.round(np.maximum(at(points), 0) / scaling).astype(f"<u{bits // 8}")
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = uids.RT_DOSE, generate_uid()
    ds.Modality, ds.FrameOfReferenceUID = "RTDOSE", FRAME
    ds.ImagePositionPatient = [text(value) for value in points[0, 0, 0]]
    ds.ImageOrientationPatient = [text(value) for value in axes[:2].ravel()]
    ds.PixelSpacing = [text(spacing[1]), text(spacing[0])]
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.NumberOfFrames, ds.Rows, ds.Columns = counts[2], counts[1], counts[0]
    ds.BitsAllocated = ds.BitsStored = bits
    ds.HighBit, ds.PixelRepresentation = bits - 1, 0
    ds.DoseUnits, ds.DoseType, ds.DoseSummationType = "GY", "PHYSICAL", "PLAN"
    ds.DoseGridScaling = text(scaling)
    if counts[2] > 1:
        relative = along[2] - along[2][0]
        given = points[:, 0, 0, 2] if offsets == "absolute" else relative
        ds.GridFrameOffsetVector = [text(value) for value in given]
    ds.PixelData = stored.tobytes()
    ds["PixelData"].VR = "OW"
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    return ds


def opened_structure_set(rois: Mapping[str, Sequence[Array]], **kwargs: Any) -> StructureSet:
    """The structure set, written and read back."""
    return read_structure_set(encode(make_structure_set(rois, **kwargs)), IMPLICIT_LITTLE)


def opened_dose(at: Callable[[Array], Array], **kwargs: Any) -> DoseGrid:
    """The dose, written and read back."""
    return read_dose(encode(make_dose(at, **kwargs)), IMPLICIT_LITTLE)


def linear(gradient: Sequence[float], base: float = 30.0) -> Callable[[Array], Array]:
    """Gy: `base` at the origin, growing by `gradient` Gy/mm."""
    return lambda points: base + points @ np.array(gradient, float)


def ball_at_least(radius: float, steepness: float, base: float) -> Callable[[float], float]:
    """mm3 of a centred ball that gets at least a dose, where the dose is linear through it."""

    def volume(dose: float) -> float:
        cut = np.clip((dose - base) / steepness, -radius, radius)
        height = radius - cut
        return float(np.pi * height**2 * (3 * radius - height) / 3)

    return volume


def dose_to(volume_at_least: Callable[[float], float], volume: float, low: float, high: float) -> float:
    """The dose that the hottest `volume` (mm3) gets at least, by bisection."""
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if volume_at_least(middle) > volume else (low, middle)
    return (low + high) / 2
