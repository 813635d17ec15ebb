"""CT and MR images of a case, as series of axial slices.

Comes in: a `Case`, a `Study` and a matrix. Goes out: an `ImageSeries` with its data sets.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import FileDataset
from pydicom.uid import CTImageStorage, MRImageStorage

from ..anatomy.body import paint_volume
from ..geometry.shapes import Array
from ..sites.case import Case
from .study import Study, begin_series, new_object

Stored = NDArray[np.int16] | NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Columns (and rows), number of slices, for a field of view and a window in z."""

    columns: int
    slices: int


@dataclass(frozen=True, slots=True)
class ImageSeries:
    """Slices from feet to head with the coordinates (mm) of their pixels."""

    slices: list[FileDataset]
    x: Array
    y: Array
    z: Array


def grid_of(case: Case, matrix: Matrix) -> tuple[Array, Array, Array]:
    """Pixel and slice coordinates in mm; positions are exact decimals, so that headers and contours agree."""
    pixel = round(case.field_of_view / matrix.columns, 4)
    start = -round(pixel * (matrix.columns - 1) / 2, 1)
    middle = round((case.anatomy.outline.lo[1] + case.anatomy.outline.hi[1]) / 2 + 14)
    x = start + np.arange(matrix.columns) * pixel
    y = middle + start + np.arange(matrix.columns) * pixel
    low, high = case.window
    step = np.ceil((high - low) / matrix.slices * 2) / 2
    z = np.round((low + high) - step * (matrix.slices - 1)) / 2 + np.arange(matrix.slices) * step
    return x.astype(np.float32), y.astype(np.float32), z.astype(np.float32)


def ct_series(case: Case, study: Study, matrix: Matrix) -> ImageSeries:
    """The planning CT in HU with noise, signed or with an offset of 1024 as the clinic's scanner does."""
    x, y, z = grid_of(case, matrix)
    hu = paint_volume([*case.supports, *case.anatomy.layers], x, y, z)
    _add_noise(hu, np.random.default_rng([case.anatomy.build.seed, 80, study.number]))
    stored: Stored
    if study.habits.unsigned_ct:
        stored = np.clip(hu + 1024.5, 0, 4095).astype(np.uint16)
    else:
        stored = np.clip(np.rint(hu), -1024, 3071).astype(np.int16)

    def fill(ds: FileDataset) -> None:
        ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        ds.KVP, ds.XRayTubeCurrent, ds.ExposureTime = "120", "220", "1000"
        ds.ConvolutionKernel, ds.GantryDetectorTilt = "Standard", "0"
        ds.RescaleIntercept = "-1024" if study.habits.unsigned_ct else "0"
        ds.RescaleSlope, ds.RescaleType = "1", "HU"
        ds.WindowCenter, ds.WindowWidth = "40", "400"

    name = f"Planning CT {study.number}" if study.number > 1 else "Planning CT"
    return _series(case, study, stored, (x, y, z), ("CT", str(CTImageStorage), name, 1), fill)


def mr_series(case: Case, study: Study, matrix: Matrix) -> ImageSeries:
    """A T1-weighted MR on the CT's frame of reference, as a planning system resamples a registered one."""
    x, y, z = grid_of(case, matrix)
    hu = paint_volume(case.anatomy.layers, x, y, z)
    signal = np.interp(hu, [-980, -500, -110, -60, -10, 7, 20, 38, 60, 130, 300, 900], _T1).astype(np.float32)
    grain = np.random.default_rng([case.anatomy.build.seed, 81]).standard_normal(
        signal.shape, dtype=np.float32
    )
    stored = np.clip(signal + 14 * grain, 0, 4095).astype(np.uint16)

    def fill(ds: FileDataset) -> None:
        ds.ImageType = ["DERIVED", "SECONDARY", "OTHER"]
        ds.ScanningSequence, ds.SequenceVariant, ds.ScanOptions = "GR", "SP", ""
        ds.MRAcquisitionType, ds.RepetitionTime, ds.EchoTime = "3D", "1900", "2.9"
        ds.EchoTrainLength, ds.MagneticFieldStrength, ds.FlipAngle = "1", "3", "9"
        ds.WindowCenter, ds.WindowWidth = "450", "900"

    return _series(case, study, stored, (x, y, z), ("MR", str(MRImageStorage), "T1 registered", 5), fill)


_T1 = [4, 10, 880, 700, 330, 150, 300, 460, 380, 420, 120, 30]


def _add_noise(hu: Array, rng: np.random.Generator) -> None:
    """Quantum noise, correlated over neighbouring pixels, less of it in air."""
    for plane in hu:
        grain = rng.standard_normal(plane.shape, dtype=np.float32)
        grain += np.roll(grain, 1, 0)
        grain += np.roll(grain, 1, 1)
        plane += grain * np.where(plane < -700, np.float32(3), np.float32(6))


def _series(
    case: Case,
    study: Study,
    stored: Stored,
    grid: tuple[Array, Array, Array],
    kind: tuple[str, str, str, int],
    fill: Callable[[FileDataset], None],
) -> ImageSeries:
    modality, sop_class, name, number = kind
    slices = []
    for index in range(len(grid[2])):
        ds = new_object(study, sop_class, modality, index)
        begin_series(ds, study, number, name, after=0, time="094500")
        ds.AcquisitionDate = ds.ContentDate = study.day(0)
        ds.AcquisitionTime = ds.ContentTime = "094512"
        ds.BodyPartExamined, ds.PatientPosition = case.body_part, "HFS"
        if case.body_part == "BREAST":
            ds.Laterality = "L" if case.anatomy.build.side > 0 else "R"
        ds.AcquisitionNumber, ds.InstanceNumber = 1, index + 1
        _plane(ds, grid, index)
        _pixels(ds, stored[index])
        fill(ds)
        slices.append(ds)
    return ImageSeries(slices, *grid)


def _plane(ds: FileDataset, grid: tuple[Array, Array, Array], index: int) -> None:
    x, y, z = grid
    pixel, step = f"{x[1] - x[0]:.4f}", f"{z[1] - z[0]:.1f}"
    ds.PixelSpacing, ds.SliceThickness = [pixel, pixel], step
    ds.ImagePositionPatient = [f"{x[0]:.1f}", f"{y[0]:.1f}", f"{z[index]:.1f}"]
    ds.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
    ds.SliceLocation = f"{z[index]:.1f}"


def _pixels(ds: FileDataset, stored: Stored) -> None:
    signed = stored.dtype == np.int16
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows, ds.Columns = stored.shape
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 16, 16 if signed else 12, 15 if signed else 11
    ds.PixelRepresentation = int(signed)
    ds.PixelData = stored.tobytes()
    ds["PixelData"].VR = "OW"
