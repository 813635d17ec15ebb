"""RT structure sets: ROIs, their names and types, and how much each holds.

Comes in: the encoded data set of a structure set. Goes out: a `StructureSet`, with contours
(`read_structure_set`) or with counts only (`summarise`). Source: DICOM PS3.3 section A.19,
C.8.8.5 to C.8.8.8.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planbank.dicom.contours import (
    ROI_CONTOUR_SEQUENCE,
    ContourCount,
    Contours,
    RoiContourItem,
    roi_contour_items,
)
from planbank.dicom.findings import Finding
from planbank.dicom.items import Item, read_items

if TYPE_CHECKING:
    from collections.abc import Collection


@dataclass(frozen=True, slots=True)
class RoiSummary:
    """An ROI without its contours.

    `type` is the RT ROI Interpreted Type ('PTV', 'ORGAN', ...), `label` the observation
    label, both '' where absent; `colour` is (r, g, b) or None. `empty`: no contour item, no
    items in it, or no points (R84); `geometric_types` as written.
    """

    number: int
    name: str
    description: str
    type: str
    label: str
    colour: tuple[int, int, int] | None
    generation: str
    frame_of_reference_uid: str
    contour_count: int
    point_count: int
    geometric_types: tuple[str, ...]

    @property
    def empty(self) -> bool:
        """Whether nothing is drawn."""
        return self.point_count == 0


@dataclass(frozen=True, slots=True)
class Roi:
    """An ROI with its contours in patient coordinates (mm)."""

    number: int
    name: str
    type: str
    label: str
    colour: tuple[int, int, int] | None
    frame_of_reference_uid: str
    contours: Contours


@dataclass(frozen=True, slots=True)
class StructureSet:
    """A structure set with its contours."""

    sop_instance_uid: str
    label: str
    name: str
    date: str
    time: str
    frame_of_reference_uid: str
    rois: tuple[Roi, ...]
    findings: tuple[Finding, ...] = ()

    def roi(self, name_or_number: str | int) -> Roi:
        """The ROI of that name or number. Raises KeyError where there is none."""
        for roi in self.rois:
            if name_or_number in (roi.name, roi.number):
                return roi
        raise KeyError(name_or_number)


@dataclass(frozen=True, slots=True)
class StructureSetSummary:
    """A structure set as a table row: labels, dates, approval and its ROIs counted.

    Attributes:
        planes: where was drawn: (patient axis, mm, SOP Instance UID of the image or ""), each once.
    """

    sop_instance_uid: str
    label: str
    name: str
    description: str
    date: str
    time: str
    approval: str
    frame_of_reference_uids: tuple[str, ...]
    rois: tuple[RoiSummary, ...]
    manufacturer: str
    manufacturer_model_name: str
    software_versions: tuple[str, ...]
    planes: tuple[tuple[str, float, str], ...]
    findings: tuple[Finding, ...]


def summarise(data: bytes | memoryview, transfer_syntax_uid: str) -> list[RoiSummary]:
    """The ROIs of a structure set, counted from the bytes without reading a coordinate."""
    return list(summarise_structure_set(data, transfer_syntax_uid).rois)


def summarise_structure_set(data: bytes | memoryview, transfer_syntax_uid: str) -> StructureSetSummary:
    """Everything but the coordinates. Raises a DicomError only where the bytes break the encoding rules."""
    ds, drawn = _open(data, transfer_syntax_uid)
    findings = _roi_findings(ds, drawn)
    rois = _counted(ds, drawn)
    frames = _frames(ds, [roi.frame_of_reference_uid for roi in rois])
    findings += [] if rois else [Finding("structure-set-no-rois")]
    findings += [] if frames else [Finding("structure-set-no-frame")]
    findings += [Finding("value-unreadable", keyword) for keyword in sorted(ds.odd)]
    return StructureSetSummary(
        sop_instance_uid=ds.uid("SOPInstanceUID"),
        label=ds.text("StructureSetLabel"),
        name=ds.text("StructureSetName"),
        description=ds.text("StructureSetDescription"),
        date=ds.text("StructureSetDate"),
        time=ds.text("StructureSetTime"),
        approval=ds.text("ApprovalStatus").upper(),
        frame_of_reference_uids=frames,
        rois=tuple(rois),
        manufacturer=ds.text("Manufacturer"),
        manufacturer_model_name=ds.text("ManufacturerModelName"),
        software_versions=ds.texts("SoftwareVersions"),
        planes=_planes(drawn),
        findings=tuple(findings),
    )


def _planes(drawn: dict[int, RoiContourItem]) -> tuple[tuple[str, float, str], ...]:
    every = (plane for item in drawn.values() for plane in item.planes())
    return tuple(sorted({(axis, round(mm, 2), image) for axis, mm, image in every}))


def _counted(ds: Item, drawn: dict[int, RoiContourItem]) -> list[RoiSummary]:
    observations = _observations(ds)
    rois = []
    for number, item in _rois(ds).items():
        kind, label = observations.get(number, ("", ""))
        there = drawn.get(number)
        count = there.count() if there else ContourCount(0, 0, ())
        rois.append(
            RoiSummary(
                number=number,
                name=item.text("ROIName"),
                description=item.text("ROIDescription"),
                type=kind,
                label=label,
                colour=there.colour if there else None,
                generation=item.text("ROIGenerationAlgorithm").upper(),
                frame_of_reference_uid=item.uid("ReferencedFrameOfReferenceUID"),
                contour_count=count.contours,
                point_count=count.points,
                geometric_types=count.types,
            )
        )
    return rois


def read_structure_set(
    data: bytes | memoryview, transfer_syntax_uid: str, *, rois: Collection[int] | None = None
) -> StructureSet:
    """Read a structure set with the contours of all ROIs, or of the numbered ones.

    Raises a DicomError only where the bytes break the encoding rules; unreadable contours
    are left out with a finding.
    """
    ds, drawn = _open(data, transfer_syntax_uid)
    observations = _observations(ds)
    findings = _roi_findings(ds, drawn)
    read = []
    for number, item in _rois(ds).items():
        if rois is not None and number not in rois:
            continue
        there = drawn.get(number)
        contours = there.read() if there else NO_CONTOURS
        name = item.text("ROIName")
        if contours.unreadable:
            findings.append(Finding("contour-unreadable", f"ROI {number}, {contours.unreadable} left out"))
        kind, label = observations.get(number, ("", ""))
        frame = item.uid("ReferencedFrameOfReferenceUID")
        colour = there.colour if there else None
        read.append(Roi(number, name, kind, label, colour, frame, contours))
    frames = _frames(ds, [roi.frame_of_reference_uid for roi in read])
    return StructureSet(
        sop_instance_uid=ds.uid("SOPInstanceUID"),
        label=ds.text("StructureSetLabel"),
        name=ds.text("StructureSetName"),
        date=ds.text("StructureSetDate"),
        time=ds.text("StructureSetTime"),
        frame_of_reference_uid=frames[0] if frames else "",
        rois=tuple(read),
        findings=tuple(findings),
    )


NO_CONTOURS = Contours(np.empty((0, 3)), np.zeros(1, np.int64), (), ())


def _open(data: bytes | memoryview, syntax: str) -> tuple[Item, dict[int, RoiContourItem]]:
    ds = read_items(data, syntax)
    drawn: dict[int, RoiContourItem] = {}
    for item in roi_contour_items(ds.walker, ds.fields.get(ROI_CONTOUR_SEQUENCE)):
        if item.number is not None:
            drawn.setdefault(item.number, item)
    return ds, drawn


def _rois(ds: Item) -> dict[int, Item]:
    """ROI number -> item of Structure Set ROI Sequence; the first of equal numbers."""
    found: dict[int, Item] = {}
    for item in ds.each("StructureSetROISequence"):
        number = item.integer("ROINumber")
        if number is not None:
            found.setdefault(number, item)
    return found


def _observations(ds: Item) -> dict[int, tuple[str, str]]:
    """ROI number -> (interpreted type, observation label)."""
    found: dict[int, tuple[str, str]] = {}
    for item in ds.each("RTROIObservationsSequence"):
        number = item.integer("ReferencedROINumber")
        if number is not None:
            kind, label = item.text("RTROIInterpretedType").upper(), item.text("ROIObservationLabel")
            found.setdefault(number, (kind, label))
    return found


def _frames(ds: Item, of_rois: list[str]) -> tuple[str, ...]:
    """Frames of reference: those of the ROIs first, then what the structure set names."""
    named = [item.uid("FrameOfReferenceUID") for item in ds.each("ReferencedFrameOfReferenceSequence")]
    return tuple(dict.fromkeys(uid for uid in (*of_rois, *named, ds.uid("FrameOfReferenceUID")) if uid))


def _roi_findings(ds: Item, drawn: dict[int, RoiContourItem]) -> list[Finding]:
    numbers = [item.integer("ROINumber") for item in ds.each("StructureSetROISequence")]
    listed = {number for number in numbers if number is not None}
    twice = sorted(number for number in listed if numbers.count(number) > 1)
    found = [Finding("roi-number-twice", f"ROI {number}") for number in twice]
    return found + [Finding("roi-not-listed", f"ROI {number}") for number in sorted(drawn.keys() - listed)]
