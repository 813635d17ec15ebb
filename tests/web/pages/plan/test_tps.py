"""Our DVHs beside the planning system's on the page of a plan (R82)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from planbank.catalogue.models import PlanSet, TpsDvh
from planbank.dose.comparison import TOLERANCES
from tests.sending import register_sender
from tests.services.calculate.test_tps import patient, with_dvhs
from tests.services.running import run_everything
from tests.services.test_order import send

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from planbank.house import House
    from planbank.people.models import User


@pytest.fixture
def reader(
    bank: House, client_of: Callable[[User | None], Client], person_of: Callable[[str], User]
) -> Client:
    register_sender()
    return client_of(person_of("OUH"))


def bring(bank: House, *, percent_of: float | None = None, off: float = 0.0, dvhs: bool = True) -> PlanSet:
    objects = patient()
    (structure_set,), (dose,) = objects["RTSTRUCT"], objects["RTDOSE"]
    if dvhs:
        dose = with_dvhs(structure_set, dose, percent_of=percent_of)
        hottest = max(dose.DVHSequence, key=lambda item: float(item.DVHMeanDose))
        hottest.DVHMeanDose = f"{float(hottest.DVHMeanDose) - off:.4f}"
    for ds in [*objects["CT"], structure_set, *objects["RTPLAN"], dose]:
        send(bank, ds)
    run_everything(bank)
    return PlanSet.objects.get()


def test_difference_both_values_and_tolerance_are_shown(bank: House, reader: Client) -> None:
    plan_set = bring(bank, off=3.0)
    page = reader.get(f"/plans/{plan_set.pk}/").text
    row = TpsDvh.objects.get(beyond=True)
    ours, theirs, _beyond = row.pairs["mean"]
    assert f"{ours:.2f} / {theirs:.2f}" in page
    assert 'class="num beyond">+3.00' in page
    assert page.count("beyond tolerance</span>") == 1
    assert f"mean {TOLERANCES['mean'].percent:g} %" in page
    assert "differ beyond tolerance" in page, "the finding"


def test_their_curves_come_with_ours(bank: House, reader: Client) -> None:
    plan_set = bring(bank)
    answer = reader.get(f"/plans/{plan_set.pk}/dvh.json").json()
    assert answer["tps"] and answer["tps"].keys() <= answer["curves"].keys()
    for curve in answer["tps"].values():
        assert curve["pc"][0] == pytest.approx(100) and curve["pc"][-1] == 0
        assert len(curve["gy"]) == len(curve["pc"]) <= 400


def test_what_values_were_read_as_is_said(bank: House, reader: Client) -> None:
    plan_set = bring(bank, percent_of=14.0)
    page = reader.get(f"/plans/{plan_set.pk}/").text
    assert "per cent of 14.0 Gy" in page


def test_without_stored_dvhs_there_is_no_table(bank: House, reader: Client) -> None:
    plan_set = bring(bank, dvhs=False)
    page = reader.get(f"/plans/{plan_set.pk}/").text
    assert "own DVH" not in page
    assert reader.get(f"/plans/{plan_set.pk}/dvh.json").json()["tps"] == {}
