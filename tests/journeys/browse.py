"""A person at a browser: Chromium on the running site, with everything it complains of kept.

Comes in: the address of a site. Goes out: pages, requests, console lines; axe's findings.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import axe_core_python
from django.urls import Resolver404, resolve

CHROMIUM = shutil.which("chromium")
AXE = (Path(axe_core_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
ALL_RULES = "axe.run(document, {resultTypes: ['violations']})"
OF_COLOUR = (
    "axe.run(document, {resultTypes: ['violations'], runOnly: {type: 'rule', values: ['color-contrast']}})"
)
SIDEWAYS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
# A theme changes colours and nothing else; a width changes what is there.
LOOKS = [
    (1400, "light", ALL_RULES),
    (1400, "dark", OF_COLOUR),
    (320, "dark", OF_COLOUR),
    (320, "light", ALL_RULES),
]


@dataclass
class Person:
    """One browser context: whoever signed in there."""

    site: str
    page: Any
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def hear(self, line: Any) -> None:
        """A line on the browser's console."""
        if line.type in ("error", "warning"):
            self.complaints.append(line.text)

    def open(self, path: str) -> str:
        """Go to an address; the text of the page. Fails unless it answers 200."""
        answer = self.page.goto(f"{self.site}{path}")
        assert answer.status == 200, f"{path}: {answer.status}"
        return self.text()

    def status(self, path: str) -> int:
        """What an address answers to this person, without going there."""
        return int(self.page.context.request.get(f"{self.site}{path}", max_redirects=0).status)

    def text(self) -> str:
        return str(self.page.inner_text("body"))

    def follow(self, name: str, within: str = "main") -> str:
        """Click the first link whose words hold `name`; the text of the page it leads to."""
        self.page.locator(within).get_by_role("link", name=name).first.click()
        self.page.wait_for_load_state()
        return self.text()

    def sign_in(self, username: str, password: str) -> None:
        self.open("/sign-in/")
        self.page.fill("input[name=login]", username)
        self.page.fill("input[name=password]", password)
        self.page.click("form button.primary")
        self.page.wait_for_url(f"{self.site}/")

    def links(self) -> set[str]:
        """Addresses of this site that the page links to, without queries."""
        found = self.page.eval_on_selector_all("a[href]", "links => links.map(a => a.href)")
        return {urlsplit(href).path for href in found if href.startswith(self.site)}

    def axe(self) -> list[str]:
        """What axe finds on the open page in each look, and where the page scrolls sideways."""
        found = []
        self.page.evaluate(AXE)
        for width, scheme, run in LOOKS:
            self.page.set_viewport_size({"width": width, "height": 900})
            self.page.emulate_media(color_scheme=scheme)
            for violation in self.page.evaluate(run)["violations"]:
                nodes = [node["html"][:120] for node in violation["nodes"][:3]]
                found.append(f"{width} {scheme}: {violation['id']} {nodes}")
            if self.page.evaluate(SIDEWAYS):
                found.append(f"{width}: the page scrolls sideways")
        self.page.set_viewport_size({"width": 1400, "height": 900})
        return found


def view_of(path: str) -> str:
    """The name of the page behind an address; '' for a file or nothing."""
    try:
        return resolve(path).view_name
    except Resolver404:
        return ""


def crawl(person: Person, start: str = "/") -> Iterator[str]:
    """Open one address of every page that can be reached by links, from `start` on; their names."""
    seen: set[str] = set()
    todo = [start]
    while todo:
        path = todo.pop(0)
        name = view_of(path)
        if not name or name in seen:
            continue
        seen.add(name)
        answer = person.page.goto(f"{person.site}{path}")
        assert answer.status == 200, f"{path}: {answer.status}"
        todo += sorted(person.links())
        yield name


@contextmanager
def people(site: str) -> Iterator[Any]:
    """Give a function that seats a new person at a browser of their own."""
    from playwright.sync_api import sync_playwright

    seated: list[Person] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])

        def seat() -> Person:
            # Without motion: colours that fade have half way no contrast that is right.
            context = browser.new_context(
                viewport={"width": 1400, "height": 900}, locale="en-GB", reduced_motion="reduce"
            )
            context.set_default_timeout(20_000)
            person = Person(site, context.new_page())
            page = person.page
            page.on("request", lambda request: person.requests.append(request.url))
            page.on("pageerror", lambda error: person.complaints.append(str(error)))
            page.on(
                "console",
                lambda line: (
                    person.complaints.append(line.text) if line.type in ("error", "warning") else None
                ),
            )
            seated.append(person)
            return person

        yield seat
        for person in seated:
            assert person.complaints == [], "the browser complains"
            foreign = [url for url in person.requests if not url.startswith((site, "data:", "blob:"))]
            assert foreign == [], "a request left the origin"
        browser.close()
