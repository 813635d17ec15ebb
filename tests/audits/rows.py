"""An audit study of one case, observers at two centres, and what they draw."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from io import BytesIO
from typing import Any

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from planbank.audits import acting
from planbank.audits.acting import Wanted
from planbank.audits.models import AuditStudy, Copy
from planbank.catalogue.models import PlanSet
from planbank.delivery.models import Destination
from planbank.house import House
from planbank.protocols.act import Act
from planbank.protocols.models import Protocol
from tests.protocols.rows import ProtocolRows
from tests.protocols.sent import brain_with_a_plan
from tests.sending import deposit, register_sender
from tests.services.running import run_everything

AUH = {"calling_ae": "AUHTPS", "address": "10.1.0.5"}


def act(house: House) -> Act:
    return Act.of_service("test", house.clock.now())


def protocol(house: House) -> Protocol:
    """A protocol with one patient's plan, sent by OUH; AUH sends too."""
    register_sender("AUH", "AUHTPS", "10.1.0.0/24")
    rows = ProtocolRows(house.clock.now() - timedelta(days=1))
    return brain_with_a_plan(house, rows, "Bladder", "Rectum")


def opened(house: House, of: Protocol, to: Destination | None = None, **more: Any) -> AuditStudy:
    """A study with the observers OUH-1, OUH-2 and AUH-1, whose copies are made."""
    wanted = Wanted("Pelvis", "How far do we differ?", "Mette Holm", **more)
    make = partial(act, house)
    study = acting.begin(make(), of, wanted)
    acting.add_cases(make(), study, list(PlanSet.objects.all()))
    rows = ProtocolRows(house.clock.now())
    codes = {"OUH": ["OUH-1", "OUH-2"], "AUH": ["AUH-1"]}
    for centre, names in codes.items():
        told = [(name, f"{name.lower()}@example.org") for name in names]
        node = to if to is not None and to.institution.code == centre else None
        acting.add_observers(make(), study, rows.institution(centre), told, node)
    acting.open_study(make(), study, study.revision)
    run_everything(house)
    return study


def copy_of(study: AuditStudy, code: str) -> Copy:
    return Copy.objects.get(study=study, observer__code=code)


def objects(house: House, copy: Copy) -> list[Dataset]:
    """The objects of a copy, as its observer gets them."""
    return [dcmread(BytesIO(house.store.open(one.key).read())) for one in copy.files.all()]


def drawn(images: list[Dataset], names: tuple[str, ...] = ("Bladder", "Rectum"), **changes: Any) -> Dataset:
    """A structure set that a planning system makes on these images: a square on each."""
    images = [ds for ds in images if ds.Modality == "CT"]
    first = images[0]
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.481.3", generate_uid()
    ds.Modality, ds.PatientID, ds.PatientName = "RTSTRUCT", first.PatientID, first.PatientName
    ds.StudyInstanceUID, ds.SeriesInstanceUID = first.StudyInstanceUID, generate_uid()
    ds.FrameOfReferenceUID = first.FrameOfReferenceUID
    ds.StructureSetLabel, ds.StructureSetDate, ds.StructureSetTime = "drawn", "20261101", "120000"
    for keyword, value in changes.items():
        setattr(ds, keyword, value)
    frame, study, series = Dataset(), Dataset(), Dataset()
    frame.FrameOfReferenceUID = ds.FrameOfReferenceUID
    series.SeriesInstanceUID = first.SeriesInstanceUID
    series.ContourImageSequence = [_reference(one) for one in images]
    study.ReferencedSOPClassUID, study.ReferencedSOPInstanceUID = (
        "1.2.840.10008.3.1.2.3.1",
        ds.StudyInstanceUID,
    )
    study.RTReferencedSeriesSequence = [series]
    frame.RTReferencedStudySequence = [study]
    ds.ReferencedFrameOfReferenceSequence = [frame]
    ds.StructureSetROISequence, ds.ROIContourSequence, ds.RTROIObservationsSequence = [], [], []
    for number, name in enumerate(names, 1):
        _add(ds, number, name, images)
    return ds


def give_back(house: House, ds: Dataset, **sender: Any) -> None:
    """It comes in by the gate, and whatever follows is done."""
    deposit(house, ds, **sender)
    run_everything(house)


def _add(ds: Dataset, number: int, name: str, images: list[Dataset]) -> None:
    roi, drawing, seen = Dataset(), Dataset(), Dataset()
    roi.ROINumber, roi.ROIName, roi.ROIGenerationAlgorithm = number, name, "MANUAL"
    roi.ReferencedFrameOfReferenceUID = ds.FrameOfReferenceUID
    drawing.ReferencedROINumber = number
    drawing.ContourSequence = [_square(one) for one in images]
    seen.ObservationNumber = seen.ReferencedROINumber = number
    seen.RTROIInterpretedType, seen.ROIInterpreter = "ORGAN", ""
    ds.StructureSetROISequence.append(roi)
    ds.ROIContourSequence.append(drawing)
    ds.RTROIObservationsSequence.append(seen)


def _square(image: Dataset) -> Dataset:
    x, y, z = (float(v) for v in image.ImagePositionPatient)
    ring = Dataset()
    ring.ContourImageSequence = [_reference(image)]
    ring.ContourGeometricType, ring.NumberOfContourPoints = "CLOSED_PLANAR", 4
    corners = [(20, 20), (60, 20), (60, 60), (20, 60)]
    ring.ContourData = [value for dx, dy in corners for value in (x + dx, y + dy, z)]
    return ring


def _reference(image: Dataset) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = image.SOPClassUID, image.SOPInstanceUID
    return item
