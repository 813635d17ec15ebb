"""The kit in a real browser under the site's policy: axe finds nothing, nothing scrolls sideways."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.contrib.messages.storage.base import Message
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.urls import path, set_urlconf

import planbank.web
from planbank.web.middleware import CONTENT_POLICY

CHROMIUM = shutil.which("chromium")
STATIC = Path(planbank.web.__file__).parent / "static"
KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
MENU = [
    {
        "title": "Data",
        "items": [
            {"title": "Overview", "url": "/", "icon": "home", "current": True},
            {"title": "Plans", "url": "/plans/", "icon": "plan", "count": 21604},
            {"title": "Quarantine", "url": "/q/", "icon": "shield", "count": 3, "needs_you": True},
        ],
    }
]
STEPS = [
    {"state": "ok", "title": "Received", "when": "08:30:12", "fact": "206 objects"},
    {"state": "warn", "title": "Checked", "when": "+ 20 s", "fact": "1 limit broken"},
    {"state": "wait", "title": "Review", "when": "waiting"},
]
SHELL: dict[str, Any] = {
    "menu": MENU,
    "me": {"name": "Mette Holm", "line": "OUH, key user"},
    "demo": True,
    "version": "0",
    "demo_accounts": [{"username": "mette", "role": "key user, OUH"}],
    "timeline_sample": STEPS,
    "spark_sample": [1, 4, 2, 9],
    "messages": [Message(25, "P-KM28D was taken out of LUNG-ESC.", extra_tags="/undo/")],
}
# Addresses that base.html links to if a site has them; the test needs no page behind them.
NAMES = (
    *("overview", "search", "help", "theme", "set_language", "account"),
    *("account_login", "account_logout", "mfa_login_webauthn"),
)
ADDRESSES = tuple(path(f"{name}/", lambda request: HttpResponse(), name=name) for name in NAMES)
PAGES = {"/": "components.html", "/sign-in": "account/login.html", "/many": "429.html"}


def _site(environ: dict[str, Any], start: Any) -> list[bytes]:
    """Pages of the kit without a database, and their static files."""
    address = environ["PATH_INFO"]
    headers = [("Content-Security-Policy", CONTENT_POLICY)]
    if address.startswith("/static/"):
        file = STATIC / address.removeprefix("/static/")
        start("200 OK", [*headers, ("Content-Type", KINDS[file.suffix])])
        return [file.read_bytes()]
    if address not in PAGES:
        start("404 Not Found", headers)
        return [b""]
    theme = environ["QUERY_STRING"] or "auto"
    set_urlconf(ADDRESSES)  # of this thread alone
    start("200 OK", [*headers, ("Content-Type", "text/html; charset=utf-8")])
    return [render_to_string(PAGES[address], {**SHELL, "theme": theme}).encode()]


class _Quiet(WSGIRequestHandler):
    def log_message(self, *args: object) -> None:
        """No line per request."""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    server = make_server("127.0.0.1", 0, _site, handler_class=_Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
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


@pytest.fixture
def open_page(site: str, browser: Any) -> Iterator[Any]:
    """Opens an address at a width; anything the browser complains of fails the test."""
    complaints: list[str] = []
    contexts = []

    def open_(address: str, width: int = 1400, **options: Any) -> Any:
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(site + address)
        page.wait_for_load_state("networkidle")
        return page

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.mark.parametrize("address", PAGES)
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1400, 320])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    open_page: Any, address: str, theme: str, width: int
) -> None:
    from axe_core_python.sync_playwright import Axe

    page = open_page(f"{address}?{theme}", width)
    found = Axe().run(page)["violations"]
    assert [(v["id"], [n["html"] for n in v["nodes"]]) for v in found] == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_auto_follows_the_system_and_a_choice_does_not(open_page: Any, scheme: str) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    system = open_page("/?auto", color_scheme=scheme).evaluate(ground)
    assert system == open_page(f"/?{scheme}", color_scheme="light").evaluate(ground)
    assert system == open_page(f"/?{scheme}", color_scheme="dark").evaluate(ground)


@pytest.mark.parametrize("script", [True, False])
def test_the_menu_of_a_phone_opens_without_script_too(open_page: Any, script: bool) -> None:
    page = open_page("/", 390, java_script_enabled=script)
    link = page.locator(".drawer .menu a", has_text="Plans")
    assert not link.is_visible()
    page.click(".drawer > summary")
    assert link.is_visible()


def test_the_first_tab_skips_to_the_content(open_page: Any) -> None:
    page = open_page("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_a_toast_can_be_dismissed_and_offers_undo(open_page: Any) -> None:
    page = open_page("/")
    assert page.locator(".toast form").get_attribute("action") == "/undo/"
    page.click(".toast [data-dismiss]")
    assert page.locator(".toast").count() == 0


def test_arrow_keys_move_between_matrix_cells(open_page: Any, site: str) -> None:
    page = open_page("/")
    page.add_script_tag(url=f"{site}/static/js/matrix.js", type="module")
    page.focus("table.matrix a.mark >> nth=0")
    page.keyboard.press("ArrowDown")
    assert "gtv: found 2 times" in page.evaluate("document.activeElement.textContent")


def test_every_target_is_24_pixels_high_or_stands_in_text(open_page: Any) -> None:
    page = open_page("/")
    small = page.evaluate(
        """[...document.querySelectorAll("a, button, summary, input, select")]
           .map(e => [e.outerHTML.slice(0, 80), e.getBoundingClientRect(), e.closest("p:not(.row), .skip")])
           .filter(([, box, text]) => !text && box.height > 0 && Math.min(box.height, box.width) < 24)
           .map(([html]) => html)"""
    )
    assert small == []
