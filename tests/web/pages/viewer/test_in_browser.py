"""The viewer in a real browser under the site's policy: where a marker is drawn, keys, addresses, lists.

Phantoms have one marker known in mm in image, dose and contours (ui.md, checks 1 to 7 and 13).
"""

from __future__ import annotations

import json
import re
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import numpy as np
import pytest
from django.template.loader import render_to_string

import planbank.web
from planbank.web.middleware import CONTENT_POLICY
from planbank.web.pages.viewer import words
from planbank.web.pages.viewer.views import MODULES
from tests.web.pages.viewer.phantom import HOLE, MARKER, PLACED, RADIUS, RIM, Bundle, bundle

CHROMIUM = shutil.which("chromium")
STATIC = Path(planbank.web.__file__).parent / "static"
KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
ROW = """([plane, y]) => {
  const canvas = document.querySelector(`[data-plane=${plane}] canvas`);
  const { data } = canvas.getContext('2d').getImageData(0, y, canvas.width, 1);
  const runs = [];
  for (let x = 0; x < canvas.width; x += 1) {
    const [r, g, b] = [data[4 * x], data[4 * x + 1], data[4 * x + 2]];
    const much = Math.max(Math.min(r, b) - g, 0);
    if (much < 40) continue;
    const run = runs[runs.length - 1];
    const at = much * (x + 0.5);
    if (run && x - run.last <= 2) Object.assign(run, { last: x, all: run.all + much, at: run.at + at });
    else runs.push({ last: x, all: much, at });
  }
  return runs.map(({ at, all }) => at / all);
}"""
PLANES = ("axial", "coronal", "sagittal")
POSITIONS = ("HFS", "HFP", "FFS", "FFP", "HFDR", "HFDL", "FFDR", "FFDL")
NUMBERS = {name: str(n) for n, name in enumerate((*POSITIONS, "elsewhere", "few", "waiting"), 1)}
MIDDLE = """([plane, r, g, b, near]) => {
  const canvas = document.querySelector(`[data-plane=${plane}] canvas`);
  const { width, height } = canvas;
  const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
  const mean = (r + g + b) / 765;
  const hue = [r / 255 - mean, g / 255 - mean, b / 255 - mean];
  const full = (r * hue[0] + g * hue[1] + b * hue[2]) / 255;
  let [all, x, y] = [0, 0, 0];
  for (let i = 0; i < data.length; i += 4) {
    const away = near ? Math.hypot((i / 4) % width - near[0], Math.floor(i / 4 / width) - near[1]) : 0;
    if (near && away > near[2]) continue;
    const [red, green, blue] = [data[i] / 255, data[i + 1] / 255, data[i + 2] / 255];
    const shade = red * hue[0] + green * hue[1] + blue * hue[2];
    const weight = r === null ? Math.max(red - 0.24, 0) : shade > 0.04 * full ? shade / full : 0;
    all += weight;
    x += weight * ((i / 4) % width + 0.5);
    y += weight * (Math.floor(i / 4 / width) + 0.5);
  }
  return [all, x / all, y / all];
}"""


