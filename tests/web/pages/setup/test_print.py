"""The set-up sheet printed by a real browser: one A4 page, whatever stands on it, in both languages."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

import planbank.web
from planbank.archive.memory import MemoryStore
from planbank.config import load
from planbank.house import FixedClock, House
from planbank.people.models import Institution, Sender, SenderCertificate, SenderInstitution, User
from planbank.transit.memory import MemoryTray
from planbank.web.pages.setup import views
from planbank.web.pages.setup.sheet import sheet_for
from tests.sending import register_sender

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page, Route

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
STATIC = Path(planbank.web.__file__).parent / "static"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SITE = "http://planbank.test"
TRIGGER = "z_SEND_DBCG_PROTON"
A4_POINTS = (595, 842)


@pytest.fixture(scope="module")
def kept(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """Address -> the page's HTML, taken before a browser runs (its driver keeps an event loop here)."""
    from django.apps import apps
    from django.db import transaction
    from django.test import Client

    settings = load(
        home=tmp_path_factory.mktemp("home"),
        dicom_tls="beside",
        dicom_public_host="planbank.straalebehandling.example",
        contact="Ada Admin, medical physics, +45 12 34 56 78, planbank@straalebehandling.example",
        web_url="https://planbank.straalebehandling.example",
    )
    house = House(
        settings, MemoryStore(), MemoryTray(), Path(), FixedClock(datetime(2026, 11, 17, tzinfo=UTC))
    )
    before = getattr(apps.get_app_config("web"), "house", None)
    found = {}
    with django_db_blocker.unblock(), transaction.atomic(), pytest.MonkeyPatch.context() as patch:
        apps.get_app_config("web").house = house
        patch.setattr(
            views, "sheet_for", lambda *who: replace(sheet_for(*who), trigger_roi="z_SEND_DBCG_PROTON")
        )
        pk = fullest().pk
        User.objects.create_user("ada", name="Ada Admin", is_site_admin=True)
        client = Client()
        client.force_login(User.objects.get(username="ada"), backend=BACKEND)
        for language in ("en", "da"):
            for place in ("/senders/setup/", f"/senders/{pk}/setup/"):
                address = f"{place}?language={language}"
                found[f"{language} {'full' if str(pk) in place else 'blank'}"] = client.get(address).text
        transaction.set_rollback(True)
    apps.get_app_config("web").house = before
    return found


def fullest() -> Sender:
    """A sender with everything that takes room."""
    register_sender()
    sender = Sender.objects.get()
    Sender.objects.update(
        echo_host="10.0.0.7", echo_port=11112, description="Planning system of three hospitals"
    )
    for code in ("AAL", "AUH", "VLE"):
        institution = Institution.objects.create(code=code, name=f"Department of Oncology, Hospital {code}")
        SenderInstitution.objects.create(sender=sender, institution=institution, called_ae=f"BANK_{code}")
    added = datetime(2026, 1, 1, tzinfo=UTC)
    for letter in "ab":
        SenderCertificate.objects.create(sender=sender, fingerprint=letter * 64, added=added)
    return sender


@pytest.fixture(scope="module")
def browser(kept: dict[str, str]) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def opened(browser: Any, html: str, **context: Any) -> Page:
    page: Page = browser.new_context(**context).new_page()

    def answer(route: Route) -> None:
        path = urlsplit(route.request.url).path
        if path.startswith("/static/"):
            route.fulfill(path=STATIC / path.removeprefix("/static/"))
        else:
            route.fulfill(body=html, content_type="text/html")

    page.route(f"{SITE}/**", answer)
    page.goto(f"{SITE}/sheet")
    return page


def test_what_is_printed_is_the_fullest(kept: dict[str, str], db: None) -> None:
    """First of all: it has the database made, which the other tests only read from."""
    assert TRIGGER in kept["da full"] and "b" * 64 in kept["da full"]
    assert "planbank.straalebehandling.example" in kept["en blank"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("which", ["en blank", "en full", "da blank", "da full"])
def test_it_is_one_a4_page(kept: dict[str, str], browser: Any, which: str, scheme: str) -> None:
    page = opened(browser, kept[which], color_scheme=scheme)
    pdf = page.pdf(prefer_css_page_size=True)
    page.context.close()
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
    [box] = re.findall(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    assert tuple(round(float(side)) for side in box) == A4_POINTS


def test_the_print_button_prints(kept: dict[str, str], browser: Any) -> None:
    page = opened(browser, kept["en full"])
    page.evaluate("window.print = () => { document.title = 'printed'; }")
    page.get_by_role("button", name="Print").click()
    assert page.title() == "printed"
    page.context.close()


def test_on_a_phone_nothing_is_cut(kept: dict[str, str], browser: Any) -> None:
    page = opened(browser, kept["da full"], viewport={"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.context.close()
