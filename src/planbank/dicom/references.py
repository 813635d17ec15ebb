"""What an object refers to: the threads from which plan sets are woven.

Comes in: the encoded data set of any object. Goes out: `References`, by meaning rather than
by attribute. Localiser references of images are passed over; Study UIDs never link. Source:
DICOM PS3.3 sections C.8.8.5, C.8.8.9, C.8.8.3, C.17A, C.20.2, C.20.3 (R14).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from planbank.dicom import uids
from planbank.dicom.contours import ROI_CONTOUR_SEQUENCE, roi_contour_items
from planbank.dicom.items import Item, read_items

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class References:
    """Every reference of one object, each once, in the order found.

    Attributes:
        frame_of_reference_uids: its own first, then those it names.
        series_uids, image_uids: images it was made on (structure sets, segmentations) or
            brings together (registrations).
        structure_set_uids, plan_uids, dose_uids, record_uids: RT objects by class.
        related_plan_uids: (SOP Instance UID, relationship) of plans a plan names.
        registered_frames: frames of reference a registration maps into its own.
        other_uids: instances of classes with no meaning here.
    """

    sop_class_uid: str
    sop_instance_uid: str
    frame_of_reference_uids: tuple[str, ...] = ()
    series_uids: tuple[str, ...] = ()
    image_uids: tuple[str, ...] = ()
    structure_set_uids: tuple[str, ...] = ()
    plan_uids: tuple[str, ...] = ()
    dose_uids: tuple[str, ...] = ()
    record_uids: tuple[str, ...] = ()
    related_plan_uids: tuple[tuple[str, str], ...] = ()
    registered_frames: tuple[str, ...] = ()
    other_uids: tuple[str, ...] = ()


@dataclass
class _Found:
    frames: dict[str, None] = field(default_factory=dict)
    series: dict[str, None] = field(default_factory=dict)
    images: dict[str, None] = field(default_factory=dict)
    structure_sets: dict[str, None] = field(default_factory=dict)
    plans: dict[str, None] = field(default_factory=dict)
    doses: dict[str, None] = field(default_factory=dict)
    records: dict[str, None] = field(default_factory=dict)
    related: dict[tuple[str, str], None] = field(default_factory=dict)
    registered: dict[str, None] = field(default_factory=dict)
    others: dict[str, None] = field(default_factory=dict)

    def frame(self, item: Item, keyword: str = "FrameOfReferenceUID") -> None:
        _add(self.frames, [item.uid(keyword)])

    def instances(self, items: Iterable[Item]) -> None:
        """Sort referenced instances by what their class means."""
        places = {
            "structure set": self.structure_sets,
            "plan": self.plans,
            "dose": self.doses,
            "record": self.records,
            "image": self.images,
        }
        for item in items:
            kind = uids.kind(item.uid("ReferencedSOPClassUID"))
            _add(places.get(kind, self.others), [item.uid("ReferencedSOPInstanceUID")])


def references(data: bytes | memoryview, transfer_syntax_uid: str) -> References:
    """Everything an object refers to. Raises a DicomError where its bytes break the encoding rules."""
    ds = read_items(data, transfer_syntax_uid)
    found = _Found()
    found.frame(ds)
    reader = _READERS.get(uids.kind(ds.uid("SOPClassUID")))
    if reader is None and ds.uid("SOPClassUID") == uids.SEGMENTATION:
        reader = _of_segmentation
    if reader is not None:
        reader(ds, found)
    own = ds.uid("SOPInstanceUID")
    return References(
        sop_class_uid=ds.uid("SOPClassUID"),
        sop_instance_uid=own,
        frame_of_reference_uids=tuple(found.frames),
        series_uids=tuple(found.series),
        image_uids=tuple(found.images),
        structure_set_uids=tuple(uid for uid in found.structure_sets if uid != own),
        plan_uids=tuple(uid for uid in found.plans if uid != own),
        dose_uids=tuple(uid for uid in found.doses if uid != own),
        record_uids=tuple(uid for uid in found.records if uid != own),
        related_plan_uids=tuple(pair for pair in found.related if pair[0] != own),
        registered_frames=tuple(found.registered),
        other_uids=tuple(found.others),
    )


def _of_structure_set(ds: Item, found: _Found) -> None:
    for frame in ds.each("ReferencedFrameOfReferenceSequence"):
        found.frame(frame)
        for study in frame.each("RTReferencedStudySequence"):
            for series in study.each("RTReferencedSeriesSequence"):
                _add(found.series, [series.uid("SeriesInstanceUID")])
                found.instances(series.each("ContourImageSequence"))
    for roi in ds.each("StructureSetROISequence"):
        found.frame(roi, "ReferencedFrameOfReferenceUID")
    for item in roi_contour_items(ds.walker, ds.fields.get(ROI_CONTOUR_SEQUENCE)):
        _add(found.images, item.image_uids())
    _predecessors(ds, found)


def _of_plan(ds: Item, found: _Found) -> None:
    found.instances(ds.each("ReferencedStructureSetSequence"))
    found.instances(ds.each("ReferencedDoseSequence"))
    for item in ds.each("ReferencedRTPlanSequence"):
        uid = item.uid("ReferencedSOPInstanceUID")
        if uid:
            found.related[(uid, item.text("RTPlanRelationship").upper())] = None


def _of_dose(ds: Item, found: _Found) -> None:
    for keyword in (
        "ReferencedRTPlanSequence",
        "ReferencedStructureSetSequence",
        "ReferencedTreatmentRecordSequence",
        "ReferencedInstanceSequence",
    ):
        found.instances(ds.each(keyword))


def _of_record(ds: Item, found: _Found) -> None:
    found.instances(ds.each("ReferencedRTPlanSequence"))
    found.instances(ds.each("ReferencedTreatmentRecordSequence"))
    found.instances(ds.each("ReferencedStructureSetSequence"))


def _of_registration(ds: Item, found: _Found) -> None:
    own = ds.uid("FrameOfReferenceUID")
    for keyword in ("RegistrationSequence", "DeformableRegistrationSequence"):
        for item in ds.each(keyword):
            frame = item.uid("FrameOfReferenceUID") or item.uid("SourceFrameOfReferenceUID")
            _add(found.frames, [frame])
            _add(found.registered, [frame] if frame != own else [])
            found.instances(item.each("ReferencedImageSequence"))
    _common_instances(ds, found)


def _of_segmentation(ds: Item, found: _Found) -> None:
    _common_instances(ds, found)
    found.instances(ds.each("SourceImageSequence"))


def _common_instances(ds: Item, found: _Found) -> None:
    """Common Instance Reference module (PS3.3, section C.12.2)."""
    studies = [ds, *ds.each("StudiesContainingOtherReferencedInstancesSequence")]
    for study in studies:
        for series in study.each("ReferencedSeriesSequence"):
            _add(found.series, [series.uid("SeriesInstanceUID")])
            found.instances(series.each("ReferencedInstanceSequence"))


def _predecessors(ds: Item, found: _Found) -> None:
    found.instances(ds.each("PredecessorStructureSetSequence"))


def _add(place: dict[str, None], values: Iterable[str]) -> None:
    for value in values:
        if value:
            place[value] = None


_READERS = {
    "structure set": _of_structure_set,
    "plan": _of_plan,
    "dose": _of_dose,
    "record": _of_record,
    "registration": _of_registration,
}
