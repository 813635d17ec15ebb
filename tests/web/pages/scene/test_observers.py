"""All observers of a case over its images, for who collects their returns and nobody else (R112)."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import numpy as np
from django.core.cache import cache
from django.db import connections
from django.test import Client

from planbank.audits.comparing import compare_again
from planbank.audits.models import AuditStudy, Overlay, Return
from planbank.catalogue.models import PlanSet
from planbank.house import House
from planbank.people.models import User
from planbank.scene.bundle.opened import open_contours
from planbank.services.scene import ask
from tests.audits.rows import AUH, copy_of, drawn, give_back, objects, opened, protocol
from tests.protocols.rows import ProtocolRows
from tests.services.running import run_everything
from tests.web.served import served
from tests.web.signing_in import PASSWORD

ClientOf = Callable[[User | None], Client]


def returned(bank: House) -> AuditStudy:
    """Two observers at two centres have drawn; the plan's bundle is there."""
    study = opened(bank, protocol(bank))
    for code, names, sender in (("OUH-1", ("Bladder", "Rectum"), {}), ("AUH-1", ("Bladder",), AUH)):
        give_back(bank, drawn(objects(bank, copy_of(study, code)), names), **sender)
    ask(PlanSet.objects.get(), bank.clock.now())
    run_everything(bank)
    return study


def key_user(bank: House, study: AuditStudy, role: str = "key-user") -> User:
    rows = ProtocolRows(bank.clock.now())
    user = rows.user("kira", "OUH")
    rows.grant(user, role, study.protocol)
    user.set_password(PASSWORD)
    user.save()
    return user


def test_the_document_holds_what_all_drew_in_the_frame_of_the_images(
    bank: House, client_of: ClientOf
) -> None:
    study = returned(bank)
    kira, plan, case = client_of(key_user(bank, study)), PlanSet.objects.get(), study.cases.get()
    base = f"/plans/{plan.pk}/scene/"
    plain = kira.get(base).json()
    found = kira.get(f"{base}?audit={case.pk}").json()
    [held] = found["structures"]
    assert [one["name"] for one in held["rois"]] == ["AUH-1 Bladder", "OUH-1 Bladder", "OUH-1 Rectum"]
    assert held["frame"] == next(one["frame"] for one in found["images"]) and found["dvh"] == []
    colours = [one["colour"] for one in held["rois"]]
    assert colours[1] == colours[2] != colours[0], "one colour for each observer"
    assert "OUH-1 Bladder" not in str(plain["structures"]), "only where it is asked for"
    blob = kira.get(f"{base}{found['digest']}/{held['part']}/").content
    points = open_contours(held, blob)
    came = objects(bank, copy_of(study, "OUH-1"))
    ours = drawn(came, ("Bladder", "Rectum")).ROIContourSequence[0].ContourSequence
    numbers = {one["name"]: one["number"] for one in held["rois"]}
    told = np.concatenate(points[numbers["OUH-1 Bladder"]])
    sent = np.concatenate([np.reshape(np.array(one.ContourData, float), (-1, 3)) for one in ours])
    assert np.allclose(np.sort(told, axis=0), np.sort(sent, axis=0), atol=0.011), "no point is moved"
    page = kira.get(f"/protocols/{study.protocol_id}/audits/{study.pk}/compared/").text
    assert f"/plans/{plan.pk}/viewer/?audit={case.pk}" in page


def test_nobody_else_gets_it_and_no_other_plan_shows_it(bank: House, client_of: ClientOf) -> None:
    study = returned(bank)
    plan, case = PlanSet.objects.get(), study.cases.get()
    staff = client_of(ProtocolRows(bank.clock.now()).user("olga", "OUH"))
    base = f"/plans/{plan.pk}/scene/"
    digest = staff.get(base).json()["digest"]
    assert digest, "the plan itself is theirs"
    for address in (f"{base}?audit={case.pk}", f"{base}{digest}/audit-{case.pk}.bin/"):
        assert staff.get(address).status_code == 404
    kira = client_of(key_user(bank, study))
    for asked in ("0", "-1", "x", "9" * 30, str(case.pk + 1)):
        assert kira.get(f"{base}?audit={asked}").status_code == 404
        assert kira.get(f"{base}{digest}/audit-{asked}.bin/").status_code == 404
    case.plan_set_uid = "1.2.3"
    case.save()
    assert kira.get(f"{base}?audit={case.pk}").status_code == 404


def test_what_counts_no_more_is_drawn_no_more(bank: House) -> None:
    study = returned(bank)
    study.returns.update(state=Return.State.REFUSED)
    compare_again(study.cases.values_list("pk", flat=True), bank.clock.now())
    run_everything(bank)
    assert not Overlay.objects.exists()


def test_in_the_viewer_each_observer_is_listed_and_drawn(committed: House) -> None:
    from playwright.sync_api import sync_playwright

    cache.clear()
    study = returned(committed)
    key_user(committed, study)
    plan, case = PlanSet.objects.get().pk, study.cases.get().pk
    connections.close_all()
    with served() as address, sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = chromium.new_page(base_url=address, viewport={"width": 1400, "height": 900})
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto("/sign-in/")
        page.get_by_label("Username").fill("kira")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_load_state()
        page.goto(f"/plans/{plan}/viewer/?audit={case}")
        page.locator("[data-part=structures] li", has_text="OUH-1 Rectum").wait_for()
        page.evaluate("() => window.planbankViewer.done")
        listed = page.locator("[data-part=structures] li .name").all_inner_texts()
        page.get_by_role("checkbox", name="AUH-1 Bladder").uncheck()
        page.wait_for_url("**hidden=**")
        kept = page.url
        chromium.close()
    assert listed == ["AUH-1 Bladder", "OUH-1 Bladder", "OUH-1 Rectum"] and wrong == []
    assert f"audit={case}" in kept, "the address brings it back"
