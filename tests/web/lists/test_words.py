"""DICOM values as people read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planbank.web.lists import words


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("Hansen^Anna", "Hansen, Anna"),
        ("Hansen^Anna^Marie^Dr^PhD", "Hansen, Dr Anna Marie PhD"),
        ("HANSEN", "HANSEN"),
        ("^Anna", "Anna"),
        ("", ""),
        ("^^^^", ""),
        ("=山田^太郎=やまだ^たろう", "山田, 太郎"),
        ("Yamada^Tarou=山田^太郎", "Yamada, Tarou"),
        (" Hansen ^ Anna ", "Hansen, Anna"),
        ("a^b^c^d^e^f^g", "a, d b c e"),
    ],
)
def test_names(sent: str, read: str) -> None:
    assert words.person(sent) == read


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("19500101", "1950-01-01"),
        ("20240229", "2024-02-29"),
        ("20230229", "20230229"),
        ("1950", "1950"),
        ("1950.01.01", "1950.01.01"),
        ("", ""),
        ("00000000", "00000000"),
        ("١٩٥٠٠١٠١", "١٩٥٠٠١٠١"),
    ],
)
def test_dates_that_are_none_stay_as_sent(sent: str, read: str) -> None:
    assert words.day(sent) == read


@given(st.text())
def test_nothing_that_is_sent_breaks_a_page(text: str) -> None:
    words.person(text)
    words.day(text)
    words.header_name(text)
    words.kind_of_object(text)
    words.syntax_name(text)


def test_uids_in_words_or_as_they_are() -> None:
    assert words.kind_of_object("1.2.840.10008.5.1.4.1.1.481.5") == "RT plan"
    assert words.syntax_name("1.2.840.10008.1.2.1") == "Explicit VR Little Endian"
    assert words.kind_of_object("1.3.9") == words.syntax_name("1.3.9") == "1.3.9"


def test_header_names() -> None:
    assert words.header_name("sop_instance_uid") == "SOP instance UID"
    assert words.header_name("series_description") == "Series description"
