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
    `analysis`: which plan or plans, and why (R159), and then 'needs choice', 'not added', 'several doses' and
    'sum of plans' are flags too. Prescription (Gy) and fractions are of all plans that went in.
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
    analysis: str = ""
    prescription_gy: float | None = None
    fractions: int | None = None


def evaluated(
    metrics: Sequence[Metric], dvh: engine.Dvh, prescription_gy: float | None, fractions: int | None
) -> tuple[MetricValue, ...]:
    """The metrics of a DVH, relative ones by the prescription."""
    return tuple(evaluate(one, dvh, prescription_gy, fractions=fractions, uncertain=False) for one in metrics)
