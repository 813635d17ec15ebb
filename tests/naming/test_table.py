"""A dictionary as CSV, there and back (R67, R79)."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planbank.errors import NamingError
from planbank.exports.csv_file import cell
from planbank.naming.actions.editing import Line
from planbank.naming.table import HEADS, read_table

TYPES, CODES = {"Cord": 1, "Body": 2}, {"AUH": 11}


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_all_spreadsheets_separators(separator: str) -> None:
    text = "\ufeff" + "\r\n".join(
        separator.join(row) for row in (HEADS, ("Med*", "cord", "auh"), ("x", "Body", ""))
    )
    assert [one.line for one in read_table(text, TYPES, CODES)] == [Line("Med*", 1, 11), Line("x", 2)]


def test_each_wrong_line_says_what_is_wrong_and_the_rest_goes_on() -> None:
    found = read_table("Entry,StructType,Institution\n,Cord,\nx,Liver,\nx,Cord,RH\nx,Cord,", TYPES, CODES)
    assert [bool(one.wrong) for one in found] == [True, True, True, False]
    assert [one.number for one in found] == [2, 3, 4, 5]


@pytest.mark.parametrize("text", ["", "name\nx", 'Entry,StructType\n"x', "\x00"])
def test_what_is_no_such_table_is_refused(text: str) -> None:
    with pytest.raises(NamingError):
        read_table(text, TYPES, CODES)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=64))
def test_what_is_written_is_read_again(entry: str) -> None:
    from planbank.dicom.patterns import normal

    if not normal(entry) or normal(entry).startswith("'"):
        return
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADS)
    writer.writerow([cell(normal(entry)), "Cord", ""])
    (found,) = read_table(out.getvalue(), TYPES, CODES)
    assert found.line == Line(normal(entry), 1)
