"""Which names are words of the field (model.md, Levels)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planbank.dicom.names import is_standard, known_names


@pytest.mark.parametrize(
    "name",
    [
        *(
            "SpinalCord",
            "spinalcord ",
            "L_Lung",
            "Hjernestamme",
            "Parotis Dxt",
            "Spinal cord",
            "Opstregning",
        ),
        *(
            "PTV",
            "CTVn",
            "GTVp1",
            "PTV_High",
            "PTV_5040",
            "PTV_50.4Gy",
            "PTV-60",
            "CTV 1",
            "PTVp1",
            "zPTVopt",
        ),
        *("SpinalCord_PRV05", "Brainstem PRV 3 mm", "PTV_20Gyx3", "Medulla"),
    ],
)
def test_words_of_the_field(name: str) -> None:
    assert is_standard(name)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "Hansen",
            "PTV Hansen",
            "PTV_0101501234",
            "0101501234",
            "CTV_Anna",
            "GTV 010150-1234",
            "Anna PRV05",
            "",
        ),
        *("PTV_12345", "SpinalCord Jensen", "Medulla 010150", "Hjerte Ole", "PTV^Physician1"),
    ],
)
def test_names_that_may_tell_of_a_person(name: str) -> None:
    assert not is_standard(name)


def test_both_tables_are_read() -> None:
    names = known_names()
    assert sum(one.language == "tg263" for one in names) > 700
    assert {one.language for one in names} == {"tg263", "da", "en"}
    odd = {one.stands_for for one in names if not is_standard(one.stands_for)}
    couch = {"Markers", "CouchSurface", "BODY", "Isocenter"}
    assert odd <= {*couch, "Humerus_Head_L", "Humerus_Head_R", "Bowel_Bag"}


@given(
    st.from_regex(r"[0-9]{6}-?[0-9]{4}", fullmatch=True), st.sampled_from(["PTV", "CTV_", "GTVp", "Cord PRV"])
)
def test_no_number_of_a_person_hides_in_a_name(number: str, before: str) -> None:
    assert not is_standard(before + number)
    assert not is_standard(number)
