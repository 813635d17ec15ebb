"""The table of a request: a line for each plan, type and ROI; what is missing is blank (R64, R78)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from planbank.errors import StatisticsError
from planbank.naming.actions.editing import change_rules
from planbank.naming.queries.desk import Desk
from planbank.protocols.models import Membership
from planbank.statistics.columns import meaning_of, table_of
from planbank.statistics.lines import lines_of
from planbank.statistics.request import asked_for
from planbank.statistics.summary import ALL, summary_of
from tests.naming.trial import Trial


def _desk(trial: Trial, **more: object) -> Desk:
    return Desk(trial.reader, trial.protocol, **more)  # type: ignore[arg-type]


def test_r78_metrics_of_curves_with_known_answers(trial: Trial) -> None:
    """The curve falls in a line from 100 cc at 10 Gy to 0 at 50 Gy."""
    trial.rule("Hjerte", "Heart")
    trial.calculated("AUH", "0101010001")
    desk = _desk(trial)
    (line,) = lines_of(desk, asked_for(desk.columns, [], "D50%, V30Gy, Dmean, Volume"))
    assert [round(value.value or 0, 2) for value in line.values] == [30.0, 50.0, 30.0, 100.0]
    assert (line.roi, line.flags) == ("Hjerte", ())


def test_r64_several_have_a_line_each_and_what_is_missing_is_blank(trial: Trial) -> None:
    trial.rule("Hjerte", "Any")
    trial.rule("Couch", "Any")
    trial.type("Lung")
    trial.calculated("AUH", "0101010001")
    desk = _desk(trial)
    found = list(lines_of(desk, asked_for(desk.columns, [], "Dmean")))
    assert sorted((one.type.name, one.flags) for one in found) == [
        ("Any", ("multiple",)),
        ("Any", ("multiple",)),
        ("Lung", ("not mapped",)),
    ]
    heads, rows = table_of(asked_for(desk.columns, [], "Dmean"), found, 3)
    blank = next(row for row in rows if row[heads.index("struct_type")] == "Lung")
    assert blank[heads.index("Dmean (Gy)")] == ""
    summary = summary_of(asked_for(desk.columns, [], "Dmean"), found, only_summary=False)
    assert all(cell.spread is None for cell in summary.cells)
    assert summary.left_out == {"multiple": 2, "not mapped": 1}


def test_a_plan_without_dvh_says_so(trial: Trial) -> None:
    trial.rule("Medulla", "Cord")
    trial.plan("AUH", "0101010001", "Medulla")
    desk = _desk(trial)
    (line,) = lines_of(desk, asked_for(desk.columns, [], "Dmean"))
    assert line.flags == ("not calculated",)


def test_every_column_has_its_meaning(trial: Trial) -> None:
    trial.type("Cord")
    desk = _desk(trial)
    wanted = asked_for(desk.columns, [], "D95%, gEUD(8)")
    heads, _rows = table_of(wanted, [], 1)
    assert [row[0] for row in meaning_of(wanted)[1]] == heads


@pytest.mark.parametrize("typed", ["D95", "x", "D95%,,V", "D95%;DROP", ", ".join(["Dmean"] * 41)])
def test_what_is_no_metric_is_told(trial: Trial, typed: str) -> None:
    trial.type("Cord")
    with pytest.raises(StatisticsError):
        asked_for(_desk(trial).columns, [], typed)


def test_r51_a_small_centre_is_kept_back_from_summaries(trial: Trial) -> None:
    trial.rule("Hjerte", "Heart")
    for n in range(6):
        trial.calculated("AUH", f"010101000{n}")
    trial.calculated("OUH", "0101010009")
    desk = _desk(trial)
    wanted = asked_for(desk.columns, [], "Dmean")
    cells = {cell.centre: cell for cell in summary_of(wanted, lines_of(desk, wanted), True).cells}
    assert cells[ALL].spread is not None
    assert (cells["OUH"].is_kept_back, cells["AUH"].is_kept_back) == (True, True)
    whole = {cell.centre: cell for cell in summary_of(wanted, lines_of(desk, wanted), False).cells}
    assert whole["OUH"].spread is not None
    assert whole["OUH"].spread.count == 1


def test_as_of_a_day_members_and_rules_are_those_of_that_day(trial: Trial) -> None:
    trial.rule("Hjerte", "Heart")
    first, second = trial.calculated("AUH", "0101010001"), trial.calculated("AUH", "0101010002")
    yesterday, before = trial.at - timedelta(days=1), trial.at - timedelta(days=2)
    Membership.objects.filter(patient_file=first.patient_file).update(added_at=before)
    Membership.objects.filter(patient_file=second.patient_file).update(added_at=trial.at)
    trial.dictionary.editions.update(at=before)
    end = trial.dictionary.rules.get().pk
    change_rules(trial.act, trial.dictionary, None, end=[end])
    desk = _desk(trial, as_of=yesterday)
    (line,) = lines_of(desk, asked_for(desk.columns, [], "Dmean"))
    assert (line.plan_set.pk, line.roi, desk.edition) == (first.pk, "Hjerte", 1)


def test_a_table_costs_the_same_number_of_queries_however_many_plans(trial: Trial) -> None:
    trial.rule("Hjerte", "Heart")

    def cost() -> int:
        desk = _desk(trial)
        wanted = asked_for(desk.columns, [], "D95%")
        with CaptureQueriesContext(connection) as queries:
            list(lines_of(desk, wanted))
        return len(queries)

    trial.calculated("AUH", "0101010001")
    first = cost()
    for n in range(2, 6):
        trial.calculated("AUH", f"010101000{n}")
    assert cost() <= first
