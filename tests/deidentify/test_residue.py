"""The last look before a copy leaves: what still tells of the patient is found and named (R111)."""

from __future__ import annotations

from functools import cache
from io import BytesIO

import pydicom
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from planbank.deidentify.keys import CopyKey, new_secret
from planbank.deidentify.profiles import PROFILES
from planbank.deidentify.residue import check_residue, residue
from planbank.deidentify.template import template_of
from planbank.deidentify.words import Words
from planbank.demo.patients import make_patient, part10
from planbank.errors import Refused


@cache
def _drawn() -> bytes:
    objects = make_patient("prostate", seed=5).objects
    return part10(next(one for one in objects if one.Modality == "RTSTRUCT"))


def planned(**changes: object) -> Dataset:
    ds = pydicom.dcmread(BytesIO(_drawn()))
    ds.PatientName, ds.PatientID, ds.AccessionNumber = "Mikkelsen^Åse Marie", "MRN-887766", "ACC/55123"
    for keyword, value in changes.items():
        setattr(ds, keyword, value)
    return ds


def found(came: Dataset, made: bytes, words: Words | None = None) -> list[str]:
    return [str(one) for one in residue(part10(came), made, words or Words())]


def copied(ds: Dataset, words: Words | None = None) -> bytes:
    template = template_of(part10(ds), PROFILES["audit"], words or Words())
    return template.render(CopyKey(new_secret(), 1))


def test_a_copy_of_ours_holds_nothing_and_the_original_all() -> None:
    ds = planned()
    assert found(ds, copied(ds)) == []
    said = found(ds, part10(ds))
    assert {"(0010,0010) PatientName", "(0010,0020) PatientID", "(0008,0050) AccessionNumber"} <= set(said)


def test_a_name_that_a_list_kept_is_refused_unless_a_person_made_the_list() -> None:
    ds = planned()
    ds.StructureSetROISequence[0].ROIName = "Bladder MIKKELSEN"
    words = Words(["Bladder MIKKELSEN"])
    made = copied(ds, words)
    assert b"MIKKELSEN" in made, "the list lets it through"
    assert found(ds, made, words) == ["(3006,0026) ROIName"]
    with pytest.raises(Refused, match="ROIName"):
        check_residue(part10(ds), made, words)
    check_residue(part10(ds), made, words, listed=True)


def test_words_of_the_field_and_short_ones_are_no_residue() -> None:
    ds = planned(PatientName="Prostate^Ib", PatientID="12")
    ds.StructureSetROISequence[0].ROIName = "Prostate"
    made = copied(ds)
    assert b"Prostate" in made and found(ds, made) == []


@pytest.mark.parametrize(
    ("name", "stays", "roi"),
    [
        ("Gray^Anna", b"Gray", "Heart"),  # the unit of a dose has a published meaning
        ("Basic^Modified", b"Modified Dates", "Heart"),  # how it was de-identified
        ("Small^Ben", b"Bowel_Small", "Bowel_Small"),  # words of the field
    ],
)
def test_people_who_are_called_like_something_of_ours_are_copied(name: str, stays: bytes, roi: str) -> None:
    ds = planned(PatientName=name)
    ds.StructureSetROISequence[0].ROIName = roi
    unit = Dataset()
    unit.CodeValue, unit.CodingSchemeDesignator, unit.CodeMeaning = "Gy", "UCUM", "Gray"
    ds.AnatomicRegionSequence = [unit]
    made = pydicom.dcmread(BytesIO(copied(ds)))
    made.AnatomicRegionSequence = [unit]
    file = BytesIO()
    made.save_as(file)
    assert stays in file.getvalue() and found(ds, file.getvalue()) == []


@given(
    st.text("abcdefghijklmnopqrstuvwxyzæøåéABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=4, max_size=20),
    st.sampled_from(
        ["StructureSetDescription", "StudyDescription", "StructureSetLabel", "SeriesDescription"]
    ),
    st.sampled_from(["{}", "of {} again", "({})", "1_{}"]),
)
def test_any_name_as_a_word_of_any_text_is_found(name: str, keyword: str, within: str) -> None:
    ds = planned(PatientName=f"Xx^{name}", SpecificCharacterSet="ISO_IR 192")
    assume(not Words().allows(name))
    made = pydicom.dcmread(BytesIO(copied(ds)))
    made.SpecificCharacterSet = "ISO_IR 192"
    setattr(made, keyword, within.format(name)[: 16 if keyword == "StructureSetLabel" else 64])
    file = BytesIO()
    made.save_as(file)
    assume(name in getattr(made, keyword))
    assert keyword in str(found(ds, file.getvalue()))
