"""Expressions that make one structure of others: 'Lungs - GTV', 'Lung_L + Lung_R', 'ipsi(Lung)'.

Comes in: an expression as people type it and the names it may use. Goes out: an `Expression`,
and the table that says which combinations of its structures belong to the result. Names are taken
as they are, also with blanks, signs and brackets in them: the longest name that fits is meant;
quotes say where a name ends.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from planbank.errors import ExpressionError

OPERATORS: dict[str, Callable[[bool, bool], bool]] = {
    "+": lambda a, b: a or b,
    "|": lambda a, b: a or b,
    "-": lambda a, b: a and not b,
    "&": lambda a, b: a and b,
}
"""'+' and '|' union, '-' minus, '&' intersection, which binds before the others."""

FUNCTIONS = {"union": "+", "minus": "-", "intersection": "&"}
SIDES = ("ipsi", "contra")
SHAPE = "Write it as 'A + B', 'A - B', 'A & B' or 'ipsi(A)', with names in quotes where they hold signs."
DEEPEST = 50
MOST_OPERATORS = 100


@dataclass(frozen=True, slots=True)
class Name:
    """A structure by its name as it stands in the structure set."""

    name: str


@dataclass(frozen=True, slots=True)
class Side:
    """That one of a pair which lies on the treated side ('ipsi') or on the other ('contra')."""

    side: str
    base: str


@dataclass(frozen=True, slots=True)
class Both:
    """Two expressions joined by one of OPERATORS."""

    operator: str
    left: Expression
    right: Expression


Expression = Name | Side | Both


def split_definition(typed: str) -> tuple[str, str]:
    """'Name = expression' in its two parts. Raises ExpressionError where one is missing."""
    name, equals, expression = typed.partition("=")
    if not equals or not name.strip() or not expression.strip():
        raise ExpressionError(f"'{typed}' is no definition. Write it as 'Lungs minus GTV = Lungs - GTV'.")
    return name.strip(), expression.strip()


def parse(typed: str, names: Sequence[str]) -> Expression:
    """Understand an expression over structures of these names.

    Raises ExpressionError that says what is wrong and what would be right.
    """
    reader = _Reader(typed, names)
    found = reader.sum()
    reader.blanks()
    if reader.at < len(typed):
        raise ExpressionError(f"'{typed[reader.at :]}' is left over in '{typed}'. {SHAPE}")
    return found


def leaves(expression: Expression) -> list[Name | Side]:
    """The structures an expression is made of, each once, in the order they are named."""
    if isinstance(expression, Both):
        return list(dict.fromkeys((*leaves(expression.left), *leaves(expression.right))))
    return [expression]


def table_of(expression: Expression, operands: Sequence[Name | Side]) -> NDArray[np.bool_]:
    """(2 ** len(operands),) whether a point that lies in just the operands of these bits belongs to it."""
    bit = {operand: place for place, operand in enumerate(operands)}

    def holds(part: Expression, mask: int) -> bool:
        if isinstance(part, Both):
            return OPERATORS[part.operator](holds(part.left, mask), holds(part.right, mask))
        return bool(mask >> bit[part] & 1)

    return np.array([holds(expression, mask) for mask in range(1 << len(operands))], np.bool_)


class _Reader:
    """Reads one expression from left to right."""

    def __init__(self, typed: str, names: Sequence[str]) -> None:
        self.typed, self.at, self.depth, self.joined = typed, 0, 0, 0
        self.names = sorted((name for name in dict.fromkeys(names) if name), key=len, reverse=True)

    def blanks(self) -> None:
        while self.at < len(self.typed) and self.typed[self.at].isspace():
            self.at += 1

    def take(self, signs: str) -> str:
        """The next sign, if it is one of these."""
        self.blanks()
        found = self.typed[self.at : self.at + 1]
        if not found or found not in signs:
            return ""
        self.at += 1
        return found

    def sum(self) -> Expression:
        left = self.product()
        while sign := self.take("+|-"):
            left = self.join(sign, left, self.product())
        return left

    def product(self) -> Expression:
        left = self.operand()
        while self.take("&"):
            left = self.join("&", left, self.operand())
        return left

    def join(self, operator: str, left: Expression, right: Expression) -> Expression:
        self.joined += 1
        if self.joined > MOST_OPERATORS:
            raise ExpressionError(f"The expression has more than {MOST_OPERATORS} operators.")
        return Both(operator, left, right)

    def operand(self) -> Expression:
        self.depth += 1
        if self.depth > DEEPEST:
            raise ExpressionError(f"The expression is nested more than {DEEPEST} deep.")
        found = self.function() or self.bracket() or Name(self.name())
        self.depth -= 1
        return found

    def bracket(self) -> Expression | None:
        if not self.take("("):
            return None
        inner = self.sum()
        self.close()
        return inner

    def close(self) -> None:
        if not self.take(")"):
            raise ExpressionError(f"A ')' is missing in '{self.typed}'.")

    def function(self) -> Expression | None:
        self.blanks()
        call = re.compile(r"([A-Za-z]+)\s*\(").match(self.typed, self.at)
        if call is None or call[1].lower() not in (*FUNCTIONS, *SIDES):
            return None
        which = call[1].lower()
        self.at = call.end()
        if which in SIDES:
            end = self.typed.find(")", self.at)
            base = self.typed[self.at : end if end >= 0 else None].strip().strip("\"'")
            self.at = end if end >= 0 else len(self.typed)
            self.close()
            return Side(which, base)
        parts = [self.sum()]
        while self.take(","):
            parts.append(self.sum())
        self.close()
        if len(parts) < 2:
            raise ExpressionError(f"'{which}' wants two structures or more, as {which}(A, B).")
        joined = parts[0]
        for part in parts[1:]:
            joined = self.join(FUNCTIONS[which], joined, part)
        return joined

    def name(self) -> str:
        """The longest name that stands here and ends where a name may end."""
        self.blanks()
        quote = self.typed[self.at : self.at + 1]
        if quote and quote in "\"'":
            end = self.typed.find(quote, self.at + 1)
            if end < 0:
                raise ExpressionError(f"A closing {quote} is missing in '{self.typed}'.")
            inner, self.at = self.typed[self.at + 1 : end], end + 1
            return self.known(inner)
        rest = self.typed[self.at :]
        for fold in (str, str.casefold):
            fitting = [n for n in self.names if fold(rest).startswith(fold(n)) and _ends(rest[len(n) :])]
            if fitting:
                longest = [n for n in fitting if len(n) == len(fitting[0])]
                if len(longest) > 1:
                    raise ExpressionError(f"'{longest[0]}' may be any of {_listed(longest)}.")
                self.at += len(longest[0])
                return longest[0]
        asked = re.split(r"[-+|&(),]", rest, maxsplit=1)[0].strip()
        if not asked:
            where = f"before '{rest}'" if rest else "at the end"
            raise ExpressionError(f"A structure is missing {where} of '{self.typed}'. {SHAPE}")
        return self.known(asked)

    def known(self, asked: str) -> str:
        for fold in (str, str.casefold):
            alike = [name for name in self.names if fold(name) == fold(asked)]
            if len(alike) == 1:
                return alike[0]
        spoken = [name for name in self.names if not re.fullmatch(r"#\d+", name)]
        near = difflib.get_close_matches(asked, spoken, 3) or sorted(spoken)[:12]
        raise ExpressionError(f"There is no structure '{asked}'. There is {_listed(near)}.")


def _ends(rest: str) -> bool:
    """Whether a name may end before this."""
    return not rest or rest[0].isspace() or rest[0] in "+-|&(),"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names) if names else "none"
