"""The page of a plan in a real browser under the site's policy: plot and table are one thing."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from wsgiref.simple_server import WSGIRequestHandler, make_server

import numpy as np
import pytest

import planbank.web
from planbank.archive.memory import MemoryStore
from planbank.catalogue.models import Calculation, TpsDvh
from planbank.config import load
from planbank.dose.curve import pack
from planbank.house import FixedClock, House
from planbank.people.models import User
from tests.catalogue.plan_rows import PlanRows

NOW = datetime(2026, 11, 17, 8, 30, tzinfo=UTC)
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
STATIC = Path(planbank.web.__file__).parent / "static"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class _Quiet(WSGIRequestHandler):
    def log_message(self, *args: object) -> None:
        """No line per request."""


Kept = dict[str, tuple[str, dict[str, str], bytes]]


@pytest.fixture(scope="module")
def kept(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """Answers of the real views by address, taken in a transaction that is then taken back.

    Taken before a browser runs: its driver keeps an event loop in this thread, beside which Django
    does not let the database be used.
    """
    from django.apps import apps
    from django.db import transaction

    house = House(
        load(home=tmp_path_factory.mktemp("home")), MemoryStore(), cast("Any", None), Path(), FixedClock(NOW)
    )
    before = getattr(apps.get_app_config("web"), "house", None)
    with django_db_blocker.unblock(), transaction.atomic():
        apps.get_app_config("web").house = house
        found = _answers(_addresses(PlanRows(NOW)))
        transaction.set_rollback(True)
    apps.get_app_config("web").house = before
    return found


def _addresses(rows: PlanRows) -> dict[str, str]:
    """Names of the tests' pages -> addresses. The curves lie apart: a heart up to 20 Gy, a PTV to 50."""
    rows.user("anna", "AUH", "OUH")
    plan_set = rows.whole_plan("AUH", label="Mam sin LK")
    heart = Calculation.objects.get().dvhs.get(roi__name="Hjerte")
    heart.curve = pack(np.clip(100.0 - np.arange(2002) * 0.05, 0.0, 100.0))
    heart.max_gy, heart.min_gy, heart.mean_gy = 20.0, 0.0, 10.0
    heart.save()
    _planning_systems_own(heart.calculation)
    about = {"subject_kind": "plan set", "subject_id": plan_set.pk}
    rows.finding(plan_set.patient_file, "images-missing", params={"missing": 2, "of": 9}, **about)
    waiting = rows.plan_set(rows.file("AUH", sent_id="1"))
    rows.add_structures(waiting, "PTV", "(LAD)")
    page = f"/plans/{plan_set.pk}/"
    return {
        "/plan": page,
        "/plan?roi=2": f"{page}?roi=2",
        "/plan?table": f"{page}?view=table&show=all",
        "/plan?all": f"{page}?show=all&roi=4",
        "/waiting": f"/plans/{waiting.pk}/",
        "/list": "/plans/",
        "/none": "/plans/?technique=Proton",
        "": f"{page}dvh.json",
        " ": f"{page}dvh.json?show=all",
    }


def _planning_systems_own(calculation: Calculation) -> None:
    """Its DVH of the target is a straight line from 40 to 45 Gy, 12 % larger and 2 Gy lower in the mean."""
    target = calculation.dvhs.get(roi__name="PTV_bryst")
    pairs = {
        "volume": [100.0, 112.0, True],
        "mean": [44.5, 42.5, True],
        "d95": [None, 40.2, False],
        "d2": [45.1, 44.9, False],
        "max": [50.0, 49.6, False],
    }
    TpsDvh.objects.create(
        calculation=calculation,
        roi=target.roi,
        algorithm="slab-1",
        curve=pack(np.array([0.0, 40.0, 45.0, 100.0, 100.0, 0.0])),
        pairs=pairs,
        beyond=True,
    )


def _answers(addresses: dict[str, str]) -> Kept:
    from django.test import Client

    client = Client()
    client.force_login(User.objects.get(username="anna"), backend=BACKEND)
    found: Kept = {}
    for name, address in addresses.items():
        answer = client.get(address)
        assert answer.status_code == 200, address
        found[address] = (
            "200 OK",
            {k: v for k, v in answer.items() if k != "Content-Length"},
            answer.content,
        )
        if name.strip():
            found[name] = ("302 Found", {"Location": address}, b"")
    return found


class Site:
    """The kept answers and the static files, for a browser. What is in `gone` answers 404."""

    def __init__(self, kept: Kept) -> None:
        self.kept, self.gone = kept, ""
        self.server = make_server("127.0.0.1", 0, self._answer, handler_class=_Quiet)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def _answer(self, environ: dict[str, Any], start: Any) -> list[bytes]:
        path, query = environ["PATH_INFO"], environ["QUERY_STRING"]
        if path.startswith("/static/"):
            file = STATIC / path.removeprefix("/static/")
            start("200 OK", [("Content-Type", KINDS[file.suffix])])
            return [file.read_bytes()]
        lost = self.gone and self.gone in path
        address = f"{path}?{query}" if query else path
        nothing: tuple[str, dict[str, str], bytes] = ("404 Not Found", {}, b"")
        status, headers, body = nothing if lost else self.kept.get(address, nothing)
        start(status, list(headers.items()))
        return [body]

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture(scope="module")
def browser(kept: Kept) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def site(kept: Kept) -> Iterator[Site]:
    made = Site(kept)
    yield made
    made.close()