class _Site:
    """The page and bundles of phantoms, and which addresses were asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.kept: list[Any] = []
        self.bundles: dict[str, Bundle] = {NUMBERS[name]: bundle(name) for name in POSITIONS}
        self.bundles[NUMBERS["elsewhere"]] = bundle(elsewhere=True)
        self.bundles[NUMBERS["few"]] = bundle(few=True)

    def __call__(self, environ: dict[str, Any], start: Any) -> list[bytes]:
        address = environ["PATH_INFO"]
        self.asked.append(address)
        headers = [("Content-Security-Policy", CONTENT_POLICY)]
        if address.startswith("/static/"):
            file = STATIC / address.removeprefix("/static/")
            start("200 OK", [*headers, ("Content-Type", KINDS[file.suffix])])
            return [file.read_bytes()]
        if address == "/favicon.ico":
            start("404 Not Found", headers)
            return [b""]
        _, _, number, what, *more = address.split("/")
        if what == "viewer":
            start("200 OK", [*headers, ("Content-Type", "text/html; charset=utf-8")])
            return [_page(number)]
        if what == "isodoses":
            self.kept.append(json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))))
            start("200 OK", [*headers, ("Content-Type", "application/json")])
            return [b'{"saved": true}']
        if not more[0]:
            start("200 OK", [*headers, ("Content-Type", "application/json")])
            waits = {"ready": False, "why": "Nothing that could be drawn has come yet.", "failed": True}
            return [json.dumps(self.bundles[number][0] if number in self.bundles else waits).encode()]
        data = self.bundles[number][1][more[1]]
        asked = environ.get("HTTP_RANGE")
        if asked:
            first, last = (int(one) for one in asked.removeprefix("bytes=").split("-"))
            start("206 Partial Content", [*headers, ("Content-Type", "application/octet-stream")])
            return [data[first : last + 1]]
        start("200 OK", [*headers, ("Content-Type", "application/octet-stream")])
        return [data]


def _page(number: str) -> bytes:
    context = {
        "plan_set": SimpleNamespace(pk=int(number)),
        "label": "Phantom",
        "file": SimpleNamespace(sent_id="P-44HQT"),
        "others": [(2, "Another")],
        "words": words.words(),
        "keys": words.keys(),
        "planes": words.planes(),
        "modules": [f"js/viewer/{name}" for name in MODULES if name not in ("main.js", "worker.js")],
        "theme": "auto",
    }
    return render_to_string("viewer/page.html", context).encode()


class _Quiet(WSGIRequestHandler):
    def log_message(self, *args: object) -> None:
        """No line per request."""


@pytest.fixture(scope="module")
def site() -> Iterator[tuple[str, _Site]]:
    served = _Site()
    server = make_server("127.0.0.1", 0, served, handler_class=_Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", served
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


def is_wrong(line: Any) -> bool:
    """Whether a line of the console is a complaint; that these tests read pixels is none."""
    return line.type in ("error", "warning") and "willReadFrequently" not in line.text


@pytest.fixture
def open_(site: tuple[str, _Site], browser: Any) -> Iterator[Any]:
    """Opens a phantom and waits until all of it is drawn; no complaint of the browser is forgiven."""
    complaints: list[str] = []
    contexts = []

    def opened(name: str, query: str = "", width: int = 1400, **options: Any) -> Any:
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: complaints.append(m.text) if is_wrong(m) else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{site[0]}/plans/{NUMBERS[name]}/viewer/{query}")
        if name != "waiting":
            page.locator("[data-part=structures] li").first.wait_for()
            page.evaluate("planbankViewer.done.then(() => new Promise((go) => requestAnimationFrame(go)))")
            settled(page)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def placed(page: Any, plane: str, point: Any) -> list[float]:
    """Where a point of the patient stands on a plane, px."""
    found: list[float] = page.evaluate(
        "([plane, at]) => planbankViewer.place(plane, at)", [plane, [float(mm) for mm in point]]
    )
    return found


def aside_of(x: float, y: float, z: float) -> list[float]:
    """A point beside the marker, mm."""
    found: list[float] = (MARKER + np.array((x, y, z))).tolist()
    return found


def settled(page: Any) -> None:
    """The next frame has been drawn."""
    page.evaluate("new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))")


def middle(
    page: Any, plane: str, colour: tuple[int, int, int] | None = None, near: list[float] | None = None
) -> tuple[float, float, float]:
    """(how much, x, y) of what is bright, or of a colour, within `near` (x, y, radius) of a canvas; px."""
    asked = [plane, *(colour or (None, None, None)), near]
    found: tuple[float, float, float] = page.evaluate(MIDDLE, asked)
    return found


@pytest.mark.parametrize("position", POSITIONS)
def test_a_marker_coincides_in_image_dose_and_contour_in_all_planes(open_: Any, position: str) -> None:
    """Within 0.5 px, with a dose at fractions of voxels, uneven slices and contours 0.01 mm off."""
    page = open_(position, "?levels=own_25&hidden=2")
    for plane, aside in zip(PLANES, ((25, 25, 0), (25, 0, 25), (0, 25, 25)), strict=True):
        # The crosshair stands aside, in the plane of the marker.
        page.evaluate("(point) => planbankViewer.go(point)", (MARKER + aside).tolist())
        page.evaluate("document.querySelector('[data-part=toggle-lines][aria-pressed=true]')?.click()")
        page.evaluate("document.querySelector('[data-part=toggle-structures][aria-pressed=true]')?.click()")
        settled(page)
        expected = placed(page, plane, MARKER)
        aside_x, aside_y = placed(page, plane, MARKER + aside)
        near = [*expected, 0.75 * min(abs(aside_x - expected[0]), abs(aside_y - expected[1]))]
        places = {"image": middle(page, plane, None, near)}
        page.keyboard.press("i")
        settled(page)
        places["dose"] = middle(page, plane, (255, 247, 184), near)
        page.keyboard.press("i")
        page.keyboard.press("s")
        settled(page)
        places["contour"] = middle(page, plane, (0, 255, 0), near)
        for what, (much, x, y) in places.items():
            assert much > 20, (plane, what)
            assert x == pytest.approx(expected[0], abs=0.5), (plane, what)
            assert y == pytest.approx(expected[1], abs=0.5), (plane, what)


@pytest.mark.parametrize("position", ["HFS", "FFDL"])
def test_a_ring_with_a_hole_drawn_as_one_contour_has_its_hole_in_a_plane_across(
    open_: Any, position: str
) -> None:
    """A keyhole's slit encloses nothing: the cut through it has four edges, none along the slit."""
    page = open_(position, "?levels=own_25&hidden=1")
    page.evaluate("(point) => planbankViewer.go(point)", aside_of(0, 3.0, 0))
    page.evaluate("document.querySelector('[data-part=toggle-lines][aria-pressed=true]')?.click()")
    settled(page)
    # A regular polygon of 48 corners, cut 3 mm off its middle.
    edges = []
    for radius in (HOLE, RIM):
        angle = np.linspace(0, 2 * np.pi, 49)
        x, y = radius * np.cos(angle), radius * np.sin(angle)
        edges += [float(x[i] + (x[i + 1] - x[i]) * (3 - y[i]) / (y[i + 1] - y[i])) for i in range(48)
                  if (y[i] - 3) * (y[i + 1] - 3) < 0]  # fmt: skip
    assert len(edges) == 4
    # Between two contour planes, away from the crosshair.
    expected = sorted(placed(page, "coronal", aside_of(x, 3.0, 1.0))[0] for x in edges)
    _x, row = placed(page, "coronal", aside_of(0, 3.0, 1.0))
    found = page.evaluate(ROW, ["coronal", round(row)])
    assert len(found) == 4, found
    assert found == pytest.approx(expected, abs=0.6)


