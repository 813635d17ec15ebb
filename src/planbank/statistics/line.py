"""One line of a table: a plan, a structure type, a ROI or what is made of several, with its metrics.

Comes in: what the catalogue stores. Goes out: `Line`, and metrics evaluated on a stored DVH.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from planbank.catalogue.models import Calculation, PlanSet
from planbank.dose import engine
from planbank.dose.metric_types import Metric, MetricValue
from planbank.dose.metrics import evaluate
from planbank.protocols.models import StructureType


@dataclass(frozen=True)
class Line:
    """One ROI of one plan in one dose, or the lack of it.

    `flags`: 'not mapped', 'multiple', 'union', 'derived', 'by hand', 'not calculated', 'cannot calculate',
    and those of the DVH. `made_of`: expression, ROIs and edition of what nobody drew; `why_not`: in words.
    """

    plan_set: PlanSet
    type: StructureType
    roi: str
    flags: tuple[str, ...]
    calculation: Calculation | None = None
    dvh: engine.Dvh | None = None
    values: tuple[MetricValue, ...] = ()
    made_of: str = ""
    why_not: str = ""


def evaluated(metrics: Sequence[Metric], dvh: engine.Dvh, plan_set: PlanSet) -> tuple[MetricValue, ...]:
    """The metrics of a DVH, relative ones by the plan's prescription."""
    prescription, fractions = plan_set.prescription_gy, plan_set.fractions
    return tuple(evaluate(one, dvh, prescription, fractions=fractions, uncertain=False) for one in metrics)
