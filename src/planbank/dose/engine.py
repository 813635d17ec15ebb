"""Dose-volume histograms of a structure set in a dose.

Comes in: a `StructureSet` and one or several `DoseGrid`s (several are added). Goes out: one
`Dvh` per ROI with its whole cumulative curve: exact coverage in the plane, slabs
or a shape interpolated between planes and tapered at its ends, the dose at the centroid of every cell's
covered part. Everything is in patient coordinates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from planbank.dicom.dose_grid import DoseGrid
from planbank.dicom.structure_set import NO_CONTOURS, Roi
from planbank.dose.curve import pack, unpack
from planbank.dose.doubt import EVERY, Doubt
from planbank.dose.histogram import Histogram
from planbank.dose.planes import AXIAL, Planes, sort_into_planes
from planbank.dose.regions import Region, layers_of, region_of, regions_of
from planbank.dose.sampling import STILL, Field, field_of, sample
from planbank.dose.shape import MOST_LAYERS, NO_LAYERS, Layers
from planbank.dose.slabs import EndCaps, Slab, slabs, usual_spacing
from planbank.dose.version import ALGORITHM, PRISMS

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from planbank.dicom.geometry import Axes
    from planbank.dicom.structure_set import StructureSet
    from planbank.dose.derived.bodies import Body

__all__ = ["ALGORITHM", "PRISMS", "Dvh", "Interpolation", "dvh", "dvh_of_body", "stored_dvh"]

Interpolation = Literal["cubic", "trilinear"]

CELLS_ACROSS = 12.0
"""Cells across an ROI of middling plane area, in slabs."""

CELLS = 12_000.0
"""Cells in the box about an ROI, at least, where its shape is followed."""

SMALLEST_CELL = 0.2
"""mm."""

MOST_PROBES = 16
"""Cross-sections of an ROI at which interpolations are compared, about."""

BETWEEN_VOXELS = 1.5
"""Part of the highest voxel that a peak between voxels can hardly exceed."""


@dataclass(frozen=True, slots=True, eq=False)
class Dvh:
    """The DVH of one ROI in one dose.

    Attributes:
        number, name: of the ROI.
        dose_uids: SOP Instance UIDs of the doses that went in.
        volume_cc: the whole volume, covered by dose or not.
        outside_cc: the part without dose; never rescaled away.
        min_gy, mean_gy, max_gy: over the part with dose; None where there is none.
        curve: (n,) cc that receive at least the dose of each place of `planbank.dose.axis`
            (0.01 Gy apart); starts with volume_cc - outside_cc and ends with 0.
        edge_gy: highest dose on the faces of the dose grid: more than tissue beyond is
            likely to get; bounds metrics that depend on `outside_cc`.
        flags: keys of `planbank.dose.flags.FLAGS`.
        algorithm: name and version of the method.
        parameters: what the method was run with, for the record.
    """

    number: int
    name: str
    dose_uids: tuple[str, ...]
    volume_cc: float
    outside_cc: float
    min_gy: float | None
    mean_gy: float | None
    max_gy: float | None
    curve: NDArray[np.float64]
    edge_gy: float = 0.0
    flags: tuple[str, ...] = ()
    algorithm: str = ALGORITHM
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def packed(self) -> bytes:
        """The curve for storage (see `planbank.dose.curve.pack`)."""
        return pack(self.curve)


def stored_dvh(packed: bytes, *, parameters: dict[str, Any], **values: Any) -> Dvh:
    """A `Dvh` from its stored columns: `values` are its other fields but `curve` and `edge_gy`."""
    edge = float(parameters.get("edge_gy", 0.0))
    return Dvh(curve=unpack(packed), edge_gy=edge, parameters=parameters, **values)


def dvh(
    structure_set: StructureSet,
    dose: DoseGrid | Sequence[DoseGrid] | Field,
    rois: Collection[int | str] | None = None,
    *,
    end_caps: EndCaps = "shape",
    spacing: float | None = None,
    interpolation: Interpolation = "cubic",
) -> list[Dvh]:
    """DVHs of all ROIs of a structure set, or of those numbered or named.

    Args:
        structure_set: from `planbank.dicom.structure_set.read_structure_set`.
        dose: a grid in Gy, several to be added, or a `Field`.
        rois: ROI numbers or names; None means all.
        end_caps: 'shape' interpolates the shape and tapers its ends; prisms on request, whose end
            planes reach 'slab' half a slice, 'half' a quarter, 'none' no further.
        spacing: slice spacing in mm of the images, for a structure set that has none of its
            own (single slices only).
        interpolation: of the dose between voxels, 'cubic' (bounded) or 'trilinear'.

    An ROI that cannot be had (empty, outside the dose) is in the list with a flag and without
    numbers, never left out. Source: DICOM PS3.3 section C.8.8.4 for the terms.
    """
    source = dose if isinstance(dose, Field) else field_of([dose] if isinstance(dose, DoseGrid) else dose)
    wanted = [roi for roi in structure_set.rois if rois is None or roi.number in rois or roi.name in rois]
    axes = source.grids[0].geometry.axes if source.grids else AXIAL
    sorted_rois = [(roi, sort_into_planes(roi.contours, axes)) for roi in wanted]
    usual = usual_spacing(planes.positions for _, planes in sorted_rois)
    if len(wanted) < len(structure_set.rois):
        usual = usual_spacing(sort_into_planes(roi.contours, axes).positions for roi in structure_set.rois)
    run = _Run(source, usual or spacing, source.edge, source.highest, end_caps, interpolation == "cubic")
    return [_of_roi(run, roi, planes) for roi, planes in sorted_rois]


def dvh_of_body(name: str, body: Body, source: Field, *, cubic: bool = True) -> Dvh:
    """The DVH of a body made of prisms, such as a derived structure (`planbank.dose.derived`).

    Its number is 0. `Dvh.parameters` says that it was derived, and how it was cut into cells.
    """
    run = _Run(source, None, source.edge, source.highest, body.end_caps, cubic)
    roi = Roi(0, name, "", "", None, "", NO_CONTOURS)
    boxes = [prism.box for prism in body.prisms]
    if body.end_caps == "shape":
        boxes = [prism.box * (prism.high - prism.low) / body.spacing for prism in body.prisms]
    size = _cell_size_of(run, boxes, body.spacing) if boxes else (0.0, 0.0)
    histogram = Histogram.up_to(run.highest * (BETWEEN_VOXELS if cubic else 1.0))
    for prism in body.prisms:
        region = region_of(prism.drawn, (prism.edges,), size)
        if not len(region.cells.area):
            continue
        layer = min(source.spacing[2], *size)
        _add(histogram, run, body.axes, region, _slab_layers(Slab(prism.low, prism.high), layer))
    parameters: dict[str, Any] = {
        "derived": True,
        "end_caps": body.end_caps,
        "cell_mm": [round(side, 4) for side in size],
    }
    return _result(run, roi, histogram, list(body.flags), parameters)


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    """What is the same for all ROIs."""

    source: Field
    usual: float | None
    edge: float
    highest: float
    end_caps: EndCaps
    cubic: bool


def _of_roi(run: _Run, roi: Roi, planes: Planes) -> Dvh:
    flags = list(planes.flags)
    if roi.contours.unreadable:
        flags.append("unreadable")
    if not planes.planes:
        return _result(run, roi, Histogram.up_to(0.0), flags, {})
    stack = slabs(planes.positions.tolist(), run.usual, end_caps=run.end_caps)
    flags += stack.flags
    size = _cell_size(run, planes, stack.spacing)
    layer = _layer(run, size)
    regions = [regions_of(plane, size, flags, apart=run.end_caps == "shape") for plane in planes.planes]
    if run.end_caps == "shape":
        broken = {i for i, _ in stack.bridged}
        joined = [i not in broken for i in range(len(regions) - 1)]
        made = layers_of(regions, planes.positions.tolist(), joined, stack.spacing, size, layer, merged=True)
    else:
        alike = [_slab_layers(slab, layer) for slab in stack.slabs]
        made = [(region, alike[i]) for i, of_plane in enumerate(regions) for region in of_plane]
    histogram = Histogram.up_to(run.highest * (BETWEEN_VOXELS if run.cubic else 1.0))
    doubt = Doubt() if run.end_caps == "shape" else None
    every = max(len(made) // MOST_PROBES, 1)
    for n, (region, layers) in enumerate(made):
        _add(histogram, run, planes.axes, region, layers, doubt, probe=n % every == 0)
    parameters: dict[str, Any] = {
        "end_caps": run.end_caps,
        "interpolation": "cubic" if run.cubic else "trilinear",
        "spacing_mm": round(stack.spacing, 4),
        "cell_mm": [round(side, 4) for side in size],
        "layer_mm": round(layer, 4),
    }
    if doubt is not None:
        each = zip(stack.slabs, regions, strict=True)
        as_prisms = sum(slab.thickness * sum(one.area for one in of_plane) for slab, of_plane in each)
        parameters["doubt"] = doubt.facts(histogram.inside + histogram.outside, as_prisms, stack.spacing)
    if stack.bridged:
        areas = [sum(region.area for region in of_plane) for of_plane in regions]
        bridged = sum(mm * (areas[i] + areas[i + 1]) for i, mm in stack.bridged)
        filled = histogram.inside + histogram.outside + bridged
        parameters["volume_with_gaps_filled_cc"] = round(filled / 1000.0, 4)
    return _result(run, roi, histogram, flags, parameters)


def _add(
    histogram: Histogram,
    run: _Run,
    axes: Axes,
    region: Region,
    layers: Layers,
    doubt: Doubt | None = None,
    *,
    probe: bool = False,
) -> None:
    """Add the layers of one region, and the doses at the vertices drawn."""
    cells, vertices = region.cells, region.vertices
    plane = np.array([region.section.position])
    x, y = vertices[:, 0], vertices[:, 1]
    seen = sample(run.source, axes, x, y, plane, cubic=run.cubic)
    histogram.see(seen)
    if len(layers.end_heights):
        histogram.see(sample(run.source, axes, x, y, layers.end_heights, layers.end_maps, cubic=run.cubic))
    if len(layers.heights):
        samples = sample(run.source, axes, cells.x, cells.y, layers.heights, layers.maps, cubic=run.cubic)
        histogram.add(cells, samples, layers.thickness, layers.maps, layers.factors)
        if doubt is not None:
            doubt.at_ends(layers, cells, samples)
    if doubt is not None and probe:
        doubt.between_voxels(seen, sample(run.source, axes, x[::EVERY], y[::EVERY], plane))


def _result(run: _Run, roi: Roi, histogram: Histogram, flags: list[str], parameters: dict[str, Any]) -> Dvh:
    volume = histogram.inside + histogram.outside
    if volume <= 0.0:
        flags.append("empty")
    covered = histogram.inside > 0.0
    if histogram.outside > 1e-6 * volume:
        flags.append("partly-outside" if covered else "outside")
    frames = {grid.info.frame_of_reference_uid for grid in run.source.grids} - {""}
    if roi.frame_of_reference_uid and frames and frames != {roi.frame_of_reference_uid}:
        flags.append("other-frame")
    if any(grid.info.type == "EFFECTIVE" for grid in run.source.grids):
        flags.append("gy-rbe")
    return Dvh(
        number=roi.number,
        name=roi.name,
        dose_uids=run.source.uids,
        volume_cc=volume / 1000.0,
        outside_cc=histogram.outside / 1000.0,
        min_gy=histogram.low if covered else None,
        mean_gy=histogram.dose_volume / histogram.inside if covered else None,
        max_gy=histogram.high if covered else None,
        curve=histogram.curve(),
        algorithm=ALGORITHM if run.cubic and run.end_caps == "shape" else PRISMS,
        edge_gy=run.edge,
        flags=tuple(dict.fromkeys(flags)),
        parameters=parameters | {"edge_gy": round(run.edge, 4)},
    )


def _cell_size(run: _Run, planes: Planes, thickness: float) -> tuple[float, float]:
    """Cells no larger than a dose pixel, and small beside the ROI."""
    return _cell_size_of(run, [plane.box for plane in planes.planes], thickness)


def _cell_size_of(run: _Run, boxes: Sequence[float], thickness: float) -> tuple[float, float]:
    """From the areas (mm2) of the boxes about the cross-sections."""
    side = float(np.cbrt(sum(boxes) * thickness / CELLS))
    if run.end_caps != "shape":
        side = float(np.sqrt(np.median(boxes))) / CELLS_ACROSS
    side = max(side, SMALLEST_CELL)
    return min(run.source.spacing[0], side), min(run.source.spacing[1], side)


def _layer(run: _Run, size: tuple[float, float]) -> float:
    """No layer thicker than the dose's planes are apart; as thin as cells are wide where those are small."""
    across, down, between = run.source.spacing
    return between if size == (across, down) else min(between, *size)


def _slab_layers(slab: Slab, most: float) -> Layers:
    """Layers of one plane's slab, all alike."""
    if slab.thickness <= 0:
        return NO_LAYERS
    count = min(max(int(np.ceil(slab.thickness / most - 1e-6)), 1), MOST_LAYERS)
    heights = np.linspace(slab.low, slab.high, 2 * count + 1, dtype=np.float64)[1::2]
    each = np.full(count, slab.thickness / count)
    ends = np.array([slab.low, slab.high])
    still = np.tile(STILL, (count, 1))
    none = np.zeros(count, np.int64)
    return Layers(heights, each, still, each, none, np.zeros(count), ends, np.tile(STILL, (2, 1)))
