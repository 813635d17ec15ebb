"""The bundle as the viewer gets it (R97, R98, R100, R208; ui.md, checks 6, 9, 13, 14)."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from django.test import Client

from planbank.catalogue.curves import dvh_of, metrics_of
from planbank.catalogue.models import Dvh, PlanSet, Roi, Scene
from planbank.dose import axis
from planbank.house import House
from planbank.journal.models import Entry
from planbank.people.models import User
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
    return PlanSet.objects.get()


@pytest.fixture
def mine(client_of: Callable[[User | None], Client], person_of: Callable[[str], User]) -> Client:
    return client_of(person_of("OUH"))


def document(browser: Client, plan_set: PlanSet) -> dict[str, Any]:
    answer = browser.get(f"/plans/{plan_set.pk}/scene/")
    assert answer.status_code == 200 and answer["Cache-Control"] == "no-store"
    found: dict[str, Any] = answer.json()
    return found


def test_who_opens_it_first_is_told_that_it_is_being_made_and_then_sees_it(
    bank: House, plan_set: PlanSet, mine: Client
) -> None:
    first = document(mine, plan_set)
    assert not first["ready"] and first["why"] and not first["failed"]
    assert not Entry.objects.filter(action="open viewer").exists(), "nothing was shown yet"
    run_everything(bank)
    found = document(mine, plan_set)
    assert found["ready"] and found["format"] == 1
    assert [one["primary"] for one in found["images"]] == [True]
    names = {roi["name"] for one in found["structures"] for roi in one["rois"]}
    assert names == set(Roi.objects.values_list("name", flat=True)) and len(names) > 4
    assert [one["used"] for one in found["doses"]].count(True) == 1
    assert found["beams"] and all(len(one["isocentre"]) == 3 for one in found["beams"])
    assert len(found["levels"]["auto"]) == 13
    assert Entry.objects.filter(action="open viewer", object_id=str(plan_set.pk)).count() == 1
    assert "1.2.826" not in json.dumps(found), "no UID"
    own = json.dumps({"own": [95, 50], "unit": "%"})
    assert mine.post(found["levels"]["save"], own, "application/json").status_code == 200
    kept = document(mine, plan_set)["levels"]
    assert kept["own_as"] == {"values": [50, 95], "unit": "%"}, "as it was given (R99)"
    assert plan_set.prescription_gy
    assert kept["own"] == [round(plan_set.prescription_gy * part, 3) for part in (0.5, 0.95)]


def test_parts_come_whole_and_by_ranges_and_hold_what_was_sent(
    bank: House, plan_set: PlanSet, mine: Client
) -> None:
    ask(plan_set, bank.clock.now())
    run_everything(bank)
    found = document(mine, plan_set)
    image = found["images"][0]
    where = f"/plans/{plan_set.pk}/scene/{found['digest']}/{image['part']}/"
    whole = mine.get(where)
    assert whole.status_code == 200 and whole["Cache-Control"] == "no-store"
    offset, length = image["slices"][1]
    part = mine.get(where, headers={"Range": f"bytes={offset}-{offset + length - 1}"})
    assert part.status_code == 206
    assert part["Content-Range"] == f"bytes {offset}-{offset + length - 1}/{len(whole.content)}"
    assert part.content == whole.content[offset : offset + length]
    pixels = np.frombuffer(zlib.decompress(part.content), "<i2").reshape(image["rows"], image["columns"])
    hu = np.cumsum(pixels, axis=1, dtype=np.int16) * image["slope"] + image["intercept"]
    assert hu.min() >= -1100 and -200 < hu[image["rows"] // 2, image["columns"] // 2] < 2000
    assert mine.get(where, headers={"Range": f"bytes={len(whole.content)}-"}).status_code == 416
    assert Entry.objects.filter(action="open viewer").count() == 1, "ranges are no openings"


def test_curves_are_the_stored_ones_digit_for_digit(bank: House, plan_set: PlanSet, mine: Client) -> None:
    ask(plan_set, bank.clock.now())
    run_everything(bank)
    found = document(mine, plan_set)
    stored = {row.roi.number: dvh_of(row) for row in Dvh.objects.select_related("roi")}
    assert len(found["dvh"]) == Dvh.objects.count() > 3
    for row in found["dvh"]:
        theirs = stored[row["roi"]]
        # The digits of the API (planbank.api.resources.plan_sets).
        doses = [round(float(gy), 4) for gy in axis.doses(len(theirs.curve))]
        curve = dict(zip(doses, (round(float(cc), 5) for cc in theirs.curve), strict=True))
        assert [curve[gy] for gy in row["gy"]] == row["cc"]
        assert row["stats"]["mean_gy"] == theirs.mean_gy and row["stats"]["max_gy"] == theirs.max_gy
        assert row["stats"]["d95_gy"] == metrics_of(theirs)["D95%"].value


def test_hidden_absent_and_outdated_answer_alike(
    bank: House,
    plan_set: PlanSet,
    mine: Client,
    client_of: Callable[[User | None], Client],
    person_of: Callable[[str], User],
) -> None:
    ask(plan_set, bank.clock.now())
    run_everything(bank)
    digest = Scene.objects.get().digest
    other = client_of(person_of("AUH"))
    hidden = [
        other.get(f"/plans/{plan_set.pk}/scene/"),
        other.get("/plans/999999/scene/"),
        other.get(f"/plans/{plan_set.pk}/scene/{digest}/i0.bin/"),
        mine.get(f"/plans/{plan_set.pk}/scene/{'0' * 64}/i0.bin/"),
        mine.get(f"/plans/{plan_set.pk}/scene/{digest}/scene.json/"),
        mine.get(f"/plans/{plan_set.pk}/scene/{digest}/..%2Fi0.bin/"),
    ]
    assert [answer.status_code for answer in hidden] == [404] * len(hidden)


def test_what_is_gone_from_the_archive_is_made_anew(bank: House, plan_set: PlanSet, mine: Client) -> None:
    ask(plan_set, bank.clock.now())
    run_everything(bank)
    before = document(mine, plan_set)
    bank.store.erase(Scene.objects.get().parts.get(name="i0.bin").key)
    assert not document(mine, plan_set)["ready"]
    run_everything(bank)
    after = document(mine, plan_set)
    assert after["ready"] and after["digest"] == before["digest"]
