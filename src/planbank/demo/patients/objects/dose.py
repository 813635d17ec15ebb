"""The RT Dose of a case on its own grid, for the plan or for one beam.

Comes in: doses in Gy on a grid. Goes out: data sets with 32-bit pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pydicom.dataset import Dataset, FileDataset
from pydicom.tag import Tag
from pydicom.uid import RTDoseStorage

from ..geometry.shapes import Array
from ..sites.case import Case
from .structure_set import Drawn
from .study import Study, begin_series, new_object, reference

OFFSET = (0.37, 0.63, 0.29)  # of a voxel: no dose voxel lies on a pixel of the CT


@dataclass(frozen=True, slots=True)
class DoseGrid:
    """Voxel centres in mm."""

    x: Array
    y: Array
    z: Array


def grid_about(case: Case, spacing: float) -> DoseGrid:
    """A grid about the lowest dose level, within the body: 80 mm to each side, 35 mm up and down."""
    target, outline = case.target(case.prescription.levels[-1][0]), case.anatomy.outline
    axes = []
    for axis, margin in enumerate((80, 80, 35)):
        low = max(target.lo[axis] - margin, outline.lo[axis] - 8, *([case.window[0]] if axis == 2 else []))
        high = min(target.hi[axis] + margin, outline.hi[axis] + 8, *([case.window[1]] if axis == 2 else []))
        axes.append(_axis(low, int((high - low) / spacing), spacing, axis))
    return DoseGrid(*axes)


def large_grid(case: Case) -> DoseGrid:
    """The clinical size: 200 x 180 x 130 voxels of 2.2 x 2 x 2 mm about the isocentre."""
    return DoseGrid(
        *(
            _axis(case.isocentre[axis] - count * spacing / 2, count, spacing, axis)
            for axis, (count, spacing) in enumerate(((200, 2.2), (180, 2.0), (130, 2.0)))
        )
    )


def _axis(low: float, count: int, spacing: float, axis: int) -> Array:
    start = round(float(np.floor(low)) + OFFSET[axis] * spacing, 2)
    return (start + np.arange(count) * spacing).astype(np.float32)


def plan_dose(
    case: Case, study: Study, grid: DoseGrid, gy: Array, drawn: Drawn, plan: FileDataset
) -> FileDataset:
    """The dose of the whole plan."""
    ds = _dose(case, study, grid, gy, drawn, plan, "PLAN")
    ds.ReferencedRTPlanSequence = [reference(plan)]
    return ds


def beam_dose(
    case: Case, study: Study, grid: DoseGrid, gy: Array, drawn: Drawn, plan: FileDataset, number: int
) -> FileDataset:
    """The dose of one beam over all fractions (PS3.3 C.8.8.3: fraction group and beam are named)."""
    ds = _dose(case, study, grid, gy, drawn, plan, "BEAM", number)
    beam, group, of_plan = Dataset(), Dataset(), reference(plan)
    beam.ReferencedBeamNumber = number
    group.ReferencedFractionGroupNumber, group.ReferencedBeamSequence = 1, [beam]
    of_plan.ReferencedFractionGroupSequence = [group]
    ds.ReferencedRTPlanSequence = [of_plan]
    return ds


def _dose(
    case: Case,
    study: Study,
    grid: DoseGrid,
    gy: Array,
    drawn: Drawn,
    plan: FileDataset,
    summation: str,
    number: int = 0,
) -> FileDataset:
    ds = new_object(study, str(RTDoseStorage), "RTDOSE", summation, number)
    begin_series(ds, study, 4, "Doses", after=3, time="134500")
    ds.InstanceNumber = number + 1
    ds.ContentDate, ds.ContentTime = study.day(3), "134500"
    spacing = [f"{v[1] - v[0]:.2f}" for v in (grid.y, grid.x)]
    ds.PixelSpacing, ds.SliceThickness = spacing, f"{grid.z[1] - grid.z[0]:.2f}"
    ds.ImagePositionPatient = [f"{v[0]:.2f}" for v in (grid.x, grid.y, grid.z)]
    ds.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
    ds.GridFrameOffsetVector = [f"{v:.2f}" for v in grid.z - grid.z[0]]
    ds.FrameIncrementPointer = Tag("GridFrameOffsetVector")
    _scale(ds, gy)
    ds.DoseUnits, ds.DoseType = "GY", "EFFECTIVE" if case.particle == "PROTON" else "PHYSICAL"
    ds.DoseSummationType, ds.DoseComment = summation, "invented, not calculated"
    ds.TissueHeterogeneityCorrection = ["IMAGE", "ROI_OVERRIDE"] if study.habits.draws_couch else "IMAGE"
    ds.ReferencedStructureSetSequence = [reference(drawn.ds)]
    return ds


def _scale(ds: FileDataset, gy: Array) -> None:
    """Unsigned 32-bit pixels; the scaling has as many digits as a DS holds."""
    scaling = f"{float(gy.max()) / 2_000_000_000:.9e}"
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.NumberOfFrames, ds.Rows, ds.Columns = gy.shape
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 32, 32, 31, 0
    ds.DoseGridScaling = scaling
    ds.PixelData = np.maximum(gy / float(scaling), 0).astype("<u4").tobytes()
    ds["PixelData"].VR = "OW"
