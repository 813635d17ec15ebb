"""A dictionary as a table of lines: Entry, StructType, Institution (R67).

Comes in: text of a CSV, or rules. Goes out: `Read` lines with what is wrong in each, or rows to write.
An apostrophe before what a spreadsheet takes for a formula is ours and is taken off again.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from planbank.dicom.patterns import Pattern, normal
from planbank.errors import NamingError
from planbank.naming.actions.editing import Line

HEADS = ("Entry", "StructType", "Institution")
ALL = "All institutions"
MOST_LINES = 20_000
_FORMULA = "=+-@\t\r"


@dataclass(frozen=True)
class Read:
    """One line of the file: what it says, or in words what is wrong with it."""

    number: int
    entry: str
    type: str
    institution: str
    line: Line | None = None
    wrong: str = ""


def read_table(text: str, types: Mapping[str, int], institutions: Mapping[str, int]) -> list[Read]:
    """The lines of a CSV with ',' or ';' or tabs. Names of types and codes as the protocol has them.

    Raises NamingError where it is no such table; a line that is wrong is told as it is.
    """
    text = text.removeprefix("\ufeff")
    first = text.splitlines()[0] if text.strip() else ""
    separator = max(",;\t", key=first.count)
    try:
        rows = list(csv.reader(text.splitlines(), delimiter=separator, strict=True))
    except csv.Error as exc:
        raise NamingError(_("This is no CSV: a line has quotes that do not end.")) from exc
    heads = [cell.strip().casefold() for cell in rows[0]] if rows else []
    if heads[:2] != ["entry", "structtype"]:
        raise NamingError(_("The first line must say Entry, StructType, Institution."))
    if len(rows) > MOST_LINES:
        raise NamingError(_("The table has more than %(n)s lines.") % {"n": MOST_LINES})
    by_type = {name.casefold(): pk for name, pk in types.items()}
    by_code = {code.casefold(): pk for code, pk in institutions.items()}
    return [
        _line(number, [_plain(cell) for cell in row], by_type, by_code)
        for number, row in enumerate(rows[1:], 2)
        if any(cell.strip() for cell in row)
    ]


def _line(number: int, cells: list[str], types: Mapping[str, int], codes: Mapping[str, int]) -> Read:
    entry, type_, institution = [*cells, "", "", ""][:3]
    wrong = ""
    everybody = institution.casefold() in ("", ALL.casefold(), "*")
    try:
        Pattern(entry)
    except ValueError as exc:
        wrong = str(exc)
    if type_.casefold() not in types:
        wrong = wrong or _("There is no structure type of this name.")
    if not everybody and institution.casefold() not in codes:
        wrong = wrong or _("No centre of this code takes part.")
    if wrong:
        return Read(number, entry, type_, institution, None, wrong)
    code = None if everybody else codes[institution.casefold()]
    return Read(number, entry, type_, institution, Line(entry, types[type_.casefold()], code))


def _plain(cell: str) -> str:
    cell = normal(cell)
    return cell[1:] if len(cell) > 1 and cell[0] == "'" and cell[1] in _FORMULA + "0123456789" else cell
