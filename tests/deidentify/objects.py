"""An invented patient: CT slices, structure set, plan, dose and registration that hold together."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from pydicom import Dataset, FileDataset, config, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRLittleEndian

ROOT = "1.3.6.1.4.1.99999.20190517"
CT, STRUCT, DOSE, PLAN = (f"1.2.840.10008.5.1.4.1.1.{end}" for end in ("2", "481.3", "481.2", "481.5"))
REGISTRATION = "1.2.840.10008.5.1.4.1.1.66.1"
STUDY, FRAME = f"{ROOT}.1", f"{ROOT}.2"
SLICES = tuple(f"{ROOT}.3.{number}" for number in range(1, 4))
STRUCT_UID, PLAN_UID, DOSE_UID, REG_UID = (f"{ROOT}.{number}" for number in (4, 5, 6, 7))
SERIES = {"CT": 1, "RTSTRUCT": 2, "RTPLAN": 3, "RTDOSE": 4, "REG": 5}
CPR = "170519-4321"


def made_of(**values: object) -> Dataset:
    ds = Dataset()
    for keyword, value in values.items():
        setattr(ds, keyword, value)
    return ds


def reference(sop_class: str, uid: str, **more: object) -> Dataset:
    return made_of(ReferencedSOPClassUID=sop_class, ReferencedSOPInstanceUID=uid, **more)


def general(sop_class: str, uid: str, modality: str, **more: object) -> Dataset:
    ds = made_of(
        SpecificCharacterSet="ISO_IR 100",
        SOPClassUID=sop_class,
        SOPInstanceUID=uid,
        StudyInstanceUID=STUDY,
        SeriesInstanceUID=f"{ROOT}.8.{SERIES[modality]}",
        StudyDate="20190517",
        StudyTime="101112.5",
        AccessionNumber="ACC-7788",
        Modality=modality,
        Manufacturer="Werk Nordlys",
        PatientName="Sørensen^Bodil",
        PatientID=CPR,
        PatientBirthDate="19190517",
        PatientSex="F",
        ReferringPhysicianName="Holm^Aksel",
        StudyID="S1",
        SeriesNumber=1,
        FrameOfReferenceUID=FRAME,
        PositionReferenceIndicator="",
    )
    ds.update(made_of(**more))
    return ds


def ct(number: int) -> Dataset:
    pixels = np.arange(16 * 16, dtype="<i2") * number
    return general(
        CT,
        SLICES[number - 1],
        "CT",
        ImageType=["ORIGINAL", "PRIMARY", "AXIAL"],
        InstanceNumber=number,
        ImagePositionPatient=["-8.00", "-8.00", f"{number * 3}.000"],
        ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
        PixelSpacing=["1.0", "1.0"],
        SliceThickness="3",
        KVP="120",
        AcquisitionNumber=1,
        RescaleIntercept="-1024",
        RescaleSlope="1",
        RescaleType="HU",
        SamplesPerPixel=1,
        PhotometricInterpretation="MONOCHROME2",
        Rows=16,
        Columns=16,
        BitsAllocated=16,
        BitsStored=16,
        HighBit=15,
        PixelRepresentation=1,
        PixelData=pixels.tobytes(),
    )


def first_ct() -> Dataset:
    return ct(1)


NEEDED = frozenset(
    (0x00080008, 0x00080060, 0x00080064, 0x00280002, 0x00280004, 0x00280008, 0x00280010, 0x00280011)
) | {0x00280100, 0x00280301}
"""Without these an image is refused for other reasons."""
ROI_NAMES = ("Heart", "PTV_50", "Fru Sørensen hals")


def structure_set() -> Dataset:
    contours = [
        made_of(
            ContourImageSequence=Sequence([reference(CT, SLICES[place])]),
            ContourGeometricType="CLOSED_PLANAR",
            NumberOfContourPoints=3,
            ContourData=["1.25", "2.500", "-3.0", "4", "5", "-3.0", "6.125", "7", "-3.0"],
        )
        for place in range(3)
    ]
    series = made_of(
        SeriesInstanceUID=f"{ROOT}.8.1", ContourImageSequence=Sequence([reference(CT, uid) for uid in SLICES])
    )
    study = reference("1.2.840.10008.3.1.2.3.1", STUDY, RTReferencedSeriesSequence=Sequence([series]))
    frame = made_of(FrameOfReferenceUID=FRAME, RTReferencedStudySequence=Sequence([study]))
    return general(
        STRUCT,
        STRUCT_UID,
        "RTSTRUCT",
        StructureSetLabel="Bodils hals",
        StructureSetDate="20190518",
        StructureSetTime="120000",
        ApprovalStatus="APPROVED",
        ReviewDate="20190519",
        ReviewTime="120000",
        ReviewerName="Holm^Aksel",
        ReferencedFrameOfReferenceSequence=Sequence([frame]),
        StructureSetROISequence=Sequence(
            made_of(
                ROINumber=number,
                ReferencedFrameOfReferenceUID=FRAME,
                ROIName=name,
                ROIGenerationAlgorithm="MANUAL",
            )
            for number, name in enumerate(ROI_NAMES, 1)
        ),
        ROIContourSequence=Sequence(
            made_of(
                ROIDisplayColor=[255, 0, number],
                ContourSequence=Sequence(contours),
                ReferencedROINumber=number,
            )
            for number in (1, 2)
        ),
        RTROIObservationsSequence=Sequence(
            made_of(
                ObservationNumber=number,
                ReferencedROINumber=number,
                RTROIInterpretedType="ORGAN",
                ROIInterpreter="Holm^Aksel",
            )
            for number in (1, 2, 3)
        ),
    )


def plan() -> Dataset:
    beam = made_of(
        BeamNumber=1,
        BeamName="Sørensen arc 1",
        BeamType="DYNAMIC",
        RadiationType="PHOTON",
        TreatmentMachineName="Vejle TB3",
        BeamDescription="from the left",
        NumberOfControlPoints=1,
        ControlPointSequence=Sequence(
            [made_of(ControlPointIndex=0, GantryAngle="181.0", NominalBeamEnergy="6")]
        ),
    )
    group = made_of(
        FractionGroupNumber=1,
        NumberOfFractionsPlanned=25,
        NumberOfBeams=1,
        NumberOfBrachyApplicationSetups=0,
        ReferencedBeamSequence=Sequence(
            [
                made_of(
                    BeamDoseSpecificationPoint=["1", "2", "3"], BeamMeterset="101.25", ReferencedBeamNumber=1
                )
            ]
        ),
    )
    return general(
        PLAN,
        PLAN_UID,
        "RTPLAN",
        RTPlanLabel="Sørensen hals",
        RTPlanDate="20190520",
        RTPlanTime="130000",
        RTPlanGeometry="PATIENT",
        ReferencedStructureSetSequence=Sequence([reference(STRUCT, STRUCT_UID)]),
        FractionGroupSequence=Sequence([group]),
        BeamSequence=Sequence([beam]),
    )


def dose() -> Dataset:
    histogram = made_of(
        DVHType="CUMULATIVE",
        DoseUnits="GY",
        DoseType="PHYSICAL",
        DVHDoseScaling="1.0",
        DVHVolumeUnits="CM3",
        DVHNumberOfBins=2,
        DVHData=["0.01", "612.25", "0.01", "598.125"],
        DVHReferencedROISequence=Sequence(
            [made_of(DVHROIContributionType="INCLUDED", ReferencedROINumber=1)]
        ),
    )
    return general(
        DOSE,
        DOSE_UID,
        "RTDOSE",
        SamplesPerPixel=1,
        PhotometricInterpretation="MONOCHROME2",
        NumberOfFrames=2,
        FrameIncrementPointer=0x3004000C,
        Rows=4,
        Columns=5,
        PixelSpacing=["2.0", "2.0"],
        ImagePositionPatient=["-8", "-8", "3"],
        ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
        BitsAllocated=32,
        BitsStored=32,
        HighBit=31,
        PixelRepresentation=0,
        DoseUnits="GY",
        DoseType="PHYSICAL",
        DoseSummationType="PLAN",
        DoseComment="Bodil, sum",
        GridFrameOffsetVector=["0", "3.0"],
        DoseGridScaling="1.25e-6",
        ReferencedRTPlanSequence=Sequence([reference(PLAN, PLAN_UID)]),
        ReferencedStructureSetSequence=Sequence([reference(STRUCT, STRUCT_UID)]),
        DVHSequence=Sequence([histogram]),
        PixelData=np.arange(40, dtype="<u4").tobytes(),
    )


def registration() -> Dataset:
    matrix = made_of(
        MatrixRegistrationSequence=Sequence(
            [
                made_of(
                    MatrixSequence=Sequence(
                        [
                            made_of(
                                FrameOfReferenceTransformationMatrixType="RIGID",
                                FrameOfReferenceTransformationMatrix=[
                                    1,
                                    0,
                                    0,
                                    5,
                                    0,
                                    1,
                                    0,
                                    0,
                                    0,
                                    0,
                                    1,
                                    0,
                                    0,
                                    0,
                                    0,
                                    1,
                                ],
                            )
                        ]
                    )
                )
            ]
        ),
        FrameOfReferenceUID=f"{ROOT}.9",
        ReferencedImageSequence=Sequence([reference(CT, uid) for uid in SLICES]),
    )
    return general(
        REGISTRATION,
        REG_UID,
        "REG",
        ContentDate="20190521",
        ContentTime="080000",
        InstanceNumber=1,
        ContentLabel="REGISTRATION",
        RegistrationSequence=Sequence([matrix]),
    )


def whole_set() -> list[Dataset]:
    return [ct(1), ct(2), ct(3), structure_set(), plan(), dose(), registration()]


@contextmanager
def careless() -> Iterator[None]:
    """pydicom writes what it is given, also what no VR allows."""
    settings = config.settings
    held = settings.reading_validation_mode, settings.writing_validation_mode, config.replace_un_with_known_vr
    settings.reading_validation_mode = settings.writing_validation_mode = config.IGNORE
    config.replace_un_with_known_vr = False
    try:
        yield
    finally:
        settings.reading_validation_mode, settings.writing_validation_mode = held[:2]
        config.replace_un_with_known_vr = held[2]


def written(
    ds: Dataset, syntax: str = ExplicitVRLittleEndian, preamble: bytes = bytes(128), **options: object
) -> bytes:
    """A Part 10 file of it."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(ds.SOPClassUID)
    meta.MediaStorageSOPInstanceUID = UID(ds.SOPInstanceUID)
    meta.TransferSyntaxUID = UID(syntax)
    meta.update(options.pop("meta", Dataset()))  # type: ignore[arg-type]
    file = FileDataset(None, ds, file_meta=meta, preamble=preamble)
    out = io.BytesIO()
    with careless():
        dcmwrite(out, file, enforce_file_format=True, **options)  # type: ignore[arg-type]
    return out.getvalue()
