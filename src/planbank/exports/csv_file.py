"""Rows as CSV that a spreadsheet neither runs nor spoils (R79).

Comes in: heads and rows. Goes out: lines of text, written while the rows are read. Two dialects: ','
between cells with '.' in numbers, and ';' with ',', as Danish spreadsheets expect.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

# A spreadsheet takes text that begins so for a formula.
# The last four are the full-width twins of the first four.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
# ... and text of this form for a number, whose zeros or last digits it then loses.
_NUMBERLIKE = re.compile(r"0[0-9]+|[0-9]{12,}|[0-9]+[eE][0-9]+")
MARK = "\ufeff"


@dataclass(frozen=True)
class Dialect:
    """How cells are parted and where a number has its decimals."""

    separator: str
    decimal: str


POINT = Dialect(",", ".")
COMMA = Dialect(";", ",")


def lines(heads: Sequence[str], rows: Iterable[Sequence[Any]], dialect: Dialect = POINT) -> Iterator[str]:
    """The file line by line, with the mark by which spreadsheets know UTF-8."""
    line = _Line()
    writer = csv.writer(line, delimiter=dialect.separator)
    writer.writerow([cell(head) for head in heads])
    yield MARK + line.text
    for row in rows:
        writer.writerow([_number(cell(value), dialect) for value in row])
        yield line.text


def cell(value: Any) -> str | int | float:
    """One cell. Numbers stay numbers; text that a spreadsheet would turn into something else
    (a formula, an ID without its zeros) gets an apostrophe before it."""
    if value is None:
        return ""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    if isinstance(value, datetime):
        return timezone.localtime(value).isoformat(timespec="seconds")
    text = str(value).replace("\0", "")
    return f"'{text}" if text.startswith(_FORMULA) or _NUMBERLIKE.fullmatch(text) else text


def _number(value: str | int | float, dialect: Dialect) -> str | int | float:
    if isinstance(value, float) and dialect.decimal != ".":
        return repr(value).replace(".", dialect.decimal)
    return value


class _Line:
    """What csv.writer writes to: keeps the last line."""

    text = ""

    def write(self, text: str) -> int:
        self.text = text
        return len(text)
