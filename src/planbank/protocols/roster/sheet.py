"""A table of participants as a file holds it (R45, R79).

Comes in: the bytes of a CSV file. Goes out: lines of cells by column, with the number each has in the
file; or `SheetError`, saying what is wrong with the file as a whole. Pure.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection
from dataclasses import dataclass

from django.utils.translation import gettext as _

from planbank.errors import SheetError

MAX_BYTES, MAX_LINES, MAX_CELL = 1_000_000, 5_000, 500
SEPARATORS = ";,\t"
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
# Columns of our own table that say what came; they are read over.
IGNORED = ("received", "pseudonym")
# A spreadsheet takes text that begins so for a formula; the last four are full-width twins.
FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")


@dataclass(frozen=True)
class SheetLine:
    """One line: its number in the file, its cells by the name of the column."""

    number: int
    cells: dict[str, str]


def decoded(content: bytes) -> str:
    """The text of a file: UTF-8, UTF-16 with its mark, else Windows-1252 as spreadsheets write."""
    if len(content) > MAX_BYTES:
        raise SheetError(_("The file is larger than 1 MB. Split it."))
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), "utf-8")
    for name in (encoding, "cp1252"):
        try:
            text = content.decode(name)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise SheetError(_("The file is no text. Save it as CSV, UTF-8."))
    if "\0" in text:
        raise SheetError(_("The file is no text. Save it as CSV, UTF-8."))
    return text


def read_sheet(text: str, columns: Collection[str]) -> list[SheetLine]:
    """Lines of a table whose first line names its columns, in any order; capitals do not count.

    Raises SheetError for a column that is unknown or stands twice, without `trial_id`, for too many lines.
    """
    text = text.removeprefix("\ufeff")
    head_text = text.lstrip("\r\n").partition("\n")[0]
    if not head_text.strip():
        raise SheetError(_("The file is empty."))
    separator = max(SEPARATORS, key=head_text.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    heads: list[str] = []
    lines: list[SheetLine] = []
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if not heads:
                heads = _heads(cells, columns)
                continue
            if len(cells) > len(heads) and any(cell.strip() for cell in cells[len(heads) :]):
                raise SheetError(
                    _("Line %(n)s has more cells than the first line names.") % {"n": reader.line_num}
                )
            found = dict(zip(heads, map(_cell, cells), strict=False))
            lines.append(SheetLine(reader.line_num, {k: v for k, v in found.items() if k not in IGNORED}))
            if len(lines) > MAX_LINES:
                raise SheetError(_("The file has more than %(n)s lines. Split it.") % {"n": MAX_LINES})
    except csv.Error as exc:
        raise SheetError(_("Line %(n)s cannot be read as CSV.") % {"n": reader.line_num}) from exc
    return lines


def _heads(cells: list[str], columns: Collection[str]) -> list[str]:
    known = {_plain(name): name for name in (*IGNORED, *columns)}
    found = []
    for cell in cells:
        name = known.get(_plain(cell))
        if name is None:
            said = {"name": cell.strip()[:40], "columns": ", ".join(columns)}
            raise SheetError(_("There is no column '%(name)s'; there are %(columns)s.") % said)
        if name in found:
            raise SheetError(_("The column '%(name)s' stands there twice.") % {"name": name})
        found.append(name)
    if "trial_id" not in found:
        raise SheetError(_("The first line names no column trial_id."))
    return found


def _plain(head: str) -> str:
    return head.strip().casefold().replace(" ", "_")


def _cell(text: str) -> str:
    """Without the apostrophe that our own tables put before what looks like a formula or number."""
    plain = text.strip()
    return plain[1:] if plain.startswith("'") else plain
