"""What counts as de-identified: our copies do, whatever else says so does not (R19)."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import pydicom
import pytest
from pydicom.dataset import Dataset

from planbank.deidentify.keys import CopyKey, new_secret
from planbank.deidentify.profiles import PROFILES
from planbank.deidentify.recheck import doubts
from planbank.deidentify.template import template_of
from planbank.deidentify.words import Words
from planbank.demo.patients import make_patient, part10

FOREIGN = PROFILES["foreign"]


def copied(file: bytes, words: Words | None = None) -> bytes:
    return template_of(file, FOREIGN, words or Words()).render(CopyKey(new_secret(), 7))


@pytest.fixture(scope="module")
def objects() -> dict[str, bytes]:
    """One object of each kind of a patient, as it came."""
    found = {ds.Modality: part10(ds) for ds in make_patient("prostate", seed=5).objects}
    assert {"CT", "RTSTRUCT", "RTPLAN", "RTDOSE"} <= set(found)
    return found


def test_our_copies_pass_and_what_came_does_not(objects: dict[str, bytes]) -> None:
    for kind, file in objects.items():
        assert doubts(copied(file), FOREIGN, Words()) == [], kind
        found = {str(doubt) for doubt in doubts(file, FOREIGN, Words())}
        assert {"(0010,0010) PatientName", "(0010,0020) PatientID"} <= found, kind


def test_a_copy_by_another_profile_says_that_it_is_one(objects: dict[str, bytes]) -> None:
    export = template_of(objects["CT"], PROFILES["audit"], Words()).render(CopyKey(new_secret(), 1))
    assert any("DeidentificationMethod" in str(one) for one in doubts(export, FOREIGN, Words()))


def _nested(ds: Dataset) -> None:
    item = Dataset()
    item.ReferencedSOPInstanceUID = "1.2.3.4"
    item.ReferencedSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    ds.ReferencedImageSequence = [item]


CHANGES: dict[str, tuple[Callable[[Dataset], None], str]] = {
    "name": (lambda ds: setattr(ds, "PatientName", "Hansen^Ole"), "PatientName"),
    "number": (lambda ds: setattr(ds, "PatientID", "0101501234"), "PatientID"),
    "comment": (lambda ds: setattr(ds, "PatientComments", "son of Ole"), "PatientComments"),
    "address": (lambda ds: setattr(ds, "PatientAddress", "Street 4"), "PatientAddress"),
    "hospital": (lambda ds: setattr(ds, "InstitutionName", "Oslo"), "InstitutionName"),
    "physician": (lambda ds: setattr(ds, "ReferringPhysicianName", "Dr^No"), "ReferringPhysicianName"),
    "accession": (lambda ds: setattr(ds, "AccessionNumber", "A77"), "AccessionNumber"),
    "uid": (lambda ds: setattr(ds, "StudyInstanceUID", "1.2.840.5.6"), "StudyInstanceUID"),
    "nested uid": (_nested, "ReferencedSOPInstanceUID"),
    "private": (lambda ds: ds.private_block(0x0029, "X", create=True).add_new(1, "LO", "Ole"), "(0029,"),
    "unmarked": (lambda ds: delattr(ds, "PatientIdentityRemoved"), "PatientIdentityRemoved"),
    "not removed": (lambda ds: setattr(ds, "PatientIdentityRemoved", "NO"), "PatientIdentityRemoved"),
    "born": (lambda ds: setattr(ds, "PatientBirthDate", "born in May"), "PatientBirthDate"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_copy_that_somebody_changed_is_told_by_its_tag_and_never_its_value(
    objects: dict[str, bytes], change: str
) -> None:
    ds = pydicom.dcmread(BytesIO(copied(objects["CT"])))
    do, told = CHANGES[change]
    with pydicom.config.disable_value_validation():
        do(ds)
        out = BytesIO()
        ds.save_as(out)
    found = [str(doubt) for doubt in doubts(out.getvalue(), FOREIGN, Words())]
    assert any(told in one for one in found), found
    assert not any("Ole" in one or "Hansen" in one for one in found)


def test_a_patients_name_in_the_name_of_a_structure_is_told(objects: dict[str, bytes]) -> None:
    ds = pydicom.dcmread(BytesIO(copied(objects["RTSTRUCT"])))
    ds.StructureSetROISequence[0].ROIName = "CTV Hansen"
    out = BytesIO()
    ds.save_as(out)
    assert [str(one) for one in doubts(out.getvalue(), FOREIGN, Words())] == ["(3006,0026) ROIName"]
    assert doubts(out.getvalue(), FOREIGN, Words(["CTV Hansen"])) == [], "a word of the bank's dictionaries"
