"""RT dose: the grid of values and where it lies in the patient.

Comes in: the encoded data set of an RT dose. Goes out: a `DoseInfo` (header only) or a
`DoseGrid` with values in the dose's unit, planes in ascending order along the normal.
Source: DICOM PS3.3 section C.8.8.3, and PS3.5 section 8 for pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planbank.dicom.findings import Finding
from planbank.dicom.geometry import Axes, axes_of
from planbank.dicom.items import Item, read_items
from planbank.dicom.pixels import frames_of
from planbank.errors import DicomUnsupported

if TYPE_CHECKING:
    from numpy.typing import NDArray

SMALLEST, LARGEST = 1e-3, 1e4
"""mm between which a voxel's sides must lie."""

MOST_FRAMES = 100_000
HIGHEST = 1e6
"""A larger dose value is none."""

SAME_PLACE = 0.01
"""mm within which two positions are one."""


@dataclass(frozen=True, slots=True)
class FractionGroupReference:
    """Beams or brachy setups of one fraction group that a dose is of; none means all of it."""

    number: int | None
    beams: tuple[int, ...]
    brachy_setups: tuple[int, ...]
    control_points: bool


@dataclass(frozen=True, slots=True)
class PlanReference:
    """A plan that a dose is of."""

    sop_instance_uid: str
    fraction_groups: tuple[FractionGroupReference, ...]


