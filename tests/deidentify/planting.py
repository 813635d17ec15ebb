"""Canaries: an identity of its own in every element that can hold one.

Comes in: an object. Goes out: the object with words, names, dates and UIDs planted in every attribute
of the data dictionary, in an item of every sequence, in private and unknown elements, in the meta
header and the preamble.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from functools import cache

from pydicom import DataElement, Dataset
from pydicom._dicom_dict import DicomDictionary
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.sequence import Sequence

from tests.deidentify.objects import careless, made_of, written

TEXT = {"AE", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"}
DAY = "18991231"
UID_ROOT = "1.2.826.0.1.18991231"
WORD = "KNUDSEN"
_FIXED = {
    0x00080005,
    0x00080016,
    0x00080018,
    0x0020000D,
    0x0020000E,
    0x00200052,
    0x00080100,
    0x00080119,
    0x00080120,
}
CANARIES = (WORD, DAY, UID_ROOT, "1899-12-31", "31121899")


def value_for(vr: str, tag: int) -> object:
    word = f"{WORD}{tag:08X}"
    if vr in TEXT:
        return {"PN": f"{WORD}^{tag:08X}", "UR": f"http://{WORD}/{tag:08X}"}.get(vr, word)
    return {"DA": DAY, "DT": f"{DAY}101112", "UI": f"{UID_ROOT}.{tag}"}.get(vr)


def _attributes() -> list[tuple[int, str]]:
    rows = [
        (tag, row[0]) for tag, row in DicomDictionary.items() if tag >> 16 >= 0x0008 and tag >> 16 != 0xFFFE
    ]
    return sorted(rows)


def item(tag: int, code: bool) -> Dataset:
    """What stands in a planted sequence: text, names, dates, UIDs, private, one level deeper too."""
    ds = made_of(
        PatientName=f"{WORD}^Inner",
        PatientComments=f"{WORD} inside",
        InstitutionName=f"{WORD} clinic",
        SeriesDescription=f"{WORD} series",
        SeriesDate=DAY,
        AcquisitionDateTime=f"{DAY}101112",
        ROIName=f"{WORD} node",
        ReferencedSOPInstanceUID=f"{UID_ROOT}.{tag}.9",
        ReferencedSOPClassUID="1.2.840.10008.5.1.4.1.1.2",
        TextValue=f"{WORD} said",
        ReferencedImageSequence=Sequence(
            [made_of(ReferencedSOPInstanceUID=f"{UID_ROOT}.{tag}.8", ImageComments=f"{WORD} deep")]
        ),
    )
    if code:
        ds.update(
            made_of(CodeValue=f"{WORD}1", CodingSchemeDesignator=f"99{WORD}", CodeMeaning=f"{WORD} means")
        )
    private(ds)
    return ds


def private(ds: Dataset) -> None:
    block = ds.private_block(0x0099, f"{WORD} MEDICAL", create=True)
    block.add_new(1, "LO", f"{WORD} private")
    block.add_new(2, "UN", f"{WORD} opaque ".encode())
    block.add_new(3, "SQ", Sequence([made_of(PatientName=f"{WORD}^Private")]))
    block.add_new(4, "OB", f"{WORD} bytes ".encode())


@cache
def planted_of(maker: Callable[[], Dataset], as_unknown: bool = False) -> Dataset:
    """The planted object that a function makes; made once, not to be changed."""
    return planted(maker(), as_unknown)


def planted(ds: Dataset, as_unknown: bool = False) -> Dataset:
    """The object with canaries everywhere but in coded strings and numbers, which other tests try."""
    ds = deepcopy(ds)
    with careless():
        _plant(ds, as_unknown)
    return ds


def _plant(ds: Dataset, as_unknown: bool) -> None:
    for tag, vr in _attributes():
        if tag in _FIXED or (vr == "UI" and tag in ds):
            continue
        if vr == "SQ":
            if tag not in ds:
                ds.add(DataElement(tag, "SQ", Sequence([item(tag, False), item(tag, True)])))
        elif (value := value_for(vr, tag)) is not None:
            raw = str(value).encode()
            unknown = DataElement(tag, "UN", raw + b" " * (len(raw) % 2))
            ds.add(unknown if as_unknown else DataElement(tag, vr, value))
    private(ds)
    ds.add(DataElement(0x60003000, "OW", f"{WORD} overlay ".encode()))
    ds.add(DataElement(0x60000022, "LO", f"{WORD} overlay"))
    ds.add(DataElement(0x50003000, "OW", f"{WORD} curve ".encode() + b" "))
    ds.add(DataElement(0x50002500, "LO", f"{WORD} curve"))
    ds.add(DataElement(0x00100F0F, "UN", f"{WORD} unknown".encode() + b" "))
    ds.add(DataElement(0xFFFCFFFC, "OB", f"{WORD} padding ".encode()))


def hidden_sequence(ds: Dataset, tag: int) -> Dataset:
    """The object with a sequence whose VR its sender did not know: implicit inside UN (PS3.5, 6.2.2)."""
    ds = deepcopy(ds)
    out = DicomBytesIO()
    out.is_little_endian, out.is_implicit_VR = True, True
    inner = deepcopy(ds[tag].value)
    holder = Dataset()
    holder.add(DataElement(tag, "SQ", inner))
    write_dataset(out, holder)
    with careless():
        ds[tag] = DataElement(tag, "UN", out.getvalue()[8:])
    return ds


def file_with_canaries(ds: Dataset, syntax: str) -> bytes:
    """Preamble and meta header planted too."""
    meta = made_of(
        SourceApplicationEntityTitle=f"{WORD}AE",
        SendingApplicationEntityTitle=f"{WORD}AE",
        ReceivingApplicationEntityTitle=f"{WORD}AE",
        ImplementationVersionName=WORD,
        ImplementationClassUID=f"{UID_ROOT}.7",
        PrivateInformationCreatorUID=f"{UID_ROOT}.6",
        PrivateInformation=f"{WORD} meta ".encode(),
    )
    preamble = f"MZ {WORD} {DAY}".encode().ljust(128, b"\0")
    raw: bytes = written(ds, syntax, preamble=preamble, meta=meta)
    return raw
