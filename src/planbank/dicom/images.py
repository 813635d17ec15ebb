"""Image planes: where an image lies.

Comes in: the encoded data set of an image (its pixels are not read). Goes out: an `ImagePlane`.
How images stack up to a volume: `planbank.dicom.stacks`. Source: DICOM PS3.3 sections C.7.6.1,
C.7.6.2 and C.7.6.16.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planbank.dicom.findings import Finding
from planbank.dicom.geometry import Axes, axes_of
from planbank.dicom.items import Item, read_items

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class ImagePlane:
    """One image (or the first frame of a multi-frame one). Absent values are None or "".

    Attributes:
        position: mm along the normal; what a stack is sorted by.
        spacing: (between rows, between columns) in mm.
        marks: what may tell stacks of one series apart: temporal position, echo, diffusion
            b-value, trigger time, acquisition, image type; "" where not given.
        expected: Images in Acquisition (0020,1002).
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
    marks: tuple[str, ...]
    expected: int | None
    slope: float
    intercept: float
    window: tuple[float, float] | None
    findings: tuple[Finding, ...]

    @property
    def localiser(self) -> bool:
        """Whether the image is a scout, no slice of the volume."""
        return "LOCALIZER" in self.image_type


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
        marks=_marks(ds),
        expected=ds.integer("ImagesInAcquisition"),
        slope=ds.number("RescaleSlope") or 1.0,
        intercept=ds.number("RescaleIntercept") or 0.0,
        window=_window(ds),
        findings=tuple(findings),
    )


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


def _marks(ds: Item) -> tuple[str, ...]:
    """What may tell stacks of one series apart, in the order of `stacks.split.MARKS`."""
    numbers = (
        ("TemporalPositionIndex", "TemporalPositionIdentifier"),
        ("EchoNumbers",),
        ("DiffusionBValue",),
        ("TriggerTime",),
        ("AcquisitionNumber",),
    )
    values = [next((v for k in keywords if (v := _plain(ds, k))), "") for keywords in numbers]
    return (*values, "/".join(part.upper() for part in ds.texts("ImageType")[2:]))


def _plain(ds: Item, keyword: str) -> str:
    number = ds.number(keyword)
    return "" if number is None else f"{number:g}"


def _window(ds: Item) -> tuple[float, float] | None:
    centre, width = ds.number("WindowCenter"), ds.number("WindowWidth")
    return (centre, width) if centre is not None and width is not None and width > 0 else None
