"""Conditions on attributes, from JSON to whether they hold (R85)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from planbank.dicom.conditions import ObjectValues, from_json, read_path, to_json
from planbank.dicom.encoding import IMPLICIT_LITTLE
from planbank.errors import ConditionError
from tests.dose.phantoms import encode
from tests.sending import encoded

EXPLICIT = "1.2.840.10008.1.2.1"


def plan(**more: Any) -> Dataset:
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 100"
    ds.Modality, ds.StationName, ds.RTPlanDate = "RTPLAN", "Acc3 ", "20260131"
    ds.ImageType = ["ORIGINAL", "PRIMARY"]
    ds.SeriesNumber, ds.RTPlanLabel = 6, "Bryst å"
    beams = []
    for name, energy in (("Felt 1", 6.0), ("Setup", 10.0)):
        point, beam = Dataset(), Dataset()
        point.NominalBeamEnergy = energy
        beam.BeamName, beam.ControlPointSequence = name, [point]
        beams.append(beam)
    ds.BeamSequence = beams
    block = ds.private_block(0x0029, "ACME PRIVATE", create=True)
    block.add_new(0x10, "LO", "gating on")
    ds.AccessionNumber = ""
    for keyword, value in more.items():
        setattr(ds, keyword, value)
    return ds


def holds(condition: object, ds: Dataset | None = None, syntax: str = IMPLICIT_LITTLE) -> bool:
    given = ds or plan()
    data = encode(given) if syntax == IMPLICIT_LITTLE else encoded(given, syntax)
    return not from_json(condition).unmet(ObjectValues(data, syntax))


def one(path: str, test: str, value: str = "") -> dict[str, str]:
    return {"path": path, "test": test, "value": value}


@pytest.mark.parametrize("syntax", [IMPLICIT_LITTLE, EXPLICIT])
@pytest.mark.parametrize(
    ("path", "test", "value", "fits"),
    [
        ("Modality", "equals", "rtplan", True),
        ("StationName", "equals", "ACC3", True),
        ("(0008,1010)", "equals", "Acc3", True),
        ("00081010", "wildcard", "acc?", True),
        ("StationName", "wildcard", "acc", False),
        ("RTPlanLabel", "contains", "ST Å", True),
        ("SeriesNumber", "equals", "6.0", True),
        ("ImageType", "equals", "PRIMARY", True),
        ("BeamSequence.BeamName", "equals", "setup", True),
        ("BeamSequence.ControlPointSequence.NominalBeamEnergy", "range", "8..12", True),
        ("BeamSequence.ControlPointSequence.NominalBeamEnergy", "range", "12..", False),
        ("BeamSequence", "exists", "", True),
        ("RTPlanDate", "range", "20260101..20260131", True),
        ("RTPlanDate", "range", "..20251231", False),
        ("(0029,xx10)[acme private]", "wildcard", "gating*", True),
        ("(0029,xx10)[OTHER]", "exists", "", False),
        ("AccessionNumber", "exists", "", False),
        ("AccessionNumber", "absent", "", False),
        ("PatientID", "absent", "", True),
        ("PatientID", "equals", "", False),
        ("StationName.BeamName", "exists", "", False),
    ],
)
def test_tests_on_attributes(path: str, test: str, value: str, fits: bool, syntax: str) -> None:
    assert holds(one(path, test, value), syntax=syntax) is fits


def test_all_and_any_and_what_was_not_met() -> None:
    tree = {
        "all": [
            one("Modality", "equals", "RTPLAN"),
            {"any": [one("PatientID", "exists"), one("StationName", "equals", "B")]},
        ]
    }
    values = ObjectValues(encode(plan()), IMPLICIT_LITTLE)
    assert from_json(tree).unmet(values) == "PatientID exists or StationName equals B"
    assert to_json(from_json(tree)) == {
        "all": [
            one("Modality", "equals", "RTPLAN"),
            {"any": [{"path": "PatientID", "test": "exists"}, one("StationName", "equals", "B")]},
        ]
    }


@pytest.mark.parametrize(
    ("condition", "says"),
    [
        (None, "path, test, value"),
        ({"all": []}, "at least one"),
        ({"all": "x"}, "at least one"),
        ({"all": [one("Modality", "exists")], "any": []}, "nothing else"),
        (one("", "exists"), "names no attribute"),
        (one("Patient Name", "exists"), "no attribute of the DICOM dictionary"),
        (one("Modality..BeamName", "exists"), "names no attribute"),
        (one("(0029,1010)", "exists"), "private"),
        (one("(0028,xx10)[A]", "exists"), "odd number"),
        (one("Modality", "regex", ".*"), "one of equals"),
        (one("Modality", "range", "a..b"), "no number"),
        (one("Modality", "range", "5"), "written 40..60"),
        (one("Modality", "range", "9..5"), "ends before"),
        (one("Modality", "exists", "x"), "takes no value"),
        (one("Modality", "wildcard", ""), "cannot be empty"),
        (one("Modality", "contains", ""), "1 to 256"),
        ({"path": "Modality", "test": "equals", "value": 5}, "are text"),
        ({"path": "Modality", "test": "equals", "sql": "x"}, "no 'sql'"),
        (one(".".join(["BeamSequence"] * 20), "exists"), "at most 12"),
    ],
)
def test_what_cannot_be_used_says_what_would_be_right(condition: object, says: str) -> None:
    with pytest.raises(ConditionError, match=says):
        from_json(condition)


def test_a_condition_cannot_grow_without_end() -> None:
    deep: object = one("Modality", "exists")
    for _ in range(20):
        deep = {"all": [deep]}
    with pytest.raises(ConditionError, match="levels"):
        from_json(deep)
    with pytest.raises(ConditionError, match="200 conditions"):
        from_json({"any": [one("Modality", "exists")] * 300})


@given(st.text(max_size=60))
def test_any_path_is_read_or_refused_in_words(text: str) -> None:
    try:
        assert read_path(text).steps
    except ConditionError as exc:
        assert str(exc)


@given(
    st.sampled_from(["equals", "wildcard", "contains", "range"]), st.text(max_size=40), st.text(max_size=40)
)
def test_any_value_against_any_argument(test: str, argument: str, found: str) -> None:
    try:
        condition = from_json(one("RTPlanName", test, argument))
    except ConditionError:
        return
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.RTPlanName = found.replace("\\", " ")
    condition.unmet(ObjectValues(encode(ds), IMPLICIT_LITTLE))
