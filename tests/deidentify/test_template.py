"""What stays, what goes and what is refused, attribute by attribute (R111; PS3.15 annex E)."""

from __future__ import annotations

import pytest
from pydicom import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from planbank.deidentify.iods import class_uids, iod_of
from planbank.deidentify.keys import CopyKey
from planbank.deidentify.profiles import PROFILES, profile_named
from planbank.deidentify.rules import action, rules
from planbank.deidentify.template import template_of
from planbank.deidentify.words import Words
from planbank.errors import DeidentifyError, DicomError, Refused
from tests.deidentify import objects, verifier
from tests.deidentify.objects import made_of

KEY = CopyKey(bytes(32), 7)


def copy_of(raw: bytes, profile: str = "audit", *keep: str) -> verifier.File:
    return verifier.read(template_of(raw, PROFILES[profile], Words(keep)).render(KEY))


def copy_with(profile: str = "audit", **values: object) -> verifier.File:
    ds = objects.ct(1)
    with objects.careless():
        ds.update(made_of(**values))
    return copy_of(objects.written(ds), profile)


def test_the_table_is_whole() -> None:
    """Edition 2024e with all options, and the 35 rows that are new by 2026c."""
    assert len(rules()) == 656
    assert sum(rule.edition == "2026c" for rule in rules().values()) == 35
    audit, export = PROFILES["audit"], PROFILES["export"]
    assert (action(0x00100010, audit), action(0x300A0054, audit)) == ("Z", "U")
    assert (action(0x00101030, audit), action(0x00101030, export)) == ("X", "K")
    assert (action(0x00080020, audit), action(0x00081140, audit), action(0x300A00C2, audit)) == ("C", "U", "")
    assert len(class_uids()) == 37


def test_types_are_those_of_the_iod() -> None:
    plan = iod_of(objects.PLAN)
    assert plan is not None
    assert plan.type_of(0, 0x300A0002) == "1"
    assert plan.type_of(0x300A00B0, 0x300A00B2) == "2"
    assert plan.type_of(0x300A00B0, 0x300A00C2) == "3"
    assert iod_of("1.2.840.10008.5.1.4.1.1.88.11") is None


def test_a_copy_says_what_it_is() -> None:
    file = copy_with()
    assert file.one(0x00120062) == b"YES " and file.one(0x00280303) == b"MODIFIED"
    codes = [value.data for value in file.values if value.tag == 0x00080100]
    assert codes == [b"113100", b"113105", b"113107"]
    assert file.one(0x00100010) == file.one(0x00100020) and file.one(0x00100020).startswith(b"007-")


def test_all_dates_move_together_and_times_stay() -> None:
    file = copy_with(
        AcquisitionDate="2019.05.18",
        AcquisitionDateTime="20190517235959.125+0200",
        ContentDate="20190616",
        ContentTime="101112.123456",
        SeriesDate="on Monday",
    )
    days = KEY.patient("id\x001705194321").days
    assert file.one(0x00080033) == b"101112.123456 "
    assert file.one(0x0008002A).endswith(b"235959.125+0200 ") and b"2019" not in file.one(0x0008002A)
    from datetime import date, timedelta

    for tag, day in ((0x00080022, date(2019, 5, 18)), (0x00080023, date(2019, 6, 16))):
        assert file.one(tag).decode() == f"{day + timedelta(days=days):%Y%m%d}"
    assert file.one(0x00080021) == b""


def test_patient_characteristics_stay_where_the_profile_says_so() -> None:
    values = {"PatientAge": "061Y", "PatientWeight": "70.5", "PatientSize": "1.7", "EthnicGroup": "of Vejle"}
    audit, export = copy_with("audit", **values), copy_with("export", **values)
    tags = (0x00101010, 0x00101030, 0x00101020, 0x00100040, 0x00102160)
    assert [audit.one(tag) for tag in tags] == [b""] * 5
    assert [export.one(tag) for tag in tags] == [b"061Y", b"70.5", b"1.7 ", b"F ", b""]


def test_private_numbers_stay_only_where_they_are_listed_and_allowed() -> None:
    ds = objects.ct(1)
    block = ds.private_block(0x7053, "Philips PET Private Group", create=True)
    block.add_new(0x00, "DS", "1.5")
    block.add_new(0x01, "DS", "2.5")
    raw = objects.written(ds)
    assert [value.tag for value in copy_of(raw).values if value.tag >> 16 & 1] == []
    kept = [value for value in copy_of(raw, "export").values if value.tag >> 16 & 1]
    assert [(value.tag, value.data.strip()) for value in kept] == [
        (0x70530010, b"Philips PET Private Group"),
        (0x70531000, b"1.5"),
    ]


