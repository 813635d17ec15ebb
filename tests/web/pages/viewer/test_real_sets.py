"""Real sets, received, prepared and opened in a real browser (R97 to R100; ui.md).

What a reviewer would see at once: pictures with structures and dose where there are any; in words what is
not here.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connections

from planbank.catalogue.models import PlanSet
from planbank.house import House
from planbank.services.scene import ask
from tests.protocols.rows import ProtocolRows
from tests.sending import register_sender
from tests.services.running import run_everything
from tests.services.test_real_sets import submit, unpacked
from tests.web.pages.viewer.phantom_site import is_wrong
from tests.web.served import served
from tests.web.signing_in import PASSWORD

CHROMIUM = shutil.which("chromium")
DRAWN = """(plane) => {
  const canvas = document.querySelector(`[data-plane=${plane}] canvas`);
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let [bright, coloured] = [0, 0];
  for (let i = 0; i < data.length; i += 4) {
    const three = [data[i], data[i + 1], data[i + 2]];
    if (Math.min(...three) > 60) bright += 1;
    if (Math.max(...three) - Math.min(...three) > 40) coloured += 1;
  }
  return [bright, coloured];
}"""
DONE = """planbankViewer.done.then(
  () => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go))))"""


@pytest.fixture
def opened(committed: House, shared_data: Path, tmp_path: Path, request: Any) -> Iterator[SimpleNamespace]:
    """The viewer of a set's plan, when all of it is drawn; a browser's complaint fails the test."""
    from playwright.sync_api import sync_playwright

    cache.clear()
    register_sender("OUH")
    user = ProtocolRows(committed.clock.now()).user("olga", "OUH")
    user.set_password(PASSWORD)
    user.save()
    submit(committed, unpacked(shared_data, request.param, tmp_path / "set"))
    plan_set = PlanSet.objects.order_by("kind", "pk").first()
    assert plan_set is not None
    ask(plan_set, committed.clock.now())
    run_everything(committed)
    connections.close_all()
    complaints: list[str] = []
    with served() as address, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(base_url=address, viewport={"width": 1400, "height": 900})
        page.on("console", lambda line: complaints.append(line.text) if is_wrong(line) else None)
        page.goto("/sign-in/")
        page.fill("input[name=login]", "olga")
        page.fill("input[name=password]", PASSWORD)
        page.click("button.primary")
        page.goto(f"/plans/{plan_set.pk}/viewer/")
        page.locator("[data-part=structures] li").first.wait_for(timeout=60_000)
        page.evaluate(DONE)
        yield SimpleNamespace(page=page, said=lambda name: page.inner_text(f"[data-part={name}]"))
        browser.close()
    assert complaints == []


def drawn(page: Any, plane: str = "axial") -> tuple[int, int]:
    """Pixels that are bright, and that are coloured."""
    bright, coloured = page.evaluate(DRAWN, plane)
    return bright, coloured


@pytest.mark.parametrize("opened", ["alderson-pelvis-vmat-raystation"], indirect=True)
def test_alderson_is_whole(opened: SimpleNamespace) -> None:
    page = opened.page
    assert opened.said("loaded") == "Done loading images"
    for plane in ("axial", "coronal", "sagittal"):
        bright, coloured = drawn(page, plane)
        assert bright > 5_000, plane
        assert coloured > 500, plane
    assert page.locator("[data-part=structures] li").count() == 6
    assert page.locator("[data-part=doses] tr").count() > 0
    page.get_by_role("button", name=re.compile("^highest")).click()
    page.evaluate(DONE)
    dose = float(opened.said("here-dose").split()[0])
    highest = float(re.search(r"[\d.]+", opened.said("hottest"))[0])  # type: ignore[index]
    assert dose == pytest.approx(highest, abs=0.06)


@pytest.mark.parametrize("opened", ["breast-boost-dicompyler"], indirect=True)
def test_of_the_breast_one_image_of_98_came_and_dose_and_contours_are_drawn(opened: SimpleNamespace) -> None:
    assert opened.said("loaded") == "1 of 98 images are here"
    bright, coloured = drawn(opened.page)
    assert bright > 2_000
    assert coloured > 500
    assert drawn(opened.page, "coronal")[1] > 500


@pytest.mark.parametrize("opened", ["slicerrt-eclipse-prostate-rebuilt"], indirect=True)
def test_the_prostate_has_its_dose(opened: SimpleNamespace) -> None:
    assert drawn(opened.page)[1] > 500
    assert opened.said("hottest").startswith("highest")


@pytest.mark.parametrize("opened", ["sts002-ct-mr-pet-rtstruct"], indirect=True)
def test_where_ct_mr_and_pet_share_a_frame_contours_are_drawn_and_no_image_is_guessed(
    opened: SimpleNamespace,
) -> None:
    """The structure sets name no image, and all three series lie on their frame (model.md, Link order)."""
    page = opened.page
    assert opened.said("loaded") == "Which images it belongs to is not known"
    assert "3 image series lie on the frame" in opened.said("findings")
    assert opened.said("no-dose") == "No dose has come."
    for plane in ("axial", "coronal", "sagittal"):
        assert drawn(page, plane)[1] > 100, plane
    assert opened.said("here-around") == "GTV_Mass_CT"


@pytest.mark.parametrize("opened", ["dcpt-headphantom-proton-nodose"], indirect=True)
def test_a_proton_plan_without_dose_shows_its_contours_by_position(opened: SimpleNamespace) -> None:
    """All its SOP references dangle."""
    page = opened.page
    bright, coloured = drawn(page)
    assert bright > 2_000
    assert coloured > 50
    assert opened.said("here-dose") == "No dose here"
    assert not page.locator("[data-part=hottest]").is_visible()
