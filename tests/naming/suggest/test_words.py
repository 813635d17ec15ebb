"""What a name says (R154)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planbank.naming.suggest.words import lexicon, read


@pytest.mark.parametrize("name", ["Spinal cord", "SpinalCord", "medulla", "Rygmarv", "CORD", "spinal_cord"])
def test_one_thing_in_many_words(name: str) -> None:
    assert read(name).core == ("spinalcord",)


@pytest.mark.parametrize(
    ("name", "side"),
    [
        ("Parotis Sin", "L"),
        ("Parotis_dxt", "R"),
        ("LPAROTID", "L"),
        ("lungr", "R"),
        ("Øje ve", "L"),
        ("Linse H", "R"),
        ("Rectum", ""),
        ("Lung bil", "B"),
        ("L", ""),
    ],
)
def test_sides(name: str, side: str) -> None:
    assert read(name).side == side


def test_margins_targets_numbers_and_helpers() -> None:
    assert read("PRV_Medulla").has_margin
    assert read("Medulla +5 mm").has_margin
    ctv = read("CTV-T (68Gy)")
    assert (ctv.target, ctv.core, ctv.numbers) == ("ctv", ("p",), ("68",))
    assert read("GTVn") == read("GTV_N")
    assert read("z_Parotid").is_helper


def test_misspelt_and_cut_off_words() -> None:
    assert read("Hjernestam").core == ("brainstem",)
    assert read("Osophagus").core == ("esophagus",)
    assert read("Caput fem sin").core == ("femoralhead",)


def test_the_lexicon_is_whole() -> None:
    assert all(word == word.lower() and word.isalpha() and root.isalpha() for word, root in lexicon().items())


@given(st.text(max_size=64))
def test_any_name_is_read(name: str) -> None:
    words = read(name)
    assert words.side in ("", "L", "R", "B")