def test_a_finding_that_knows_its_place_is_drawn_there_and_found_by_its_address(open_: Any) -> None:
    """R102: a link of a notice leads to the place."""
    page = open_("HFS", "?finding=images-incomplete")
    here = page.inner_text("[data-part=here-position]")
    assert here == ", ".join(f"{axis} {mm:.1f} mm" for axis, mm in zip("xyz", PLACED["point"], strict=True))
    x, y = placed(page, "axial", np.array(PLACED["point"]))
    page.keyboard.press("i")
    page.keyboard.press("s")
    settled(page)
    much, found_x, found_y = middle(page, "axial", (240, 192, 103), [x, y, 12])
    assert much > 20
    assert (found_x, found_y) == (pytest.approx(x, abs=1), pytest.approx(y, abs=1))
    page.get_by_role("button", name=re.compile(r"^highest [\d.]+ Gy$")).click()
    settled(page)
    marker = ", ".join(f"{axis} {mm:.1f} mm" for axis, mm in zip("xyz", MARKER, strict=True))
    assert page.inner_text("[data-part=here-position]") == marker


def test_distances_are_measured_by_pointer_and_by_keys_and_stand_in_the_address(open_: Any) -> None:
    """R101: measured between points of the patient, whatever the zoom."""
    page = open_("HFS", "?zoom=2")
    page.get_by_role("button", name="Measure").click()
    start, end = placed(page, "axial", MARKER), placed(page, "axial", aside_of(12, 9, 0))
    box = page.locator("[data-plane=axial] canvas").bounding_box()
    page.mouse.move(box["x"] + start[0], box["y"] + start[1])
    page.mouse.down()
    page.mouse.move(box["x"] + end[0], box["y"] + end[1], steps=5)
    page.mouse.up()
    settled(page)
    assert page.inner_text("[data-part=said]") == "15.0 mm"
    much, _x, _y = middle(page, "axial", (255, 225, 77), [*end, 8])
    assert much > 5
    page.keyboard.press("m")
    assert "first point" in page.inner_text("[data-part=said]")
    page.evaluate("(point) => planbankViewer.go(point)", aside_of(0, 0, 5))
    page.keyboard.press("m")
    page.wait_for_url(re.compile(r"rulers=(-?[\d.]+_){11}-?[\d.]+(&|$)"))
    again = open_("HFS", page.evaluate("location.search"))
    assert again.evaluate("planbankViewer.state().rulers") == page.evaluate("planbankViewer.state().rulers")
    page.keyboard.press("Delete")
    page.wait_for_url(re.compile(r"^(?!.*rulers)"))