@pytest.fixture
def open_page(site: Site, browser: Any) -> Iterator[Any]:
    """Opens an address; anything the browser complains of (its content policy too) fails the test."""
    complaints: list[str] = []
    contexts = []

    def open_(address: str, width: int = 1400, scheme: str = "light") -> Any:
        context = browser.new_context(viewport={"width": width, "height": 1000}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(site.origin + address)
        page.wait_for_load_state("networkidle")
        return page

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []


def violations(page: Any) -> list[Any]:
    from axe_core_python.sync_playwright import Axe

    return [(v["id"], [n["html"] for n in v["nodes"]]) for v in Axe().run(page)["violations"]]


def test_every_page_was_kept(db: None, kept: Kept) -> None:
    """Stands first: a run without any test that names the database would not make it."""
    assert len(kept) == 16
    assert {status for status, _headers, _body in kept.values()} == {"200 OK", "302 Found"}


@pytest.mark.parametrize("address", ["/plan", "/plan?table", "/plan?all", "/waiting", "/list", "/none"])
@pytest.mark.parametrize(("width", "scheme"), [(1400, "light"), (320, "dark")])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    open_page: Any, address: str, width: int, scheme: str
) -> None:
    page = open_page(address, width, scheme)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_a_row_lifts_its_line_and_a_line_its_row(open_page: Any) -> None:
    page = open_page("/plan")
    row = page.locator('tr[data-name="Hjerte"]')
    row.hover()
    assert "lifted" in row.get_attribute("class")
    # Half of the heart gets 10 Gy: the middle of its line.
    over = page.locator(".u-over").bounding_box()
    to_gy = 51.0
    page.mouse.move(over["x"] + over["width"] * 10.0 / to_gy, over["y"] + over["height"] / 2)
    assert page.locator("tr.lifted").get_attribute("data-name") == "Hjerte"
    page.mouse.move(over["x"] + over["width"] * 45.0 / to_gy, over["y"] + over["height"] * 0.3)
    assert page.locator("tr.lifted").count() == 0
    page.mouse.move(5, 5)
    assert page.locator("th[data-at]").inner_text() == "V, %"


def test_the_hairline_reads_all_curves_at_one_dose(open_page: Any) -> None:
    page = open_page("/plan")
    over = page.locator(".u-over").bounding_box()
    page.mouse.move(over["x"] + over["width"] * 15.0 / 51.0, over["y"] + 20)
    dose = float(page.locator("th[data-at]").inner_text().removeprefix("V").partition("Gy")[0])
    assert dose == pytest.approx(15.0, abs=0.1)
    heart = float(page.locator('tr[data-name="Hjerte"] td[data-at]').inner_text())
    ptv = float(page.locator('tr[data-name="PTV_bryst"] td[data-at]').inner_text())
    assert heart == pytest.approx(100 - dose * 5, abs=0.6)
    assert ptv == pytest.approx(100 * (50 - dose) / 40, abs=0.6)


def test_a_row_is_chosen_by_click_and_by_enter_and_the_address_keeps_it(open_page: Any) -> None:
    page = open_page("/plan")
    page.click('tr[data-name="Hjerte"] td.num >> nth=0')
    assert page.locator("tr.chosen").get_attribute("data-name") == "Hjerte"
    assert "roi=2" in page.url
    page.focus('tr[data-name="PTV_bryst"] th a')
    page.keyboard.press("Enter")
    assert page.locator("tr.chosen").get_attribute("data-name") == "PTV_bryst"
    assert page.locator("tr.chosen th a").get_attribute("aria-current") == "true"
    page.keyboard.press("Enter")
    assert page.locator("tr.chosen").count() == 0
    assert "roi=" not in page.url


def test_a_line_is_chosen_by_click(open_page: Any) -> None:
    page = open_page("/plan")
    over = page.locator(".u-over").bounding_box()
    page.mouse.click(over["x"] + over["width"] * 10.0 / 51.0, over["y"] + over["height"] / 2)
    assert page.locator("tr.chosen").get_attribute("data-name") == "Hjerte"


def test_the_plot_is_read_with_the_keyboard(open_page: Any) -> None:
    page = open_page("/plan?roi=2")
    page.focus(".dvh-plot")
    for key in ("PageUp", "PageUp", "PageUp", "ArrowLeft"):
        page.keyboard.press(key)
    slider = page.locator(".dvh-plot")
    assert slider.get_attribute("aria-valuenow") == "14.5"
    assert slider.get_attribute("aria-valuetext") == "14.5 Gy: Hjerte 27.5 % (27.5 cc)"
    assert page.locator(".dvh-tip").is_visible()
    page.keyboard.press("Home")
    assert slider.get_attribute("aria-valuenow") == "0.0"


