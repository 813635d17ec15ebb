"""Phantoms in Chromium."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import make_server

import pytest

if TYPE_CHECKING:
    from tests.web.pages.viewer.phantom_site import Site


@pytest.fixture(scope="module")
def site() -> Iterator[tuple[str, Site]]:
    from tests.web.pages.viewer.phantom_site import Quiet, Site

    served = Site()
    server = make_server("127.0.0.1", 0, served, handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", served
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    from tests.web.pages.viewer.phantom_site import CHROMIUM

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def open_(site: tuple[str, Site], browser: Any) -> Iterator[Any]:
    """Opens a phantom and waits until all of it is drawn; no complaint of the browser is forgiven."""
    from tests.web.pages.viewer.phantom_site import NUMBERS, is_wrong, settled

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