def test_keys_move_and_switch_but_not_while_a_field_has_focus(open_: Any) -> None:
    page = open_("HFS")
    place = page.locator("[data-part=here-slice]")
    assert place.inner_text() == "slice 10 of 24"
    for key, expected in (("ArrowUp", 11), ("ArrowDown", 10), ("PageUp", 20), ("PageDown", 10)):
        page.keyboard.press(key)
        settled(page)
        assert place.inner_text() == f"slice {expected} of 24"
    page.keyboard.press("c")
    page.keyboard.press("2")
    settled(page)
    assert page.get_attribute("[data-part=toggle-wash]", "aria-pressed") == "true"
    assert page.inner_text("[data-corner=window]") == "Window 1,500, level -600"
    page.get_by_role("button", name="Own").click()
    field = page.get_by_role("textbox")
    field.fill("")
    field.type("c 12 20%")
    settled(page)
    assert page.get_attribute("[data-part=toggle-wash]", "aria-pressed") == "true"
    field.press("Enter")
    assert "No level: c" in page.inner_text("[data-part=own-wrong]")
    field.fill("12; 50%")
    field.press("Enter")
    assert [one.split("\n")[0] for one in page.locator("[data-part=isodoses] .name").all_inner_texts()] == [
        "20 Gy",
        "12 Gy",
    ]
    page.keyboard.press("Escape")
    page.locator("[data-plane=axial] canvas").focus()
    page.keyboard.press("?")
    assert page.get_by_role("dialog").is_visible()
    page.keyboard.press("c")
    page.get_by_role("dialog").get_by_role("button").click()
    settled(page)
    assert page.get_attribute("[data-part=toggle-wash]", "aria-pressed") == "true"


def test_the_address_restores_what_is_seen_and_names_nobody(open_: Any, site: tuple[str, _Site]) -> None:
    page = open_("HFS", "?at=13.27_-21.64_36&window=-600_1500&levels=own_12_20&hidden=2&roi=1&wash=1&beams=1")
    assert page.inner_text("[data-part=here-slice]") == "slice 12 of 24"
    assert page.inner_text("[data-corner=window]") == "Window 1,500, level -600"
    assert page.is_checked("#roi-1")
    assert not page.is_checked("#roi-2")
    assert "chosen" in str(page.locator("[data-part=structures] [data-roi='1']").get_attribute("class"))
    page.keyboard.press("ArrowUp")
    page.wait_for_url("**at=13.27_-21.64_38.5**")
    assert "ring" not in page.url
    kept = page.evaluate("[...Object.keys(localStorage), ...Object.keys(sessionStorage)]")
    assert set(kept) <= {"htmx-current-path-for-history"}
    host = site[0]
    assert all(one.startswith("/") for one in site[1].asked) and page.url.startswith(host)


def test_levels_given_in_percent_are_kept_in_percent(open_: Any, site: tuple[str, _Site]) -> None:
    """R99: so they follow the prescription of the next plan."""
    page = open_("HFS")
    page.get_by_role("button", name="Own", exact=True).click()
    field = page.locator("[data-part=own] input")
    for given, kept in (
        ("95%; 50 %", {"own": [50, 95], "unit": "%"}),
        ("95% 20", {"own": [20, 38], "unit": "Gy"}),
        ("50%", {"own": [50], "unit": "%"}),
    ):
        field.fill(given)
        field.press("Enter")
        page.wait_for_function("() => document.querySelector('[data-part=said]').textContent !== ''")
        assert site[1].kept[-1] == kept
        page.evaluate("document.querySelector('[data-part=said]').textContent = ''")
        page.get_by_role("button", name="Own", exact=True).click()
    assert field.input_value() == "50%"
    assert page.locator("[data-part=isodoses] li").count() == 1


