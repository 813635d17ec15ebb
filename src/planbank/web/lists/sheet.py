"""A list as CSV, for spreadsheets and programs alike.

Comes in: heads and an iterator of rows. Goes out: a response that is written while it is read,
so that its size does not matter. UTF-8 with a mark; ';' between cells where the decimal sign is a
comma, as Danish spreadsheets expect (R79).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone
from django.utils.formats import get_format

# A spreadsheet takes text that begins so for a formula.
# The last four are the full-width twins of the first four.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
# ... and text of this form for a number, whose zeros or last digits it then loses.
_NUMBERLIKE = re.compile(r"0[0-9]+|[0-9]{12,}|[0-9]+[eE][0-9]+")


def wants_csv(request: HttpRequest) -> bool:
    """Whether this address asks for the CSV of a list."""
    return request.GET.get("format") == "csv"


def as_csv(name: str, heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> StreamingHttpResponse:
    """A download called `name`; rows are taken while it runs."""
    separator = ";" if get_format("DECIMAL_SEPARATOR") == "," else ","
    response = StreamingHttpResponse(_lines(heads, rows, separator), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    response["Cache-Control"] = "no-store"
    return response


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


class _Line:
    """What csv.writer writes to: keeps the last line."""

    text = ""

    def write(self, text: str) -> int:
        self.text = text
        return len(text)


def _lines(heads: Sequence[str], rows: Iterable[Sequence[Any]], separator: str) -> Iterator[str]:
    line = _Line()
    writer = csv.writer(line, delimiter=separator)
    writer.writerow([cell(head) for head in heads])
    yield "\ufeff" + line.text
    for row in rows:
        writer.writerow([cell(value) for value in row])
        yield line.text