def test_a_published_code_stays_with_its_published_meaning() -> None:
    def code(value: str, scheme: str, meaning: str) -> Dataset:
        return made_of(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)

    published, own = code("41216001", "SCT", "Bodils prostate"), code("B-1", "99VEJLE", "Bodil")
    file = copy_with(AnatomicRegionSequence=Sequence([published, own]))
    found = [(v.tag, v.data) for v in file.values if v.path[:1] == (0x00082218,)]
    assert (0x00080100, b"41216001") in found and len({v for v, _ in found}) == 3
    assert b"Bodil" not in file.raw


def test_names_are_kept_exactly_in_other_alphabets_too() -> None:
    ds = objects.structure_set()
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.StructureSetROISequence[2].ROIName = "Nervus æøå Ж"
    raw = objects.written(ds)
    names = [v.data for v in copy_of(raw, "audit", "nervus ÆØÅ ж").values if v.tag == 0x30060026]
    assert names[2].decode().strip() == "Nervus æøå Ж"
    assert [v.data for v in copy_of(raw).values if v.tag == 0x30060026][2] == b"ROI 3 "


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_odd_lengths_become_even_and_nothing_else_moves(syntax: str) -> None:
    raw = objects.written(objects.ct(1), syntax)
    at = raw.index(b"\x18\x00\x50\x00")  # slice thickness '3 ' without its padding
    size = at + (6 if syntax == ExplicitVRLittleEndian else 4)
    value = at + 8
    odd = raw[:size] + b"\x01" + raw[size + 1 : value] + b"3" + raw[value + 2 :]
    file = copy_of(odd)
    assert file.one(0x00180050) == b"3 " and verifier.lint(file) == []
    assert file.one(0x7FE00010) == verifier.read(raw).one(0x7FE00010)


def test_a_bare_data_set_becomes_a_file() -> None:
    """Some systems write no meta header; Monaco's plans are such."""
    raw = objects.written(objects.plan())
    start = 144 + int.from_bytes(raw[140:144], "little")
    assert verifier.lint(copy_of(raw[start:])) == []


def test_vendors_words_go_and_terms_of_the_standard_stay() -> None:
    file = copy_with(ImageType=["ORIGINAL", "PRIMARY", "AXIAL", "CT_SOM5 BODIL"], ScanOptions=["FS", "BODIL"])
    assert file.one(0x00080008) == b"ORIGINAL\\PRIMARY\\AXIAL"
    assert file.one(0x00180022) == b"FS"


def _twice(raw: bytes) -> bytes:
    at = raw.index(b"\x18\x00\x50\x00")
    return raw[:at] + raw[at : at + 10] * 2 + raw[at + 10 :]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.88.11"}, "Basic Text SR"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.104.1"}, "Encapsulated PDF"),
        ({"SOPClassUID": "1.3.12.2.1107.5.9.1"}, "not of the Standard"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"}, "--accept-burned-in CT"),
        ({"BurnedInAnnotation": "YES"}, "burned in"),
        ({"ImageType": ["DERIVED", "SECONDARY", "SCREEN SAVE"]}, "picture of a screen"),
        ({"ConversionType": "WSD"}, "picture of a screen"),
        ({"Modality": "BODIL"}, "Modality holds"),
        ({"PixelData": bytes(512) + b"Bodil!"}, "More bytes"),
    ],
)
def test_what_cannot_be_made_safe_is_refused(change: dict[str, object], says: str) -> None:
    with pytest.raises(Refused, match=says) as caught:
        copy_with(**change)
    assert "Bodil" not in str(caught.value) and "BODIL" not in str(caught.value)


def test_what_breaks_the_encoding_is_refused() -> None:
    raw = objects.written(objects.ct(1))
    for broken in (
        b"",
        b"Bodil",
        raw[:-1],
        raw + b"Bodil",
        _twice(raw),
        raw.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.7\0"),
    ):
        with pytest.raises((Refused, DicomError)) as caught:
            copy_of(broken)
        assert "Bodil" not in str(caught.value)


def test_an_overlay_in_the_pixels_is_refused() -> None:
    ds = objects.ct(1)
    ds.add_new(0x60000102, "US", 12)
    with pytest.raises(Refused, match="overlay"):
        copy_of(objects.written(ds))


def test_there_is_no_other_profile() -> None:
    with pytest.raises(DeidentifyError, match="audit, export, foreign"):
        profile_named("none")
