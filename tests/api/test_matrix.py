"""Matrix, unmapped names, the dictionary changed, growth: by API as on the pages (R56, R62, R125, R154)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from planbank.catalogue.models import PlanSet
from planbank.naming.actions.editing import Line, change_rules
from planbank.naming.queries.dictionaries import dictionary_of
from planbank.people.models import User
from planbank.protocols.act import Act
from planbank.protocols.levels import See
from planbank.protocols.models import Protocol
from tests.api.calling import Caller
from tests.protocols.rows import ProtocolRows

MakeCaller = Callable[..., Caller]


@pytest.fixture
def brain(rows: ProtocolRows, plan_set: PlanSet) -> Protocol:
    """Hjerte stands for Heart; PTV and what is made of both are not found."""
    protocol = rows.protocol("BRAIN")
    heart = protocol.structure_types.create(name="Heart")
    protocol.structure_types.create(name="PTV")
    protocol.structure_types.create(name="Both", expression="Heart + PTV")
    change_rules(Act.of_command("test", rows.at), dictionary_of(protocol), 0, [Line("Hjerte", heart.pk)])
    return protocol


@pytest.fixture
def karen(rows: ProtocolRows, brain: Protocol) -> User:
    user = rows.user("karen")
    rows.grant(user, "key-user", brain, see=See.PSEUDONYMISED)
    return user


def test_r62_the_matrix_has_what_was_found_and_what_can_be_made(
    caller: MakeCaller, reader: User, brain: Protocol
) -> None:
    answer = caller(reader).get("matrix?protocol=BRAIN").json()
    (row,) = answer["items"]
    assert row["found"] == {"Both": 0, "Heart": 1, "PTV": 0}
    assert (row["patient"], row["trial_id"], row["institution"]) == ("B-7K2PD", "T-041", "OUH")
    assert "0101501234" not in str(answer)
    assert caller(reader).items("matrix?protocol=BRAIN&institution=AUH") == []


def test_r67_a_change_is_tried_then_saved_and_a_second_editor_is_told(
    caller: MakeCaller, karen: User, brain: Protocol
) -> None:
    browser, where = caller(karen), "dictionary?protocol=BRAIN"
    change = {"edition": 1, "add": [{"entry": "PTV*", "type": "ptv"}], "only_try": True}
    tried = browser.send("post", where, change).json()
    assert (tried["saved"], tried["is_safe"], tried["matched"], tried["edition"]) == (False, True, 1, 1)
    assert tried["institutions"] == {"OUH": {"matched": 1, "doubled": 0}}
    assert len(browser.items(where)) == 1
    saved = browser.send("post", where, {**change, "only_try": False}).json()
    assert (saved["saved"], saved["edition"]) == (True, 2)
    (row,) = browser.items("matrix?protocol=BRAIN")
    assert row["found"] == {"Both": 1, "Heart": 1, "PTV": 1}
    assert browser.send("post", where, {**change, "only_try": False}).status_code == 409
    ends = [one["id"] for one in browser.items(where) if one["type"] == "PTV"]
    assert browser.send("post", where, {"edition": 2, "end": ends}).json()["lost"] == 1


@pytest.mark.parametrize(
    "rule",
    [
        {"entry": "PTV*", "type": "Liver"},
        {"entry": "PTV*", "type": "Both"},
        {"entry": "PTV*", "type": "PTV", "institution": "NOPE"},
        {"entry": "PTV*", "type": "PTV", "institution": "VLE"},
        {"entry": " ", "type": "PTV"},
    ],
)
def test_a_rule_that_cannot_be_is_told_and_nothing_is_changed(
    caller: MakeCaller, karen: User, brain: Protocol, rows: ProtocolRows, rule: dict[str, str]
) -> None:
    rows.institution("VLE")
    answer = caller(karen).send("post", "dictionary?protocol=BRAIN", {"edition": 1, "add": [rule]})
    assert answer.status_code == 422
    assert answer.json()["detail"]
    assert dictionary_of(brain).edition == 1


def test_r154_unmapped_names_with_what_they_may_mean_for_whom_edits(
    caller: MakeCaller, karen: User, reader: User, brain: Protocol
) -> None:
    """Names that are no words of the field are counted and not shown."""
    browser = caller(karen)
    (rule,) = browser.items("dictionary?protocol=BRAIN")
    ended = {"edition": 1, "end": [rule["id"]]}
    assert browser.send("post", "dictionary?protocol=BRAIN", ended).status_code == 200
    found = browser.get("unmapped?protocol=BRAIN").json()
    known = {one["name"]: one for one in found["items"]}
    assert (set(known), found["hidden"]) == ({"Couch", "Hjerte"}, 1)
    assert known["Hjerte"]["institutions"] == {"OUH": 1}
    assert known["Hjerte"]["means"][0]["type"] == "Heart"
    assert caller(reader).get("unmapped?protocol=BRAIN").status_code == 403


def test_r125_growth_of_what_one_may_count(caller: MakeCaller, reader: User, brain: Protocol) -> None:
    found = caller(reader).get("accrual?protocol=BRAIN").json()
    assert found["total"] + found["undated"] == 1
    assert [one["name"] for one in found["protocols"]] == ["BRAIN"]
    assert caller(reader).get("accrual?protocol=NOPE").status_code == 404
    nobody = caller(reader).get("accrual?institution=NOPE").json()
    assert (nobody["total"], nobody["centres"]) == (0, [])


def test_a_project_is_asked_the_same_way(caller: MakeCaller, rows: ProtocolRows, brain: Protocol) -> None:
    project = rows.project("HEART")
    rows.reuse(project, brain)
    user = rows.user("kira")
    rows.grant(user, "key-user", project, see=See.PSEUDONYMISED)
    project.structure_types.create(name="Heart")
    kira = caller(user)
    rule = {"entry": "Hjerte", "type": "Heart"}
    assert kira.send("post", "dictionary?project=HEART", {"edition": 0, "add": [rule]}).status_code == 200
    (row,) = kira.items("matrix?project=HEART")
    assert row["found"] == {"Heart": 1}
    (line,) = kira.items("metrics?project=HEART&metrics=Dmean")
    assert round(line["values"][0]["value"], 2) == 30.0
    assert kira.get("matrix?protocol=BRAIN").status_code == 404
    assert kira.get("matrix?protocol=BRAIN&project=HEART").status_code == 422
