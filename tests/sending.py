"""Parcels as the gate deposits them, for tests of what stands behind it."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from planbank.archive.part10 import split
from planbank.house import House
from planbank.people.models import Institution, Sender, SenderInstitution
from planbank.transit.parcel import Header, new_parcel_id

CT = "1.2.840.10008.5.1.4.1.1.2"


def ct(**changes: Any) -> Dataset:
    """A small CT image data set; `changes` set (or with None remove) attributes by keyword."""
    ds = Dataset()
    ds.SOPClassUID = CT
    ds.SOPInstanceUID = generate_uid()
    ds.StudyDate = "20261101"
    ds.Modality = "CT"
    ds.PatientName = "Testesen^Anna"
    ds.PatientID = "0101501234"
    ds.StudyInstanceUID = "1.2.3.4"
    ds.SeriesInstanceUID = "1.2.3.4.5"
    ds.InstanceNumber = "1"
    for keyword, value in changes.items():
        if value is None:
            delattr(ds, keyword)
        else:
            setattr(ds, keyword, value)
    return ds


def encoded(ds: Dataset, syntax: str = ExplicitVRLittleEndian) -> bytes:
    """The bytes of a data set without preamble and meta."""
    meta = getattr(ds, "file_meta", None)
    buffer = BytesIO()
    if meta is not None and ds.is_original_encoding and meta.get("TransferSyntaxUID") == syntax:
        pydicom.dcmwrite(buffer, ds)  # what nobody touched is not decoded
        _syntax, begins = split(buffer)
        return buffer.getvalue()[begins:]
    uid = pydicom.uid.UID(syntax)
    writer = pydicom.filebase.DicomFileLike(buffer)
    writer.is_implicit_VR, writer.is_little_endian = uid.is_implicit_VR, uid.is_little_endian
    pydicom.filewriter.write_dataset(writer, ds)
    return buffer.getvalue()


def deposit(
    house: House,
    data: bytes | Dataset,
    *,
    syntax: str = ExplicitVRLittleEndian,
    calling_ae: str = "TPS",
    called_ae: str = "PLANBANK",
    address: str = "10.0.0.5",
    sop_class_uid: str = CT,
    sop_instance_uid: str = "1.2.3",
    association_id: str = "a" * 32,
    certificate: str = "",
) -> str:
    """Put one object into the tray; returns its parcel id."""
    if isinstance(data, Dataset):
        sop_class_uid, sop_instance_uid = str(data.SOPClassUID), str(data.SOPInstanceUID)
        data = encoded(data, syntax)
    house.clock.at += timedelta(milliseconds=5)  # type: ignore[attr-defined]
    parcel_id = new_parcel_id(house.clock.now())
    header = Header(
        parcel_id=parcel_id,
        kind="object",
        association_id=association_id,
        calling_ae=calling_ae,
        called_ae=called_ae,
        address=address,
        received_at=house.clock.now().isoformat(timespec="microseconds"),
        sop_class_uid=sop_class_uid,
        sop_instance_uid=sop_instance_uid,
        transfer_syntax_uid=syntax,
        certificate=certificate,
        sender_known=True,
    )
    house.tray.put(header, [data])
    return parcel_id


def register_sender(
    code: str = "OUH", ae_title: str = "TPS", network: str = "10.0.0.0/24", scheme: str = "CPR"
) -> Institution:
    """An institution and the system that sends for it."""
    institution, _ = Institution.objects.get_or_create(
        code=code, defaults={"name": code, "identity_scheme": scheme}
    )
    sender, _ = Sender.objects.get_or_create(ae_title=ae_title, network=network)
    SenderInstitution.objects.get_or_create(sender=sender, institution=institution)
    return institution
