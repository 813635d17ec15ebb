"""Image planes: where an image lies, and how images stack up to a volume.

Comes in: the encoded data set of an image (its pixels are not read), or many planes. Goes
out: an `ImagePlane`, or `Stack`s with what is missing from them. Source: DICOM PS3.3
sections C.7.6.1, C.7.6.2 and C.7.6.16.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planbank.dicom.findings import Finding
from planbank.dicom.geometry import Axes, axes_of
from planbank.dicom.items import Item, read_items

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class ImagePlane:
    """One image (or the first frame of a multi-frame one). Absent values are None or "".

    Attributes:
        position: mm along the normal; what a stack is sorted by.
        spacing: (between rows, between columns) in mm.
        group: what tells stacks of one series apart: temporal position, acquisition, echo,
            diffusion b-value, where given.
    """

    sop_instance_uid: str
    series_instance_uid: str
    frame_of_reference_uid: str
    modality: str
    image_type: tuple[str, ...]
    instance_number: int | None
    rows: int | None
    columns: int | None
    frames: int
    spacing: tuple[float, float] | None
    origin: tuple[float, float, float] | None
    axes: Axes | None
    position: float | None
    thickness: float | None
    patient_position: str
    group: tuple[str, ...]
    slope: float
    intercept: float
    window: tuple[float, float] | None
    findings: tuple[Finding, ...]

    @property
    def localiser(self) -> bool:
        """Whether the image is a scout, no slice of the volume."""
        return "LOCALIZER" in self.image_type


@dataclass(frozen=True, slots=True)
class Stack:
    """Images of one orientation, frame, kind and phase, in order of position.

    Attributes:
        spacing: the usual distance of neighbours in mm; None below two planes.
        missing: positions (mm) where a plane is expected between others; None where the
            distances are too irregular to tell.
        repeated: positions that more than one image has.
    """

    planes: tuple[ImagePlane, ...]
    spacing: float | None
    missing: tuple[float, ...] | None
    repeated: tuple[float, ...]


def read_image(data: bytes | memoryview, transfer_syntax_uid: str) -> ImagePlane:
    """Read where an image lies; never raises for absent or odd values."""
    ds = read_items(data, transfer_syntax_uid)
    shared = ds.first("SharedFunctionalGroupsSequence")
    frame = ds.first("PerFrameFunctionalGroupsSequence")
    position = _from(ds, frame, shared, "PlanePositionSequence", "ImagePositionPatient", 3)
    axes = axes_of(_from(ds, frame, shared, "PlaneOrientationSequence", "ImageOrientationPatient", 6))
    spacing = _from(ds, frame, shared, "PixelMeasuresSequence", "PixelSpacing", 2)
    thickness = _from(ds, frame, shared, "PixelMeasuresSequence", "SliceThickness", 1)
    placed = position is not None and axes is not None
    findings = [] if placed else [Finding("image-no-geometry")]
    findings += [Finding("value-unreadable", keyword) for keyword in sorted(ds.odd)]
    return ImagePlane(
        sop_instance_uid=ds.uid("SOPInstanceUID"),
        series_instance_uid=ds.uid("SeriesInstanceUID"),
        frame_of_reference_uid=ds.uid("FrameOfReferenceUID"),
        modality=ds.text("Modality"),
        image_type=tuple(part.upper() for part in ds.texts("ImageType")),
        instance_number=ds.integer("InstanceNumber"),
        rows=ds.integer("Rows"),
        columns=ds.integer("Columns"),
        frames=ds.integer("NumberOfFrames") or 1,
        spacing=(spacing[0], spacing[1]) if spacing and min(spacing) > 0 else None,
        origin=(position[0], position[1], position[2]) if position else None,
        axes=axes,
        position=float(axes.normal @ np.array(position)) if axes and position else None,
        thickness=thickness[0] if thickness else None,
        patient_position=ds.text("PatientPosition").upper(),
        group=_group(ds),
        slope=ds.number("RescaleSlope") or 1.0,
        intercept=ds.number("RescaleIntercept") or 0.0,
        window=_window(ds),
        findings=tuple(findings),
    )


def stacks(planes: Iterable[ImagePlane]) -> list[Stack]:
    """Split the images of one or several series into stacks and say what is missing between their planes.

    Localisers stand apart; images without geometry are in no stack.
    """
    groups: dict[tuple[object, ...], list[ImagePlane]] = defaultdict(list)
    for plane in planes:
        if plane.axes is None or plane.position is None:
            continue
        direction = tuple(np.round(plane.axes.matrix, 3).ravel() + 0.0)
        series = (plane.series_instance_uid, plane.frame_of_reference_uid, plane.localiser, plane.group)
        groups[(direction, *series)].append(plane)
    return [_stack(group) for group in groups.values()]


def modal_spacing(
    positions: Sequence[float] | NDArray[np.float64], *, tolerance: float = 0.01
) -> float | None:
    """The commonest distance (mm) between sorted positions; the smallest of equally common ones."""
    gaps = np.diff(np.asarray(positions, float))
    gaps = gaps[gaps > tolerance]
    if not len(gaps):
        return None
    keys = np.round(gaps / tolerance).astype(np.int64)
    values, counts = np.unique(keys, return_counts=True)
    close = np.array([counts[np.abs(values - value) <= 1].sum() for value in values])
    best = values[np.argmax(close)]
    return float(gaps[np.abs(keys - best) <= 1].mean())


def _stack(group: list[ImagePlane]) -> Stack:
    ordered = sorted(group, key=lambda plane: plane.position or 0.0)
    positions = [plane.position or 0.0 for plane in ordered]
    spacing = modal_spacing(positions)
    repeated = [b for a, b in itertools.pairwise(positions) if b - a <= 0.01]
    if spacing is None:
        return Stack(tuple(ordered), None, (), tuple(repeated))
    return Stack(tuple(ordered), spacing, _missing(positions, spacing), tuple(repeated))


def _missing(positions: list[float], spacing: float) -> tuple[float, ...] | None:
    """Positions at whole multiples of the spacing that no plane has; None where distances are irregular."""
    missing: list[float] = []
    for low, high in itertools.pairwise(positions):
        steps = (high - low) / spacing
        whole = round(steps)
        if high - low <= 0.01 or (whole == 1 and abs(steps - 1) <= 0.1):
            continue
        if abs(steps - whole) > 0.1 or whole < 1:
            return None
        missing.extend(low + spacing * step for step in range(1, whole))
    return tuple(missing)


def _from(
    ds: Item, frame: Item | None, shared: Item | None, sequence: str, keyword: str, count: int
) -> tuple[float, ...] | None:
    """A value of the plain image, or of the functional groups of an enhanced one."""
    places = [ds]
    places += [item for group in (frame, shared) if group and (item := group.first(sequence))]
    for place in places:
        values = place.numbers(keyword)
        if values is not None and len(values) >= count:
            return values[:count]
    return None


def _group(ds: Item) -> tuple[str, ...]:
    keywords = ("TemporalPositionIdentifier", "AcquisitionNumber", "EchoNumbers", "DiffusionBValue")
    return tuple(ds.text(keyword) or str(ds.number(keyword) or "") for keyword in keywords)


def _window(ds: Item) -> tuple[float, float] | None:
    centre, width = ds.number("WindowCenter"), ds.number("WindowWidth")
    return (centre, width) if centre is not None and width is not None and width > 0 else None
