"""Types, rules and metrics over a protocol by API: the same rows and levels as the pages (R56, R78)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from planbank.catalogue.models import PlanSet
from planbank.naming.actions.editing import Line, change_rules
from planbank.naming.queries.dictionaries import dictionary_of
from planbank.people.models import User
from planbank.protocols.act import Act
from tests.api.calling import Caller
from tests.protocols.rows import ProtocolRows

MakeCaller = Callable[..., Caller]


@pytest.fixture
def mapped(rows: ProtocolRows, plan_set: PlanSet) -> PlanSet:
    """Hjerte stands for Heart in BRAIN; Lung is not found."""
    protocol = rows.protocol("BRAIN")
    heart = protocol.structure_types.create(name="Heart")
    protocol.structure_types.create(name="Lung")
    act = Act.of_command("test", rows.at)
    change_rules(act, dictionary_of(protocol), 0, [Line("Hjerte", heart.pk)])
    return plan_set


def test_types_and_rules(caller: MakeCaller, reader: User, mapped: PlanSet) -> None:
    rita = caller(reader)
    assert [row["name"] for row in rita.items("structure-types?protocol=BRAIN")] == ["Heart", "Lung"]
    (rule,) = rita.items("dictionary?protocol=BRAIN")
    assert (rule["entry"], rule["type"], rule["institution"]) == ("Hjerte", "Heart", None)


def test_metrics_plan_by_plan_under_pseudonyms(caller: MakeCaller, reader: User, mapped: PlanSet) -> None:
    found = caller(reader).get("metrics?protocol=BRAIN&metrics=D50%25,Dmean").json()
    heart, lung = found["items"]
    assert [round(value["value"], 2) for value in heart["values"]] == [30.0, 30.0]
    assert (heart["patient"], heart["trial_id"]) == ("B-7K2PD", "T-041")
    assert (lung["flags"], lung["values"]) == (["not mapped"], [])
    assert found["edition"] == 1
    assert "0101501234" not in str(found)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("protocol=BRAIN&metrics=D95", 422),
        ("protocol=BRAIN&types=Liver", 422),
        ("protocol=NOPE", 404),
        ("protocol=BRAIN&as_of=yesterday", 422),
        ("", 422),
    ],
)
def test_what_cannot_be_asked_is_told(
    caller: MakeCaller, reader: User, mapped: PlanSet, query: str, status: int
) -> None:
    answer = caller(reader).get(f"metrics?{query}")
    assert (answer.status_code, answer.json()["status"]) == (status, status)


def test_who_has_no_grant_there_gets_nothing(caller: MakeCaller, rows: ProtocolRows, mapped: PlanSet) -> None:
    stranger = caller(rows.user("sven", "VLE"))
    for resource in ("structure-types", "dictionary", "metrics"):
        assert stranger.get(f"{resource}?protocol=BRAIN").status_code == 404
