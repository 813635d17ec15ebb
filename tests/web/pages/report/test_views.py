"""The report of a plan (R97, R101, R208)."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest
from django.test import Client

from planbank.catalogue.models import PlanSet
from planbank.house import House
from planbank.journal.models import Entry
from planbank.people.models import User
from tests.sending import register_sender
from tests.services.running import run_everything
from tests.services.test_order import send, thinned


@pytest.fixture
def plan_set(bank: House) -> PlanSet:
    register_sender("OUH")
    for ds in thinned("prostate"):
        send(bank, ds)
    run_everything(bank)
    return PlanSet.objects.get()


def test_a_report_has_numbers_at_once_and_planes_when_they_are_ready(
    bank: House,
    plan_set: PlanSet,
    client_of: Callable[[User | None], Client],
    person_of: Callable[[str], User],
) -> None:
    mine = client_of(person_of("OUH"))
    address = f"/plans/{plan_set.pk}/report/"
    early = mine.get(address)
    assert early.status_code == 200 and early["Cache-Control"] == "no-store"
    assert "report-curve" in early.content.decode() and "<image" not in early.content.decode()
    assert mine.get(f"{address}1.png").status_code == 404
    run_everything(bank)
    page = mine.get(address).content.decode()
    assert page.count("<image") == 3
    assert 'class="outline"' in page and "iso-100" in page
    assert Entry.objects.filter(action="make report", object_id=str(plan_set.pk)).count() == 2
    sizes = [struct.unpack(">II", mine.get(f"{address}{n}.png").content[16:24]) for n in (1, 2, 3)]
    assert all(min(size) > 5 for size in sizes)
    assert mine.get(f"{address}4.png").status_code == 404
    other = client_of(person_of("AUH"))
    assert [other.get(path).status_code for path in (address, f"{address}1.png")] == [404, 404]
