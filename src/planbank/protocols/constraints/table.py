"""Constraints as a table: Constraint, Arm; or as plain lines, one constraint each (R151).

Comes in: text of a CSV or of lines, the names of structure types. Goes out: `Read` lines with what is wrong
in each, or rows to write.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from planbank.errors import ConstraintError
from planbank.protocols.constraints.grammar import Limit, read

HEADS = ("Constraint", "Arm")
MOST_LINES = 1000


@dataclass(frozen=True)
class Read:
    """One line: what it says, or in words what is wrong with it."""

    number: int
    text: str
    arm: str = ""
    limit: Limit | None = None
    wrong: str = ""


def read_table(text: str, types: Iterable[str]) -> list[Read]:
    """The lines of a table. Raises ConstraintError where it is none; a wrong line is told as it is."""
    text, names = text.removeprefix("\ufeff"), list(types)
    lines = text.splitlines()
    if len(lines) > MOST_LINES:
        raise ConstraintError(_("The table has more than %(n)s lines.") % {"n": MOST_LINES})
    first = lines[0].strip().strip('"').casefold() if lines else ""
    if not first.startswith(HEADS[0].casefold()):
        rows = [(number, [line]) for number, line in enumerate(lines, 1)]
    else:
        separator = max(",;\t", key=lines[0].count)
        try:
            rows = list(enumerate(csv.reader(lines[1:], delimiter=separator, strict=True), 2))
        except csv.Error as exc:
            raise ConstraintError(_("This is no CSV: a line has quotes that do not end.")) from exc
    return [_line(number, cells, names) for number, cells in rows if any(cell.strip() for cell in cells)]


def _line(number: int, cells: list[str], types: list[str]) -> Read:
    typed, arm = (cell.strip().removeprefix("'") for cell in [*cells, ""][:2])
    try:
        return Read(number, typed, arm, read(typed, types))
    except ConstraintError as exc:
        return Read(number, typed, arm, None, exc.detail or str(exc))
