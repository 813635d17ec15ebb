"""Saved requests of metrics by API: kept, asked again, let go by whom they are or a key user (R72, R155)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from planbank.catalogue.models import PlanSet
from planbank.naming.actions.editing import Line, change_rules
from planbank.naming.queries.dictionaries import dictionary_of
from planbank.people.models import User
from planbank.protocols.act import Act
from planbank.protocols.levels import See, TakeOut
from planbank.protocols.models import Protocol, SavedRequest
from tests.api.calling import Caller
from tests.protocols.rows import ProtocolRows

MakeCaller = Callable[..., Caller]


@pytest.fixture
def brain(rows: ProtocolRows, plan_set: PlanSet) -> Protocol:
    protocol = rows.protocol("BRAIN")
    for number, (entry, name) in enumerate({"Hjerte": "Heart", "PTV*": "PTV"}.items()):
        type_ = protocol.structure_types.create(name=name)
        act = Act.of_command("test", rows.at)
        change_rules(act, dictionary_of(protocol), number, [Line(entry, type_.pk)])
    return protocol


def test_kept_asked_again_and_let_go(
    caller: MakeCaller, reader: User, rows: ProtocolRows, brain: Protocol
) -> None:
    rita, where = caller(reader), "requests?protocol=BRAIN"
    made = rita.send("post", where, {"name": "Heart doses", "types": ["heart"], "metrics": "Dmean, V20Gy"})
    assert made.status_code == 201 and made.json()["types"] == ["Heart"]
    number = made.json()["id"]
    assert [one["name"] for one in rita.items(where)] == ["Heart doses"]
    (line,) = rita.items(f"metrics?protocol=BRAIN&request_id={number}")
    assert (line["type"], [one["metric"] for one in line["values"]]) == ("Heart", ["Dmean", "V20Gy"])
    for wrong in ({"name": "x", "types": ["Hart"]}, {"name": "x", "metrics": "V20Gz"}, {"name": " "}, {}):
        assert rita.send("post", where, wrong).status_code == 422
    assert SavedRequest.objects.count() == 1

    stella = rows.user("stella")
    rows.grant(stella, "reader", brain, see=See.PSEUDONYMISED, take_out=TakeOut.NONE)
    hers = caller(stella)
    assert len(hers.items(where)) == 1
    assert hers.send("delete", f"{where}&request_id={number}").status_code == 403
    assert rita.send("delete", f"{where}&request_id={number}").status_code == 204
    assert rita.items(where) == []
    assert rita.get(f"metrics?protocol=BRAIN&request_id={number}").status_code == 404
    assert rita.send("delete", f"{where}&request_id={number}").status_code == 404


def test_types_that_were_retired_are_never_all_types(
    caller: MakeCaller, reader: User, rows: ProtocolRows, brain: Protocol
) -> None:
    rita = caller(reader)
    body = {"name": "Heart", "types": ["Heart"], "metrics": "Dmean"}
    number = rita.send("post", "requests?protocol=BRAIN", body).json()["id"]
    brain.structure_types.filter(name="Heart").update(retired_at=rows.at)
    answer = rita.get(f"metrics?protocol=BRAIN&request_id={number}")
    assert answer.status_code == 422 and "at least one structure type" in answer.text
