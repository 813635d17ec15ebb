"""What a metric is asked of and what it answers: the types of `planbank.dose.metrics`.

Comes in: nothing. Goes out: `Metric` (parsed), `Asked`, `Entry` (registered), `MetricValue`, REASONS.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from planbank.dose.curve import Answer

if TYPE_CHECKING:
    from planbank.dose.engine import Dvh

Prescriptions = Mapping[str, float] | float | None
"""Gy; a mapping names several ('' is the plan's own)."""

REASONS = {
    "no-dose": "The ROI has no dose.",
    "no-volume": "The ROI has no volume.",
    "too-small": "The ROI is smaller than the volume asked for.",
    "outside": "The value depends on tissue outside the dose grid.",
    "no-prescription": "There is no prescription to relate to.",
    "needs-body": "The metric needs the DVH of the body too.",
    "no-fractions": "EQD2 needs the number of fractions.",
    "undefined": "The value is not defined for this curve.",
}
"""Why a value is null or bounded."""


@dataclass(frozen=True, slots=True)
class MetricValue:
    """The value of a metric.

    Attributes:
        metric: as typed.
        value: None where it cannot be had.
        unit: 'Gy', '%', 'cc' or ''.
        reason: a key of REASONS, or ''.
        low, high: bounds, where `reason` is 'outside'.
        plus_minus: twice the standard uncertainty, in the same unit (`planbank.dose.uncertainty`);
            None where it cannot be told (conventions of other systems, older versions).
    """

    metric: str
    value: float | None
    unit: str
    reason: str = ""
    low: float | None = None
    high: float | None = None
    plus_minus: float | None = None


@dataclass(frozen=True, slots=True)
class Metric:
    """A parsed metric: which one of REGISTRY, with its number and its brackets.

    `alpha_beta` (Gy) asks for the dose as EQD2; None takes it as it is.
    """

    typed: str
    pattern: str
    x: float | None
    unit: str
    prescription: str
    alpha_beta: float | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What a metric's function is given. `x` is its number, `prescription_gy` Gy or None."""

    dvh: Dvh
    x: float
    unit: str
    prescription_gy: float | None
    body: Dvh | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One registered metric: its function, its units (the first is the default) and what it says."""

    pattern: str
    units: tuple[str, ...]
    says: str
    function: Callable[[Asked], Answer | str]
    shape: re.Pattern[str]