@dataclass(frozen=True, slots=True, eq=False)
class GridGeometry:
    """Where the voxels of a dose lie.

    Attributes:
        origin: (3,) patient coordinates (mm) of the centre of voxel [0, 0, 0].
        axes: across (columns), down (rows) and normal (planes).
        spacing: (across, down) in mm.
        offsets: (nz,) mm along the normal from the origin, ascending, first 0.
        shape: (nz, ny, nx).
    """

    origin: NDArray[np.float64]
    axes: Axes
    spacing: tuple[float, float]
    offsets: NDArray[np.float64]
    shape: tuple[int, int, int]

    def same_as(self, other: GridGeometry) -> bool:
        """Whether voxels coincide, so that values may be added one by one."""
        return (
            self.shape == other.shape
            and self.axes.parallel(other.axes, 1e-6)
            and bool(np.allclose(self.origin, other.origin, atol=SAME_PLACE))
            and bool(np.allclose(self.spacing, other.spacing, rtol=1e-4))
            and bool(np.allclose(self.offsets, other.offsets, atol=SAME_PLACE))
        )

    def local(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Patient points (..., 3) in mm as index coordinates (..., 3) in the order column, row, plane.

        Whole numbers are voxel centres; plane indices beyond the grid are extrapolated.
        """
        mm: NDArray[np.float64] = (points - self.origin) @ self.axes.matrix.T
        out = np.empty_like(mm)
        out[..., 0] = mm[..., 0] / self.spacing[0]
        out[..., 1] = mm[..., 1] / self.spacing[1]
        out[..., 2] = self._plane_index(mm[..., 2])
        return out

    def _plane_index(self, mm: NDArray[np.float64]) -> NDArray[np.float64]:
        if len(self.offsets) == 1:
            single: NDArray[np.float64] = mm - self.offsets[0]
            return single
        low = np.clip(np.searchsorted(self.offsets, mm, side="right") - 1, 0, len(self.offsets) - 2)
        step = self.offsets[low + 1] - self.offsets[low]
        index: NDArray[np.float64] = low + (mm - self.offsets[low]) / step
        return index


@dataclass(frozen=True, slots=True)
class DoseInfo:
    """An RT dose without its values. Absent text is ""; `geometry` is None where it does not say.

    `units` 'GY' or 'RELATIVE', `type` 'PHYSICAL', 'EFFECTIVE' or 'ERROR', `summation` 'PLAN',
    'BEAM', 'FRACTION', ... as written in capitals; `scaling` turns stored numbers into `units`.
    """

    sop_instance_uid: str
    frame_of_reference_uid: str
    units: str
    type: str
    summation: str
    comment: str
    plans: tuple[PlanReference, ...]
    structure_set_uids: tuple[str, ...]
    geometry: GridGeometry | None
    scaling: float | None
    stored_dvhs: int
    heterogeneity_correction: tuple[str, ...]
    manufacturer: str
    manufacturer_model_name: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, eq=False)
class DoseGrid:
    """A dose with its values.

    Attributes:
        values: (nz, ny, nx) float32 in the unit `info.units`, planes ascending along the normal.
    """

    info: DoseInfo
    geometry: GridGeometry
    values: NDArray[np.float32]

    @property
    def maximum(self) -> float:
        """The highest value of the grid."""
        return float(self.values.max())


def read_dose_info(data: bytes | memoryview, transfer_syntax_uid: str) -> DoseInfo:
    """Read an RT dose without its values; absent and odd values become findings."""
    info, _ = _read(read_items(data, transfer_syntax_uid))
    return info


def read_dose(data: bytes | memoryview, transfer_syntax_uid: str) -> DoseGrid:
    """Read an RT dose with its values.

    Raises DicomUnsupported where it cannot be placed, scaled or decompressed, and another
    DicomError where its bytes break the encoding rules.
    """
    ds = read_items(data, transfer_syntax_uid)
    info, order = _read(ds)
    if info.geometry is None:
        raise DicomUnsupported("The dose does not say where it lies in the patient.")
    if info.scaling is None:
        raise DicomUnsupported("The dose has no grid scaling.")
    stored = frames_of(ds, info.geometry.shape, transfer_syntax_uid)
    if not np.array_equal(order, np.arange(len(order))):
        stored = stored[order]
    if max(abs(float(stored.max())), abs(float(stored.min()))) * info.scaling > HIGHEST:
        raise DicomUnsupported("The dose holds values that no dose has.")
    values = np.empty(stored.shape, np.float32)
    for frame, raw in zip(values, stored, strict=True):  # one at a time: no second grid in memory
        frame[...] = np.multiply(raw, info.scaling, dtype=np.float64)
    return DoseGrid(info, info.geometry, values)


def _read(ds: Item) -> tuple[DoseInfo, NDArray[np.int64]]:
    findings: list[Finding] = []
    geometry, order = _geometry(ds, findings)
    scaling = ds.number("DoseGridScaling")
    if scaling is None or scaling <= 0:
        scaling = None
        findings.append(Finding("dose-no-scaling"))
    plans = tuple(_plan_reference(item) for item in ds.each("ReferencedRTPlanSequence"))
    units = ds.text("DoseUnits").upper()
    if not plans:
        findings.append(Finding("dose-no-plan"))
    if units not in ("GY", "RELATIVE"):
        findings.append(Finding("dose-unit-unknown", units))
    findings += [Finding("value-unreadable", keyword) for keyword in sorted(ds.odd)]
    structure_sets = ds.each("ReferencedStructureSetSequence")
    return (
        DoseInfo(
            sop_instance_uid=ds.uid("SOPInstanceUID"),
            frame_of_reference_uid=ds.uid("FrameOfReferenceUID"),
            units=units,
            type=ds.text("DoseType").upper(),
            summation=ds.text("DoseSummationType").upper(),
            comment=ds.text("DoseComment"),
            plans=plans,
            structure_set_uids=tuple(item.uid("ReferencedSOPInstanceUID") for item in structure_sets),
            geometry=geometry,
            scaling=scaling,
            stored_dvhs=sum(1 for _ in ds.each("DVHSequence")),
            heterogeneity_correction=ds.texts("TissueHeterogeneityCorrection"),
            manufacturer=ds.text("Manufacturer"),
            manufacturer_model_name=ds.text("ManufacturerModelName"),
            findings=tuple(findings),
        ),
        order,
    )


def _geometry(ds: Item, findings: list[Finding]) -> tuple[GridGeometry | None, NDArray[np.int64]]:
    """The grid's place, and the order that sorts its frames along the normal."""
    rows, columns = ds.integer("Rows"), ds.integer("Columns")
    frames = ds.integer("NumberOfFrames") or 1
    position, spacing = ds.numbers("ImagePositionPatient"), ds.numbers("PixelSpacing")
    axes = axes_of(ds.numbers("ImageOrientationPatient"))
    placed = position is not None and len(position) == 3 and spacing is not None and len(spacing) == 2
    if not placed or axes is None or not rows or not columns or position is None or spacing is None:
        findings.append(Finding("dose-no-geometry"))
        return None, np.arange(0)
    offsets = _offsets(ds, frames, position, axes, findings)
    sane = all(SMALLEST <= step <= LARGEST for step in spacing) and min(rows, columns) > 0
    if offsets is None or not sane:
        findings.append(Finding("dose-no-geometry"))
        return None, np.arange(0)
    order = np.argsort(offsets, kind="stable")
    ascending = offsets[order]
    steps = np.diff(offsets)
    if (steps > 0).any() and (steps < 0).any():
        findings.append(Finding("dose-frames-unordered"))
    if len(ascending) > 1 and np.diff(ascending).min() < SMALLEST:
        findings.append(Finding("dose-no-geometry"))
        return None, order
    origin = np.array(position) + ascending[0] * axes.normal
    shape = (frames, rows, columns)
    geometry = GridGeometry(origin, axes, (spacing[1], spacing[0]), ascending - ascending[0], shape)
    return geometry, order


def _offsets(
    ds: Item, frames: int, position: tuple[float, ...], axes: Axes, findings: list[Finding]
) -> NDArray[np.float64] | None:
    """mm along the normal from Image Position to each frame.

    Grid Frame Offset Vector holds offsets (first value 0) or z coordinates (first value the z
    of Image Position), in either direction.
    """
    if not 1 <= frames <= MOST_FRAMES:
        return None
    if frames == 1:
        return np.zeros(1)
    given = ds.numbers("GridFrameOffsetVector")
    if given is None or len(given) < frames:
        thickness = ds.number("SliceThickness")
        return np.arange(frames, dtype=np.float64) * thickness if thickness and given is None else None
    vector: NDArray[np.float64] = np.array(given[:frames], np.float64)
    if vector[0] == 0.0:
        return vector
    if abs(vector[0] - position[2]) <= SAME_PLACE and abs(axes.normal[2]) > 0.99:
        along: NDArray[np.float64] = (vector - position[2]) * np.sign(axes.normal[2])
        return along
    findings.append(Finding("dose-offsets-odd"))
    relative: NDArray[np.float64] = vector - vector[0]
    return relative


def _plan_reference(item: Item) -> PlanReference:
    groups = []
    for group in item.each("ReferencedFractionGroupSequence"):
        beams = group.items("ReferencedBeamSequence")
        setups = group.items("ReferencedBrachyApplicationSetupSequence")
        numbers = (beam.integer("ReferencedBeamNumber") for beam in beams)
        brachy = (setup.integer("ReferencedBrachyApplicationSetupNumber") for setup in setups)
        groups.append(
            FractionGroupReference(
                number=group.integer("ReferencedFractionGroupNumber"),
                beams=tuple(number for number in numbers if number is not None),
                brachy_setups=tuple(number for number in brachy if number is not None),
                control_points=any(beam.has("ReferencedControlPointSequence") for beam in beams),
            )
        )
    return PlanReference(item.uid("ReferencedSOPInstanceUID"), tuple(groups))
