"""What somebody asks for: which structure types, which metrics (R72, R78).

Comes in: names and text as typed. Goes out: a `MetricRequest`, or in words what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.utils.translation import gettext as _

from planbank.dose.metric_types import Metric
from planbank.dose.metrics import parse_list
from planbank.errors import MetricError, StatisticsError
from planbank.protocols.models import SavedRequest, StructureType

MOST_METRICS = 40
PLAIN = frozenset({"Volume", "Dmean", "Dmin", "Dmax"})
"""Metrics that stand in the table of DVHs themselves, so that no curve need be read."""


@dataclass(frozen=True)
class MetricRequest:
    """Structure types by metrics."""

    types: tuple[StructureType, ...]
    metrics: tuple[Metric, ...]

    @cached_property
    def keyed(self) -> tuple[tuple[StructureType, int], ...]:
        """The types with their numbers, for loops over every plan."""
        return tuple((row, row.pk) for row in self.types)

    @property
    def needs_curves(self) -> bool:
        """Whether any metric must look at the curve."""
        return any(metric.typed not in PLAIN for metric in self.metrics)


def asked_for(types: Sequence[StructureType], wanted: Iterable[str], typed: str) -> MetricRequest:
    """A request. `wanted`: keys of types, none: all; `typed`: metrics between commas, none: those of PLAIN.

    Raises StatisticsError in words, also for what is no metric.
    """
    keys = {key for key in wanted if key}
    chosen = tuple(row for row in types if not keys or str(row.pk) in keys)
    if not chosen:
        raise StatisticsError(_("Choose at least one structure type."))
    try:
        metrics = tuple(parse_list(typed.strip() or "Volume, Dmean, Dmax"))
    except MetricError as exc:
        raise StatisticsError(str(exc)) from exc
    if len(metrics) > MOST_METRICS:
        raise StatisticsError(_("At most %(n)s metrics at once.") % {"n": MOST_METRICS})
    return MetricRequest(chosen, metrics)


def asked_again(types: Sequence[StructureType], row: SavedRequest) -> MetricRequest:
    """What was saved, by types as they stand: one that was retired is left out, all of them: an error.

    Raises StatisticsError in words.
    """
    keys = [str(one.pk) for one in row.structure_types.all()]
    return asked_for(types, keys, row.metrics)
