"""DVHs as a reader wants them: by ROI name, with metrics, curves and rows for a table.

Comes in: the engine's `Dvh`s. Goes out: `Results`, a sequence of `RoiResult`. Nothing here
depends on pandas; `pandas.DataFrame(results.rows("D95%"))` is a table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from planbank.dose import axis
from planbank.dose.curve import volume_at
from planbank.dose.flags import FLAGS
from planbank.dose.metrics import MetricValue, Prescriptions, evaluate, parse_list

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planbank.dose.engine import Dvh


@dataclass(frozen=True, slots=True, eq=False)
class RoiResult:
    """The DVH of one ROI or derived structure.

    Attributes:
        dvh: as the engine gives it, with everything that is stored.
        prescription: Gy, or several by name, or None; what relative metrics refer to.
        body: the DVH of the external contour, for metrics that need it.
        expression: what it was derived from; '' for an ROI of the structure set.
    """

    dvh: Dvh
    prescription: Prescriptions = None
    body: Dvh | None = field(default=None, repr=False)
    expression: str = ""

    @property
    def number(self) -> int:
        """ROI Number; 0 for a derived structure."""
        return self.dvh.number

    @property
    def name(self) -> str:
        """ROI Name, or the name it was derived under."""
        return self.dvh.name

    @property
    def volume_cc(self) -> float:
        """The whole volume (cc), with dose or without."""
        return self.dvh.volume_cc

    @property
    def outside_cc(self) -> float:
        """The volume (cc) outside the dose grid; it is in no curve and never rescaled away."""
        return self.dvh.outside_cc

    @property
    def mean_gy(self) -> float | None:
        """Mean dose (Gy) of the part with dose; None where there is none."""
        return self.dvh.mean_gy

    @property
    def dose_gy(self) -> NDArray[np.float64]:
        """(n,) Gy: the dose axis of the curve, 0.01 Gy apart up to 100 Gy, 0.01 % apart above."""
        return axis.doses(len(self.dvh.curve))

    @property
    def curve_cc(self) -> NDArray[np.float64]:
        """(n,) cc that receive at least each dose of `dose_gy`; starts with the volume with dose."""
        return self.dvh.curve

    @property
    def curve_percent(self) -> NDArray[np.float64]:
        """(n,) the same in % of the whole volume; does not start at 100 where part has no dose."""
        return 100.0 * self.dvh.curve / self.dvh.volume_cc if self.dvh.volume_cc > 0 else 0.0 * self.dvh.curve

    @property
    def flags(self) -> dict[str, str]:
        """What a reader must know: code -> sentence."""
        return {code: FLAGS[code] for code in self.dvh.flags}

    def metric(self, asked: str) -> MetricValue:
        """One metric with unit, bounds and the reason for a missing value.

        Raises MetricError, which says what would be right, for what is no metric.
        """
        return evaluate(asked, self.dvh, self.prescription, body=self.body)

    def metrics(self, *asked: str) -> dict[str, float | None]:
        """Values by name as typed: `metrics("D95%", "Dmean, V20Gy")`; None where one cannot be had."""
        wanted = [metric for text in asked for metric in parse_list(text)]
        return {m.typed: evaluate(m, self.dvh, self.prescription, body=self.body).value for m in wanted}

    def row(self, *asked: str) -> dict[str, Any]:
        """One row of a table: plain numbers and text under the names that `planbank dvh --json` has."""
        one = self.dvh
        return {
            "number": one.number,
            "name": one.name,
            "expression": self.expression,
            "dose": " ".join(one.dose_uids),
            "volume_cc": one.volume_cc,
            "outside_cc": one.outside_cc,
            "min_gy": one.min_gy,
            "mean_gy": one.mean_gy,
            "max_gy": one.max_gy,
            **self.metrics(*asked),
            "flags": " ".join(one.flags),
            "algorithm": one.algorithm,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Results(Sequence[RoiResult]):
    """All results in the order of the structure set, derived structures last.

    `results["Heart"]` is by name, `results.roi(3)` by ROI Number or name, `results[0]` by place.
    `notes` says in words what was assumed or left out.
    """

    every: tuple[RoiResult, ...]
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.every)

    def __iter__(self) -> Iterator[RoiResult]:
        return iter(self.every)

    @overload
    def __getitem__(self, which: int | str) -> RoiResult: ...
    @overload
    def __getitem__(self, which: slice) -> Results: ...
    def __getitem__(self, which: int | str | slice) -> RoiResult | Results:
        """By place, or by name (KeyError where there is none, or two)."""
        if isinstance(which, str):
            return self.roi(which)
        found = self.every[which]
        return Results(found, self.notes) if isinstance(found, tuple) else found

    def roi(self, name_or_number: str | int) -> RoiResult:
        """The result of that ROI. Raises KeyError, with the names there are, for none and for several."""
        alike = [one for one in self.every if name_or_number in (one.name, one.number)]
        if len(alike) != 1:
            names = ", ".join(f"{one.name} ({one.number})" for one in self.every)
            said = "is there more than once" if alike else "is not there"
            raise KeyError(f"{name_or_number!r} {said}; there is {names or 'none'}")
        return alike[0]

    def rows(self, *asked: str) -> list[dict[str, Any]]:
        """One dict per ROI with volume (cc), doses (Gy), the metrics asked for and flags, for any table."""
        return [one.row(*asked) for one in self.every]

    def curves(self, step_gy: float = 0.1) -> list[dict[str, Any]]:
        """One dict per ROI and dose: name, dose_gy, volume_cc, volume_percent, every `step_gy` Gy.

        Raises ValueError for a step that is not above zero.
        """
        if not step_gy > 0:
            raise ValueError("step_gy must be above 0.")
        return [row for one in self.every for row in _points(one, step_gy)]


def _points(one: RoiResult, step: float) -> Iterator[dict[str, Any]]:
    if one.dvh.max_gy is None:
        return
    for place in range(int(np.ceil(one.dvh.max_gy / step)) + 1):
        dose = round(place * step, 10)
        volume = volume_at(one.dvh, dose).low or 0.0
        yield {
            "number": one.number,
            "name": one.name,
            "dose_gy": dose,
            "volume_cc": volume,
            "volume_percent": 100.0 * volume / one.volume_cc,
        }
