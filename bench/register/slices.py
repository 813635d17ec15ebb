"""CT slices of 0.53 MB as a scanner sends them: 512 x 512 pixels, some sixty elements of header.

Comes in: how many. Goes out: encoded data sets with their UIDs, 150 to a patient, no two alike.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from io import BytesIO

from pydicom.dataset import Dataset
from pydicom.filebase import DicomFileLike
from pydicom.filewriter import write_dataset
from pydicom.sequence import Sequence

CT, EXPLICIT = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2.1"
PER_PATIENT = 150
_ROOT = "1.2.826.0.1.3680043.10.1234."


def slices(count: int) -> Iterator[tuple[bytes, tuple[str, str]]]:
    """(data set, (SOP Class UID, SOP Instance UID)) of each slice; another run gives other ones."""
    run = secrets.randbelow(10**9)
    pixels = os.urandom(512 * 512 * 2)
    for number in range(count):
        patient, position = divmod(number, PER_PATIENT)
        ds = _header(run, patient, position)
        yield encoded(ds) + _pixels(pixels, number), (CT, str(ds.SOPInstanceUID))


def encoded(ds: Dataset) -> bytes:
    """The bytes of a data set in explicit VR little endian."""
    buffer = BytesIO()
    writer = DicomFileLike(buffer)
    writer.is_implicit_VR, writer.is_little_endian = False, True
    write_dataset(writer, ds)
    return buffer.getvalue()


def _pixels(pixels: bytes, number: int) -> bytes:
    """Pixel Data, turned a little for each slice."""
    turn = number * 2 % len(pixels)
    head = b"\xe0\x7f\x10\x00OW\x00\x00" + len(pixels).to_bytes(4, "little")
    return head + pixels[turn:] + pixels[:turn]


def _header(run: int, patient: int, position: int) -> Dataset:
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 100"
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.InstanceCreationDate, ds.InstanceCreationTime = "20261101", "101500.000000"
    ds.SOPClassUID = CT
    ds.SOPInstanceUID = f"{_ROOT}{run}.{patient}.{position + 1}"
    for name in ("Study", "Series", "Acquisition", "Content"):
        setattr(ds, f"{name}Date", "20261101")
        setattr(ds, f"{name}Time", "101500.000000")
    ds.AccessionNumber, ds.Modality, ds.Manufacturer = "RT20261101", "CT", "SIEMENS"
    ds.InstitutionName, ds.StationName = "Straaleterapi", "CT71001"
    ds.StudyDescription, ds.SeriesDescription = "RT breast", "Planning CT 2.0 B30f"
    ds.ManufacturerModelName = "SOMATOM go.Open Pro"
    reference = Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = CT, f"{_ROOT}{run}.{patient}.9999"
    ds.ReferencedImageSequence = Sequence([reference])
    ds.PatientName = f"Invented^Number{patient}"
    ds.PatientID = f"R{run}-{patient}"
    ds.PatientBirthDate, ds.PatientSex, ds.PatientAge = "19600101", "F", "066Y"
    ds.BodyPartExamined, ds.ScanOptions, ds.SliceThickness, ds.KVP = "BREAST", "SPIRAL", "2", "120"
    ds.DataCollectionDiameter, ds.SoftwareVersions, ds.ProtocolName = "500", "VA40A", "RT_Breast"
    ds.ReconstructionDiameter, ds.GantryDetectorTilt, ds.TableHeight = "500", "0", "150"
    ds.ExposureTime, ds.XRayTubeCurrent, ds.Exposure, ds.PatientPosition = "500", "180", "90", "HFS"
    ds.ConvolutionKernel = "Br38"
    ds.StudyInstanceUID = f"{_ROOT}{run}.{patient}.0.1"
    ds.SeriesInstanceUID = f"{_ROOT}{run}.{patient}.0.2"
    ds.StudyID, ds.SeriesNumber, ds.AcquisitionNumber, ds.InstanceNumber = "1", "2", "1", str(position + 1)
    ds.ImagePositionPatient = ["-249.51", "-459.51", str(position * 2)]
    ds.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
    ds.FrameOfReferenceUID = f"{_ROOT}{run}.{patient}.0.3"
    ds.SliceLocation = str(position * 2)
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.Rows, ds.Columns = 1, "MONOCHROME2", 512, 512
    ds.PixelSpacing = ["0.9765625", "0.9765625"]
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.WindowCenter, ds.WindowWidth, ds.RescaleIntercept, ds.RescaleSlope = "40", "400", "-1024", "1"
    return ds
