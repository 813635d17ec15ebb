"""Why a condition holds or not, part by part (R93)."""

from __future__ import annotations

from planbank.dicom.conditions import ObjectValues, from_json, nearest, said
from tests.sending import ct, encoded

EXPLICIT = "1.2.840.10008.1.2.1"
CONDITION = {
    "all": [
        {"path": "Modality", "test": "equals", "value": "CT"},
        {
            "any": [
                {"path": "StationName", "test": "exists"},
                {"path": "PatientID", "test": "wildcard", "value": "9*"},
            ]
        },
    ]
}


def values(**changes: object) -> ObjectValues:
    return ObjectValues(encoded(ct(**changes)), EXPLICIT)


def test_each_part_says_what_it_found() -> None:
    lines = said(from_json(CONDITION), values(PatientID="123"))
    assert [(line.depth, line.holds, line.joins) for line in lines] == [
        (0, False, "all"),
        (1, True, ""),
        (1, False, "any"),
        (2, False, ""),
        (2, False, ""),
    ]
    assert (lines[1].found, lines[3].found, lines[4].found) == (("CT",), None, ("123",))


def test_the_object_that_comes_closest_is_told_of() -> None:
    node = from_json(CONDITION)
    lines = nearest(node, [values(Modality="MR", PatientID="1"), values(PatientID="91"), values()])
    assert all(line.holds for line in lines if line.joins)
    assert nearest(node, []) == []


def test_long_values_are_cut() -> None:
    node = from_json({"path": "PatientID", "test": "exists"})
    assert len((said(node, values(PatientID="x" * 64))[0].found or ("",))[0]) == 60
