"""What all objects of one study share, and how a new object begins.

Comes in: a person, a clinic's habits and dates. Goes out: data sets with the common modules.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO

from pydicom import dcmwrite
from pydicom.charset import default_encoding
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.tag import Tag
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from ..institutions import Habits
from ..persons import Person

IMPLEMENTATION = UID("2.25.163400905203174389281420586730174509427")
CONTOUR_DATA, LEAF_JAW_POSITIONS = 0x30060050, 0x300A011C


@dataclass(frozen=True, slots=True)
class Study:
    """One scan and what was planned on it; `root` makes its UIDs, all days count from the scan."""

    root: str
    person: Person
    patient_id: str
    habits: Habits
    scanned: date
    number: int = 1

    def uid(self, *labels: object) -> UID:
        """A UID under 2.25 (PS3.5 B.2), always the same for the same labels."""
        name = "/".join(["planbank demo", self.root, str(self.number), *map(str, labels)])
        return UID(f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, name).int}")

    def day(self, after: int) -> str:
        """The date so many days after the scan, as a DICOM DA."""
        return f"{self.scanned + timedelta(days=after):%Y%m%d}"


def new_object(study: Study, sop_class: str, modality: str, *labels: object) -> FileDataset:
    """A data set with the common modules; RT objects are Implicit VR, images Explicit."""
    images = modality in {"CT", "MR"}
    uid = study.uid(modality, *labels)
    meta = FileMetaDataset()
    meta.FileMetaInformationVersion = b"\x00\x01"
    meta.MediaStorageSOPClassUID = UID(sop_class)
    meta.MediaStorageSOPInstanceUID = uid
    meta.TransferSyntaxUID = ExplicitVRLittleEndian if images else ImplicitVRLittleEndian
    meta.ImplementationClassUID = IMPLEMENTATION
    ds = FileDataset("", {}, preamble=b"\x00" * 128, file_meta=meta)
    ds.SpecificCharacterSet = study.habits.character_set
    ds.SOPClassUID, ds.SOPInstanceUID, ds.Modality = UID(sop_class), uid, modality
    _patient(ds, study)
    ds.StudyInstanceUID, ds.StudyID = study.uid("study"), str(study.number)
    ds.StudyDate, ds.StudyTime, ds.AccessionNumber = study.day(0), "093000", ""
    ds.ReferringPhysicianName, ds.StudyDescription = "", "Radiotherapy planning"
    ds.Manufacturer, ds.InstitutionName = study.habits.manufacturer, study.habits.name
    ds.ManufacturerModelName = study.habits.planner if not images else f"{modality} scanner"
    ds.StationName = study.habits.name.upper() + "-RT"
    ds.SoftwareVersions = "1.0"
    ds.FrameOfReferenceUID, ds.PositionReferenceIndicator = study.uid("frame"), ""
    return ds


def _patient(ds: Dataset, study: Study) -> None:
    ds.PatientName, ds.PatientID = study.person.name, study.patient_id
    ds.PatientBirthDate, ds.PatientSex = f"{study.person.birth_date:%Y%m%d}", study.person.sex


def begin_series(ds: Dataset, study: Study, number: int, name: str, *, after: int, time: str) -> None:
    """The series module: one series for each name; made `after` days from the scan at `time`."""
    ds.SeriesInstanceUID, ds.SeriesNumber = study.uid("series", name), number
    ds.SeriesDescription, ds.OperatorsName = name, ""
    ds.SeriesDate = ds.InstanceCreationDate = study.day(after)
    ds.SeriesTime = ds.InstanceCreationTime = time


def approve(ds: Dataset, study: Study, *, after: int) -> None:
    """The approval module, approved."""
    ds.ApprovalStatus = "APPROVED"
    ds.ReviewDate, ds.ReviewTime, ds.ReviewerName = study.day(after), "141500", "Physicist^Invented"


def reference(ds: Dataset) -> Dataset:
    """An item that refers to another object."""
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    return item


def put_decimals(item: Dataset, tag: int, text: str) -> None:
    """Store decimal strings at once, backslashes between them; pydicom decodes them when read."""
    value = text.encode("ascii")
    value += b" " * (len(value) % 2)
    item[tag] = RawDataElement(Tag(tag), "DS", len(value), value, 0, True, True)
    # Without this pydicom decodes and encodes each number once more when it writes.
    item.set_original_encoding(True, True, default_encoding)


def part10(ds: FileDataset) -> bytes:
    """The object as the bytes of a DICOM file (PS3.10)."""
    buffer = BytesIO()
    dcmwrite(buffer, ds, enforce_file_format=True)
    return buffer.getvalue()
