"""Constraints and verdicts by API: who may edit adds and ends, who may see reads (R151)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from planbank.catalogue.models import PlanSet
from planbank.house import House
from planbank.naming.actions.editing import Line, change_rules
from planbank.naming.queries.dictionaries import dictionary_of
from planbank.people.models import User
from planbank.protocols.act import Act
from planbank.protocols.actions.constraining import Wish, add
from planbank.protocols.actions.reviewing import overrule
from planbank.services.constraints import constraints
from tests.api.calling import Caller
from tests.protocols.rows import ProtocolRows

MakeCaller = Callable[..., Caller]


@pytest.fixture
def act(rows: ProtocolRows) -> Act:
    return Act.of_command("test", rows.at)


def test_verdicts_under_pseudonyms(
    caller: MakeCaller, reader: User, bank: House, rows: ProtocolRows, plan_set: PlanSet, act: Act
) -> None:
    protocol = rows.protocol("BRAIN")
    heart = protocol.structure_types.create(name="Heart")
    change_rules(act, dictionary_of(protocol), 0, [Line("Hjerte", heart.pk)])
    add(act, protocol, [Wish("Heart Dmean <= 2 Gy, tolerate 40 Gy")])
    constraints(bank, plan_set.patient_file_id)
    rita = caller(reader)
    (asked,) = rita.items("constraints?protocol=BRAIN")
    assert (asked["text"], asked["tolerated"]) == ("Heart Dmean <= 2 Gy, tolerate 40 Gy", 40)
    (told,) = rita.items("verdicts?protocol=BRAIN")
    assert (told["verdict"], told["value"], told["edition"]) == ("tolerated", 30.0, 1)
    assert (told["plan_verdict"], told["overruled_by"]) == ("tolerated", "")
    overrule(act, protocol, plan_set.pk, "met", "the boost of another trial", "tolerated")
    (told,) = rita.items("verdicts?protocol=BRAIN")
    assert (told["verdict"], told["plan_verdict"]) == ("tolerated", "met")
    assert told["overruled_because"] == "the boost of another trial"
    assert told["patient"] != plan_set.patient_file.sent_id
