"""Dose differences of two plans, and one's own isodose levels (R99, R101)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from django.test import Client

from planbank.catalogue.models import PlanSet
from planbank.house import House
from planbank.journal.models import Entry
from planbank.people.models import User
from planbank.scene.bundle.opened import open_dose
from planbank.services.scene import ask
from tests.sending import register_sender
from tests.services.running import run_everything
from tests.services.test_order import send, thinned


@pytest.fixture
def plan_set(bank: House) -> PlanSet:
    register_sender("OUH")
    for ds in thinned("prostate"):
        send(bank, ds)
    run_everything(bank)
    ask(PlanSet.objects.get(), bank.clock.now())
    run_everything(bank)
    return PlanSet.objects.get()


@pytest.fixture
def mine(client_of: Callable[[User | None], Client], person_of: Callable[[str], User]) -> Client:
    return client_of(person_of("OUH"))


def twin(plan_set: PlanSet, **changed: Any) -> PlanSet:
    """Another plan set, of the same file unless said."""
    row = PlanSet.objects.get(pk=plan_set.pk)
    row.pk, row.sop_instance_uid = None, "1.2.3.4"
    for name, value in changed.items():
        setattr(row, name, value)
    row.save()
    row.members.set([])
    for member in plan_set.members.all():
        member.pk, member.plan_set = None, row
        member.save()
    row.calculations.set(plan_set.calculations.all())
    return row


def test_a_plan_differs_from_itself_by_nothing_and_only_where_both_may_be_seen(
    bank: House,
    plan_set: PlanSet,
    mine: Client,
    client_of: Callable[[User | None], Client],
    person_of: Callable[[str], User],
) -> None:
    other = twin(plan_set)
    address = f"/plans/{plan_set.pk}/difference/{other.pk}/"
    early = mine.get(address).json()
    assert not early["ready"] and "not prepared" in early["why"]
    ask(other, bank.clock.now())
    run_everything(bank)
    answer = mine.get(address)
    assert answer["Content-Type"] == "application/octet-stream" and answer["Cache-Control"] == "no-store"
    length = int.from_bytes(answer.content[:4], "little")
    dose = json.loads(answer.content[4 : 4 + length])["dose"]
    assert np.abs(open_dose(dose, answer.content[4 + length :]).values).max() <= 0.002
    assert Entry.objects.filter(action="compare doses").count() == 2
    assert client_of(person_of("AUH")).get(address).status_code == 404
    assert mine.get(f"/plans/{plan_set.pk}/difference/999999/").status_code == 404


def test_own_levels_are_kept_per_person_in_gy_or_of_the_prescription(
    plan_set: PlanSet, mine: Client, client_of: Callable[[User | None], Client]
) -> None:
    def levels(browser: Client) -> dict[str, Any]:
        found: dict[str, Any] = browser.get(f"/plans/{plan_set.pk}/scene/").json()["levels"]
        return found

    def save(body: Any) -> int:
        return mine.post(levels(mine)["save"], json.dumps(body), content_type="application/json").status_code

    PlanSet.objects.update(prescription_gy=60.0)
    assert levels(mine)["own"] is None
    assert save({"own": [50, 20, 20.0, 10]}) == 200
    assert levels(mine)["own"] == [10.0, 20.0, 50.0]
    assert save({"own": [95, 107], "unit": "%"}) == 200
    assert levels(mine)["own"] == [57.0, 64.2]
    PlanSet.objects.update(prescription_gy=None)
    assert levels(mine)["own"] is None and levels(mine)["own_as"]["unit"] == "%"
    wrong: list[Any] = [
        {"own": [-1]},
        {"own": ["x"]},
        {"own": [1e9]},
        {"own": [1] * 31},
        {"own": True},
        [],
        {},
    ]
    assert [save(body) for body in [*wrong, {"own": [True]}, {"own": [5], "unit": "cGy"}]] == [400] * 9
    assert levels(mine)["own_as"] == {"values": [95.0, 107.0], "unit": "%"}
    assert save({"own": []}) == 200 and levels(mine)["own_as"] is None
