"""Tables of participants as files hold them: encodings, separators, what is no table (R45, R79)."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planbank.errors import SheetError
from planbank.protocols.roster.sheet import MAX_BYTES, MAX_LINES, decoded, read_sheet

COLUMNS = ["trial_id", "institution", "arm"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_way_a_spreadsheet_saves_it_reads_the_same(encoding: str, separator: str, end: str) -> None:
    lines = [
        ["Trial ID", "ARM", "institution"],
        ["B-1", "Åben; ø, æ", "AUH"],
        ["", "", ""],
        ["B-2", "", "OUH"],
    ]
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator, lineterminator=end).writerows(lines)
    found = read_sheet(decoded(out.getvalue().encode(encoding)), COLUMNS)
    assert [line.cells for line in found] == [
        {"trial_id": "B-1", "arm": "Åben; ø, æ", "institution": "AUH"},
        {"trial_id": "B-2", "arm": "", "institution": "OUH"},
    ]
    assert [line.number for line in found] == [2, 4]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("\n\n", "empty"),
        ("institution,arm\nAUH,A", "trial_id"),
        ("trial_id,weight\nB-1,80", "weight"),
        ("trial_id,trial_id\nB-1,B-2", "twice"),
        ("trial_id,arm\nB-1,A,B", "more cells"),
        ('trial_id,arm\nB-1,"A', "Line 2"),
        ("trial_id\n" + "x\n" * (MAX_LINES + 1), "more than"),
    ],
)
def test_what_is_no_table_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(SheetError, match=words):
        read_sheet(text, COLUMNS)


@pytest.mark.parametrize("content", [b"\0\0trial_id", b"trial_id\n\x81\x8d", b"x" * (MAX_BYTES + 1)])
def test_what_is_no_text_is_refused(content: bytes) -> None:
    with pytest.raises(SheetError):
        decoded(content)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_table_or_an_error_in_words(content: bytes) -> None:
    try:
        lines = read_sheet(decoded(content), COLUMNS)
    except SheetError as exc:
        assert str(exc)
    else:
        assert all(set(line.cells) <= set(COLUMNS) for line in lines)


def test_the_apostrophe_of_our_own_tables_is_taken_off_again() -> None:
    assert read_sheet("trial_id,arm\n'007,'=A", COLUMNS)[0].cells == {"trial_id": "007", "arm": "=A"}