def test_the_chosen_line_is_drawn_wider(open_page: Any) -> None:
    """Counted in pixels of the line's own colour."""
    count = """() => {
      const colour = getComputedStyle(document.documentElement).getPropertyValue("--c1").trim();
      const want = [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
      const canvas = document.querySelector(".uplot canvas");
      const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
      const near = (i) => want.every((v, k) => Math.abs(data[i + k] - v) < 9);
      let n = 0;
      for (let i = 0; i < data.length; i += 4) if (near(i)) n += 1;
      return n;
    }"""
    plain = open_page("/plan").evaluate(count)
    chosen = open_page("/plan?roi=2").evaluate(count)
    assert plain > 50
    assert chosen > 1.5 * plain


def test_lines_take_the_theme_at_once(open_page: Any) -> None:
    page = open_page("/plan")
    picture = 'document.querySelector(".uplot canvas").toDataURL()'
    light = page.evaluate(picture)
    page.evaluate('document.documentElement.setAttribute("data-theme", "dark")')
    page.wait_for_function(f"was => {picture} !== was", arg=light)


def test_the_planning_systems_lines_are_drawn_beside_ours(open_page: Any, site: Site) -> None:
    """R82: the same page with and without their curves gives another picture, ours read alike."""
    picture = 'document.querySelector(".uplot canvas").toDataURL()'
    page = open_page("/plan")
    drawn = page.evaluate(picture)
    cells = page.locator("table.tps td.beyond")
    assert cells.count() == 2
    assert "\N{MINUS SIGN}12.0" in cells.nth(0).inner_text() and "+2.00" in cells.nth(1).inner_text()
    page.route("**/dvh.json*", lambda route: route.fulfill(json={**route.fetch().json(), "tps": {}}))
    page.reload()
    page.wait_for_load_state("networkidle")
    assert page.evaluate(picture) != drawn
    assert page.locator("tr[data-roi]").count() == 2


def test_curves_that_cannot_be_fetched_are_said(site: Site, browser: Any) -> None:
    site.gone = "dvh.json"
    page = browser.new_page()
    page.goto(f"{site.origin}/plan")
    page.wait_for_selector(".dvh.broken")
    assert page.locator(".broken-words").is_visible()
    assert page.locator("tr[data-roi]").count() == 2
    page.close()


def test_without_script_a_row_is_chosen_by_its_link(site: Site, browser: Any) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site.origin}/plan")
    page.click('tr[data-name="Hjerte"] th a')
    assert page.locator("tr.chosen").get_attribute("data-name") == "Hjerte"
    assert page.locator("noscript").count() == 1
    context.close()


def test_a_row_that_is_not_drawn_cannot_be_chosen(open_page: Any) -> None:
    page = open_page("/plan?all")
    row = page.locator("table.rois tr", has_text="LAD")
    row.click()
    assert page.locator("tr.chosen").count() == 0
    assert row.locator("a").count() == 0


CURVES = """async ([curve, doses, percents]) => {
  const m = await import("/static/js/dvh-curves.js");
  return [doses.map((gy) => m.percentAt(curve, gy)), percents.map((pc) => m.doseAt(curve, pc)),
          m.aligned([curve], 40, 8)];
}"""


def test_the_browser_reads_curves_as_the_server_does(open_page: Any) -> None:
    page = open_page("/plan")
    curve = {"gy": [0, 5, 10, 10, 30], "pc": [90, 90, 60, 20, 0], "cc": 50}
    doses, percents = [0, 2.5, 7.5, 10, 20, 30, 31], [95, 90, 75, 40, 10, 0]
    read, placed, (axis, line) = page.evaluate(CURVES, [curve, doses, percents])
    assert read == pytest.approx([90, 90, 75, 20, 10, 0, 0])
    assert placed[0] is None
    assert placed[1:] == pytest.approx([5, 7.5, 10, 20, 30])
    assert axis == [0, 5, 10, 15, 20, 25, 30, 35, 40]
    assert line[-1] is None and line[:2] == [90, 90]


PLACES = """async (cases) => {
  const m = await import("/static/js/dvh-curves.js");
  const plot = { left: 40, top: 10, width: 600, perGy: 12, perPercent: 3 };
  const numbers = (curves) => curves.map((_, i) => i);
  const widths = (curves) => curves.map(() => 60);
  return cases.map((curves) => m.places(curves, widths(curves), 16, numbers(curves), new Set([0]), plot));
}"""


def test_names_beside_lines_lie_within_the_plot_and_not_on_each_other(open_page: Any) -> None:
    page = open_page("/plan")
    cases = [
        [{"gy": [0, ends, ends + 2], "pc": [100, 95, 0], "cc": 1} for ends in range(4, 48, step)]
        for step in (3, 7, 11)
    ]
    for boxes in page.evaluate(PLACES, json.loads(json.dumps(cases))):
        found = [box for box in boxes if box]
        assert boxes[0] is not None and len(found) > 1
        for n, a in enumerate(found):
            assert a["x"] >= 40 and a["x"] + a["w"] <= 640
            for b in found[n + 1 :]:
                apart = a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"]
                assert apart or a["y"] + a["h"] <= b["y"] or b["y"] + b["h"] <= a["y"]
