"""The viewer opened in headless Chromium.

Comes in: a bank and a plan. Goes out: an `Opening` each time: when things were drawn, frames, heap.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from bench.viewer.bank import Bank, wait_until

MARKS = ("first-slice", "dose-contours", "all-slices")
FRAMES = 120
SLOW = 600_000


@dataclass(frozen=True)
class Opening:
    """ms since navigation of each mark, median ms of a three-plane frame, MB of heap after collection."""

    marks: dict[str, float]
    frame: float
    heap: float


@contextmanager
def chromium(executable: str | None) -> Iterator[Browser]:
    """Headless Chromium."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield browser
        browser.close()


def signed_in(browser: Browser, bank: Bank) -> Page:
    """A page of the physicist."""
    page = browser.new_context(viewport={"width": 1400, "height": 900}).new_page()
    page.set_default_timeout(SLOW)
    page.goto(f"{bank.url}/sign-in/")
    page.fill("input[name=login]", bank.user)
    page.fill("input[name=password]", bank.password)
    page.click("button.primary")
    page.wait_for_load_state()
    return page


def plan_of(page: Page, bank: Bank, patient: str) -> int:
    """The number of the patient's plan, once its bundle is made."""
    number = 0

    def found() -> bool:
        nonlocal number
        page.goto(f"{bank.url}/plans/?q={patient}")
        links = page.eval_on_selector_all("a[href^='/plans/']", "all => all.map(a => a.getAttribute('href'))")
        numbers = [int(link.split("/")[2]) for link in links if link.split("/")[2].isdigit()]
        number = numbers[0] if numbers else 0
        return number > 0

    wait_until(found, "the plan is in the list")
    wait_until(lambda: page.request.get(f"{bank.url}/plans/{number}/scene/").json()["ready"], "its bundle")
    return number


def opened(page: Page, bank: Bank, plan: int) -> Opening:
    """One opening, from navigation to the last slice, then scrolled through with everything drawn."""
    session: Any = page.context.new_cdp_session(page)
    page.goto(f"{bank.url}/plans/{plan}/viewer/?wash=1")
    page.wait_for_function("() => performance.getEntriesByName('planbank:all-slices').length > 0")
    marks = {
        name: page.evaluate("n => performance.getEntriesByName('planbank:' + n)[0].startTime", name)
        for name in MARKS
    }
    frames = page.evaluate(
        """async (count) => {
          const found = [];
          for (let n = 0; n < count; n += 1) {
            found.push(await window.planbankViewer.step(n < count / 2 ? 1 : -1));
            await new Promise((next) => requestAnimationFrame(next));
          }
          return found;
        }""",
        FRAMES,
    )
    session.send("HeapProfiler.collectGarbage")
    heap = session.send("Runtime.getHeapUsage")
    used = heap["usedSize"] + heap.get("backingStorageSize", 0)
    session.detach()
    return Opening(marks, statistics.median(frames), used / 1e6)