def test_lists_plot_and_table_are_one_thing(open_: Any) -> None:
    page = open_("HFS")
    assert page.inner_text("[data-part=loaded]") == "Done loading images"
    doses = page.locator("[data-part=doses] tr")
    assert [" ".join(one.split()) for one in doses.all_inner_texts()] == [
        "ring 25.12 2.50 49.25",
        "keyhole 25.12 2.50 49.25",
    ]
    doses.first.hover()
    assert "lifted" in str(page.locator("[data-part=structures] [data-roi='1']").get_attribute("class"))
    plot = page.locator("[data-part=dvh] canvas").bounding_box()
    # At 25 Gy both curves have 50 %.
    page.mouse.move(plot["x"] + 34 + (plot["width"] - 44) / 2.04, plot["y"] + 8 + (plot["height"] - 30) / 2)
    assert "ring: 25" in page.inner_text("[data-part=tip]")
    empty = page.locator("[data-part=structures] [data-roi='3']")
    assert "Nothing is drawn." in empty.inner_text()
    assert empty.locator("input").is_disabled()
    page.get_by_role("button", name="None of the structures").click()
    assert doses.count() == 0
    page.get_by_role("button", name="All structures").click()
    page.get_by_role("button", name="Table").click()
    assert page.locator("[data-part=dvh-table] tbody tr").count() == 2
    page.get_by_role("button", name="Say it").click()
    page.wait_for_function("() => document.querySelector('[data-part=said]').textContent !== ''")
    assert "slice 10 of 24" in page.inner_text("[data-part=said]")
    page.locator("[data-part=findings]").get_by_role("button", name="Go there").first.click()
    settled(page)
    assert 45 < float(page.inner_text("[data-part=here-dose]").removesuffix(" Gy")) < 50


def test_another_frame_of_reference_is_refused_with_a_message(open_: Any) -> None:
    page = open_("elsewhere", "?levels=own_25")
    assert middle(page, "axial", (0, 255, 0))[0] > 20
    page.select_option("[data-part=image]", "i1")
    settled(page)
    assert "frame of reference of its own" in page.inner_text("[data-part=frame]")
    assert middle(page, "axial", (0, 255, 0))[0] == 0
    assert middle(page, "axial", (255, 247, 184))[0] == 0
    assert page.inner_text("[data-part=here-dose]") == "No dose here"


def test_one_slice_of_many_is_said_and_dose_and_contours_are_shown_beside_it(open_: Any) -> None:
    page = open_("few", "?levels=own_25&hidden=2")
    assert page.inner_text("[data-part=loaded]") == "1 of 24 images are here"
    assert page.inner_text("[data-part=here-slice]").endswith("of 24")
    page.locator("[data-plane=axial] canvas").focus()
    page.evaluate("(point) => planbankViewer.go(point)", aside_of(25, 25, 5))
    settled(page)
    assert page.inner_text("[data-part=here-value]") == "No image here"
    assert middle(page, "axial", (0, 255, 0))[0] > 20
    assert middle(page, "axial", (255, 247, 184))[0] > 20


def test_a_plan_that_cannot_be_drawn_says_why_and_what_to_do(open_: Any) -> None:
    page = open_("waiting")
    message = page.locator("[data-part=message]")
    message.get_by_role("button", name="Try again").wait_for()
    assert "Nothing that could be drawn has come yet." in message.inner_text()


def test_two_plans_stand_beside_each_other_and_move_together(open_: Any) -> None:
    page = open_("HFS", f"?with={NUMBERS['FFP']}")
    sides = page.locator(".viewer-side")
    assert sides.count() == 2
    page.evaluate("(point) => planbankViewer.go(point)", aside_of(5, 5, 5))
    settled(page)
    places = sides.locator(".coronal [data-corner=place]").all_inner_texts()
    assert places[0] == places[1] == "Coronal, y = -16.6 mm"
    assert page.get_by_role("button", name="Difference").is_visible()


@pytest.mark.parametrize(
    ("width", "scheme"), [(1400, "dark"), (1400, "light"), (320, "dark"), (390, "light")]
)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(open_: Any, width: int, scheme: str) -> None:
    from axe_core_python.sync_playwright import Axe

    page = open_("elsewhere", "?wash=1&beams=1", width, color_scheme=scheme, reduced_motion="reduce")
    page.get_by_role("button", name="Table").click()
    found = Axe().run(page)["violations"]
    assert [(one["id"], [node["html"][:120] for node in one["nodes"][:3]]) for one in found] == []
    assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")


def test_the_ring_is_as_large_as_it_is(open_: Any) -> None:
    """9 mm, in the px that the scale of the plane gives."""
    page = open_("HFS", "?hidden=2&levels=own_49.9")
    page.evaluate("(point) => planbankViewer.go(point)", aside_of(25, 25, 0))
    settled(page)
    (x0, _), (x1, _) = (
        page.evaluate("(at) => planbankViewer.place('axial', at)", aside_of(mm, 0, 0))
        for mm in (-RADIUS, RADIUS)
    )
    much, _, _ = middle(page, "axial", (0, 255, 0))
    assert much == pytest.approx(3.1416 * (x1 - x0) * 1.5, rel=0.4)
