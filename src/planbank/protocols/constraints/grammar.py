"""How a constraint is written: `Heart Dmean <= 2 Gy`, `PTV V95% >= 98 %, tolerate 95 %` (R137, R151).

    constraint = type metric operator number unit [", tolerate" number [unit]]
    operator   = "<=" | ">=" | "<" | ">" | "≤" | "≥"
    number     = digits, with point or comma
    unit       = "Gy" | "cGy" | "%" | "cc" | "cm3"

Comes in: text, the names of structure types. Goes out: a `Limit`; or ConstraintError, which says in words
what was not understood and what would be right. Pure. The metric's own grammar is that of
planbank.dose.metrics.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from planbank.errors import ConstraintError, MetricError

if TYPE_CHECKING:
    from planbank.dose.metric_types import Metric

LONGEST = 200
_OPERATORS = {"<=": "<=", "=<": "<=", "≤": "<=", "<": "<", ">=": ">=", "=>": ">=", "≥": ">=", ">": ">"}
_OPERATOR = re.compile(r"(<=|>=|=<|=>|≤|≥|<|>)")
_NUMBER = r"(\d+(?:[.,]\d+)?|[.,]\d+)"
_RIGHT = re.compile(
    rf"\s*{_NUMBER}\s*([^\s,;\d]\S*?)?\s*(?:[,;]\s*tolerate\s*{_NUMBER}\s*(\S+)?\s*)?\Z", re.IGNORECASE
)
_UNITS = {"gy": ("Gy", 1.0), "cgy": ("Gy", 0.01), "%": ("%", 1.0), "cc": ("cc", 1.0), "cm3": ("cc", 1.0)}


@dataclass(frozen=True)
class Limit:
    """A constraint that was understood. `metric` as planbank.dose.metrics reads it, in `unit`."""

    type: str
    metric: str
    operator: str
    limit: float
    unit: str
    tolerated: float | None = None

    @property
    def text(self) -> str:
        """The same, as it is written."""
        said = f"{self.type} {self.metric} {self.operator} {self.limit:.6g} {self.unit}"
        return said if self.tolerated is None else f"{said}, tolerate {self.tolerated:.6g} {self.unit}"


def read(text: str, types: Iterable[str]) -> Limit:
    """Understand a constraint. Raises ConstraintError in words."""
    text = " ".join(text.split())
    if not text:
        raise ConstraintError(_("Write a constraint, such as: Heart Dmean <= 2 Gy."))
    if len(text) > LONGEST:
        raise ConstraintError(_("A constraint has at most %(n)s characters.") % {"n": LONGEST})
    parts = _OPERATOR.split(text)
    if len(parts) != 3:
        raise ConstraintError(
            _("'%(text)s' needs one of <=, >=, <, > between the metric and its limit.") % {"text": text}
        )
    left, sign, right = parts
    operator = _OPERATORS[sign]
    name, metric = _left(left.strip(), list(types))
    limit, tolerated, unit = _right(right, text)
    found = Limit(name, _in_unit(metric, unit), operator, limit, unit, tolerated)
    if tolerated is not None and (tolerated <= limit if operator[0] == "<" else tolerated >= limit):
        wanted = _("above") if operator[0] == "<" else _("below")
        raise ConstraintError(
            _("What is tolerated must lie %(where)s the limit of %(limit)s.")
            % {"where": wanted, "limit": f"{limit:.6g} {unit}"}
        )
    return found


def _left(left: str, types: list[str]) -> tuple[str, Metric]:
    """The structure type and the metric: the metric is what stands last and is one."""
    # Loaded by those who read a constraint: no other process waits for the compiled engine.
    from planbank.dose.metrics import REGISTRY, parse

    words = left.split(" ")
    wrong: MetricError | None = None
    for size in range(1, len(words)):
        try:
            metric = parse(" ".join(words[-size:]))
        except MetricError as exc:
            wrong = wrong or exc
        else:
            return _type(" ".join(words[:-size]), types), metric
    if len(words) < 2:
        raise ConstraintError(
            _("'%(left)s' needs a structure type and a metric, such as: Heart Dmean.") % {"left": left}
        )
    raise ConstraintError(
        _("'%(metric)s' is no metric. There are: %(names)s.")
        % {"metric": words[-1], "names": ", ".join(REGISTRY)}
    ) from wrong


def _type(name: str, types: list[str]) -> str:
    """The type as it is called here."""
    by_fold = {one.casefold(): one for one in types}
    if (found := by_fold.get(name.casefold())) is not None:
        return found
    near = get_close_matches(name.casefold(), by_fold, n=1)
    if near:
        said = _("There is no structure type '%(name)s'. Did you mean %(near)s?")
        raise ConstraintError(said % {"name": name, "near": by_fold[near[0]]})
    if not types:
        raise ConstraintError(
            _("This protocol has no structure type yet. Make them in the dictionary first.")
        )
    said = _("There is no structure type '%(name)s'. There are: %(names)s.")
    raise ConstraintError(said % {"name": name, "names": ", ".join(sorted(types, key=str.casefold))})


def _right(right: str, text: str) -> tuple[float, float | None, str]:
    """The limit, what is tolerated, and the unit of both."""
    found = _RIGHT.match(right)
    if found is None:
        raise ConstraintError(
            _("'%(right)s' is no limit. Write a number and a unit, such as: 2 Gy, tolerate 2.5 Gy.")
            % {"right": right.strip()}
        )
    number, unit, more, its = found.groups()
    if not unit:
        raise ConstraintError(_("'%(text)s' needs a unit: Gy, %% or cc.") % {"text": text})
    name, factor = _unit(unit)
    limit = float(number.replace(",", ".")) * factor
    if more is None:
        return limit, None, name
    other, times = _unit(its or unit)
    if other != name:
        raise ConstraintError(_("The limit and what is tolerated need the same unit."))
    return limit, float(more.replace(",", ".")) * times, name


def _unit(typed: str) -> tuple[str, float]:
    found = _UNITS.get(typed.casefold().rstrip("."))
    if found is None:
        raise ConstraintError(_("'%(unit)s' is no unit here: Gy, cGy, %%, cc or cm3.") % {"unit": typed})
    return found


def _in_unit(metric: Metric, unit: str) -> str:
    """The metric as it answers in the unit of the limit. Raises ConstraintError where it cannot."""
    from planbank.dose.metrics import REGISTRY

    entry = REGISTRY[metric.pattern]
    if unit == metric.unit:
        return metric.typed.replace(" ", "")
    if unit not in entry.units or metric.unit != entry.units[0]:
        raise ConstraintError(
            _("%(metric)s is had in %(units)s, not in %(unit)s.")
            % {"metric": metric.typed, "units": ", ".join(entry.units), "unit": unit}
        )
    return f"{metric.typed.replace(' ', '')}[{unit}]"
