"""Treatment records and registrations, as far as the bank shows them.

Comes in: the encoded data set of a treatment record or of a spatial registration. Goes out:
a `TreatmentRecord` or a `Registration`. Source: DICOM PS3.3 sections C.8.8.17 to C.8.8.23
and C.20.2, C.20.3.
"""

from __future__ import annotations

from dataclasses import dataclass

from planbank.dicom import uids
from planbank.dicom.items import Item, read_items

_BEAM_SEQUENCES = ("TreatmentSessionBeamSequence", "TreatmentSessionIonBeamSequence")


@dataclass(frozen=True, slots=True)
class DeliveredBeam:
    """One beam of a session: monitor units delivered and specified, None where not given."""

    number: int | None
    name: str
    fraction: int | None
    delivered_meterset: float | None
    specified_meterset: float | None
    termination: str


@dataclass(frozen=True, slots=True)
class TreatmentRecord:
    """A treatment record: what was delivered, when, of which plan.

    `first_date`: First Treatment Date (3008,0054), which summary records carry (PS3.3 C.8.8.24).
    """

    sop_instance_uid: str
    sop_class_uid: str
    plan_uids: tuple[str, ...]
    date: str
    time: str
    machine: str
    fractions: tuple[int, ...]
    first_date: str
    beams: tuple[DeliveredBeam, ...]


@dataclass(frozen=True, slots=True)
class Registration:
    """A registration: frames of reference that are mapped into `frame_of_reference_uid`.

    `matrices` holds one row-major 4 x 4 matrix (mm) per rigid mapping, by source frame.
    """

    sop_instance_uid: str
    frame_of_reference_uid: str
    label: str
    description: str
    deformable: bool
    matrices: tuple[tuple[str, tuple[float, ...]], ...]


def read_record(data: bytes | memoryview, transfer_syntax_uid: str) -> TreatmentRecord:
    """Read a treatment record; absent values are None or "", never an exception."""
    ds = read_items(data, transfer_syntax_uid)
    beams = tuple(_beam(item) for keyword in _BEAM_SEQUENCES for item in ds.each(keyword))
    machine = ds.first("TreatmentMachineSequence")
    plans = (item.uid("ReferencedSOPInstanceUID") for item in ds.each("ReferencedRTPlanSequence"))
    fractions = {beam.fraction for beam in beams if beam.fraction is not None}
    return TreatmentRecord(
        sop_instance_uid=ds.uid("SOPInstanceUID"),
        sop_class_uid=ds.uid("SOPClassUID"),
        plan_uids=tuple(dict.fromkeys(uid for uid in plans if uid)),
        date=ds.text("TreatmentDate"),
        time=ds.text("TreatmentTime"),
        machine=machine.text("TreatmentMachineName") if machine else "",
        fractions=tuple(sorted(fractions)),
        first_date=ds.text("FirstTreatmentDate"),
        beams=beams,
    )


def read_registration(data: bytes | memoryview, transfer_syntax_uid: str) -> Registration:
    """Read a rigid or deformable registration; the deformation grid itself is not read."""
    ds = read_items(data, transfer_syntax_uid)
    matrices = []
    for item in ds.each("RegistrationSequence"):
        frame = item.uid("FrameOfReferenceUID")
        for registration in item.each("MatrixRegistrationSequence"):
            for matrix in registration.each("MatrixSequence"):
                values = matrix.numbers("FrameOfReferenceTransformationMatrix")
                if values is not None and len(values) == 16:
                    matrices.append((frame, values))
    return Registration(
        sop_instance_uid=ds.uid("SOPInstanceUID"),
        frame_of_reference_uid=ds.uid("FrameOfReferenceUID"),
        label=ds.text("ContentLabel"),
        description=ds.text("ContentDescription"),
        deformable=ds.uid("SOPClassUID") == uids.DEFORMABLE_REGISTRATION,
        matrices=tuple(matrices),
    )


def _beam(item: Item) -> DeliveredBeam:
    return DeliveredBeam(
        number=item.integer("ReferencedBeamNumber"),
        name=item.text("BeamName"),
        fraction=item.integer("CurrentFractionNumber"),
        delivered_meterset=item.number("DeliveredPrimaryMeterset"),
        specified_meterset=item.number("SpecifiedPrimaryMeterset"),
        termination=item.text("TreatmentTerminationStatus").upper(),
    )
