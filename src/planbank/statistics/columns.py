"""The columns of the tables, and what each means: the data dictionary beside every CSV (R79).

Comes in: `Line`s. Goes out: heads and rows in one order, for CSV, API and pages alike. Names of columns
are the same in every language, so that a script that reads them goes on working.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from planbank.statistics.lines import Line
from planbank.statistics.request import MetricRequest


@dataclass(frozen=True)
class Column:
    """One column: its head, its unit, what it means, how it is had from a line."""

    head: str
    unit: str
    meaning: str
    of: Callable[[Line], Any]


def _dose(line: Line) -> str:
    if line.calculation is None:
        return ""
    chosen = line.calculation.chosen_dose
    return " ".join(
        filter(None, (chosen.summation, chosen.type, "sum of plans" if chosen.is_plan_sum else ""))
    )


def _dvh(name: str) -> Callable[[Line], Any]:
    return lambda line: None if line.dvh is None else getattr(line.dvh, name)


FIRST: list[Column] = [
    Column(
        "patient",
        "",
        "pseudonym, or the patient's ID where you may see it",
        lambda one: one.plan_set.patient_file.sent_id,
    ),
    Column(
        "trial_id",
        "",
        "the participant's ID in the protocol",
        lambda one: getattr(one.plan_set, "trial_id", "") or "",
    ),
    Column("institution", "", "who sent the plan", lambda one: one.plan_set.patient_file.institution.code),
    Column("plan_set", "", "number of the plan set in this bank", lambda one: one.plan_set.pk),
    Column(
        "plan",
        "",
        "label of the plan, where the name rule allows it; - for a structure set without plan",
        lambda one: one.plan_set.label if one.plan_set.kind == "plan" else "-",
    ),
    Column(
        "plan_for_analysis",
        "",
        "which plan of the patient, or several together, and why",
        lambda one: one.analysis,
    ),
    Column("dose", "", "which dose: summation and type", _dose),
    Column("struct_type", "", "structure type of the protocol", lambda one: one.type.name),
    Column("roi", "", "name as sent, by the name rule", lambda one: one.roi),
    Column(
        "flags",
        "",
        "needs choice, not added, several doses, sum of plans, not mapped, multiple, union, derived, "
        "by hand, not calculated, cannot calculate; and what the DVH says of itself",
        lambda one: "; ".join(one.flags),
    ),
    Column(
        "made_of",
        "",
        "for what nobody drew: of which types, by which edition of the dictionary; or why it cannot be made",
        lambda one: one.why_not or one.made_of,
    ),
    Column(
        "prescription",
        "Gy",
        "prescribed dose of the plan, or of all plans that were added up; blank: none",
        lambda one: one.prescription_gy,
    ),
    Column("fractions", "", "planned fractions", lambda one: one.fractions),
    Column("volume", "cc", "volume from the contours, with or without dose", _dvh("volume_cc")),
    Column("outside", "cc", "volume outside the dose grid; the rest has dose", _dvh("outside_cc")),
]
LAST: list[Column] = [
    Column("algorithm", "", "how the DVH was calculated", lambda one: one.dvh.algorithm if one.dvh else ""),
]


def table_of(
    request: MetricRequest, lines: Iterable[Line], edition: int
) -> tuple[list[str], Iterator[list[Any]]]:
    """Heads and rows. After each metric stands why it is blank or between which bounds it lies."""
    heads = [column.head for column in FIRST]
    for metric in request.metrics:
        heads += [_head(metric.typed, metric.unit), f"{metric.typed} note"]
    heads += [*(column.head for column in LAST), "dictionary_edition"]

    def rows() -> Iterator[list[Any]]:
        blank: list[Any] = ["", ""] * len(request.metrics)
        for line in lines:
            row = [column.of(line) for column in FIRST]
            if line.values:
                for value in line.values:
                    row += [value.value, _note(value)]
            else:
                row += blank
            yield [*row, *(column.of(line) for column in LAST), edition]

    return heads, rows()


def meaning_of(request: MetricRequest) -> tuple[list[str], list[list[str]]]:
    """The data dictionary of a table: column, unit, meaning."""
    rows = [[column.head, column.unit, column.meaning] for column in FIRST]
    for metric in request.metrics:
        said = f"{metric.typed} of the ROI, of its whole volume"
        rows.append([_head(metric.typed, metric.unit), metric.unit, said])
        rows.append(
            [
                f"{metric.typed} note",
                "",
                "why it is blank, or the bounds where tissue outside the grid matters",
            ]
        )
    rows += [[column.head, column.unit, column.meaning] for column in LAST]
    rows.append(["dictionary_edition", "", "edition of the structure dictionary that mapped the names"])
    return ["column", "unit", "meaning"], rows


def _head(typed: str, unit: str) -> str:
    return f"{typed} ({unit})" if unit else typed


def _note(value: Any) -> str:
    if value.reason == "outside" and value.low is not None and value.high is not None:
        return f"{value.low:.3f} to {value.high:.3f}"
    return str(value.reason)
