"""Uploads in a real browser under the site's policy: folders, archives, a broken line (R18, R198)."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connections

from planbank.catalogue.models import Instance, PatientFile
from planbank.commands.anonymise import _run
from planbank.deidentify.copies import Order
from planbank.deidentify.keys import CopyKey, fingerprint, secret_in
from planbank.deidentify.profiles import PROFILES
from planbank.deidentify.words import Words
from planbank.demo.patients import make_patient, part10
from planbank.dicom.identity import identify
from planbank.house import House
from planbank.people.models import Institution
from planbank.protocols.models import Participant
from planbank.transit.keys import KeyFolder
from planbank.uploads.models import CopyKeyMark, UploadedFile
from tests.protocols.rows import ProtocolRows
from tests.services.running import run_everything
from tests.web.served import served
from tests.web.signing_in import PASSWORD

CHROMIUM = shutil.which("chromium")
DONE = "html[data-upload=done]"


@pytest.fixture
def site(committed: House) -> Iterator[SimpleNamespace]:
    """Chromium on a running site; Olga works for OUH, Nora for Oslo; every body that leaves is kept."""
    from playwright.sync_api import sync_playwright

    cache.clear()
    committed.tray._signer = KeyFolder(committed.keys).signer("site")  # type: ignore[attr-defined]
    rows = ProtocolRows(committed.clock.now())
    for name, code in (("olga", "OUH"), ("nora", "OSL"), ("anna", "AUH")):
        user = rows.user(name, code)
        user.set_password(PASSWORD)
        user.save()
    Institution.objects.filter(code="OSL").update(country="NO")
    rows.centre(rows.protocol("NORDIC"), "OSL")
    with served() as address, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(base_url=address)
        sent: list[bytes] = []
        complaints: list[str] = []
        page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
        page.context.on("request", lambda one: sent.append((one.post_data_buffer or b"") + one.url.encode()))
        yield SimpleNamespace(page=page, sent=sent, complaints=complaints, bank=committed)
        browser.close()


def apart(ask: Callable[[], Any]) -> Any:
    """Ask the database outside of the thread in which Playwright's loop runs; no connection is left."""

    def asked() -> Any:
        try:
            return ask()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asked).result()


def kept() -> int:
    return int(apart(UploadedFile.objects.filter(state="kept").count))


def sign_in(page: Any, name: str) -> None:
    page.goto("/sign-in/")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_load_state()


def put(folder: Path, *seeds: int) -> int:
    """Files of patients in folders, as a planning system leaves them; a letter and an index among them."""
    count = 0
    for seed in seeds:
        place = folder / f"Hansen {seed}" / "scan"
        place.mkdir(parents=True)
        for number, ds in enumerate(make_patient("prostate", seed=seed).objects):
            (place / f"Hansen{number}.dcm").write_bytes(part10(ds))
            count += 1
    (folder / "letter to Hansen.txt").write_text("Dear colleague")
    return count


def test_a_folder_and_then_the_same_as_a_zip_after_a_line_broke(
    site: SimpleNamespace, tmp_path: Path
) -> None:
    page, folder = site.page, tmp_path / "out"
    count = put(folder, 5, 6)
    sign_in(page, "olga")
    page.goto("/uploads/")
    page.get_by_role("button", name="Go on to the files").click()
    page.wait_for_url("**/uploads/*/")
    cut = {"after": 7}

    def line(route: Any) -> None:
        cut["after"] -= 1
        route.continue_() if cut["after"] > 0 else route.abort()

    page.route("**/file/", line)
    page.locator("input[webkitdirectory]").set_input_files(folder)
    page.get_by_text("The line to the bank is gone").wait_for(timeout=120_000)
    before = kept()
    assert 0 < before < count
    page.unroute("**/file/")
    page.get_by_role("button", name="Go on", exact=True).click()
    page.locator(DONE).wait_for(state="attached", timeout=60_000)
    assert kept() == count
    assert "letter to Hansen.txt" in page.inner_text("#upload-problems")
    assert not any(b"Hansen" in one for one in site.sent if b"/file/" not in one), "names of files stay"
    apart(lambda: run_everything(site.bank))
    page.get_by_role("button", name="Show what is filed").click()
    page.wait_for_load_state()
    assert f"{count} files were kept." in page.inner_text("main") and apart(PatientFile.objects.count) == 2
    archive = tmp_path / "all.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as out:
        for file in (one for one in folder.rglob("*") if one.is_file()):
            out.write(file, f"../../{file.parent.parent.name}/{file.name}")
    site.sent.clear()
    page.get_by_label("Choose files or a zip...").set_input_files(archive)
    page.locator(DONE).wait_for(state="attached", timeout=60_000)
    assert not any(b"/file/" in one for one in site.sent), "all of it was known by its hash"
    assert apart(Instance.objects.count) == count


def test_from_abroad_files_are_de_identified_in_the_browser_and_nothing_leaves_before_it_is_said(
    site: SimpleNamespace, tmp_path: Path
) -> None:
    """R19, R198: what is done is shown; the key stays on the disk and makes the same patient months later."""
    page, folder = site.page, tmp_path / "in"
    count = put(folder, 5)
    first = make_patient("prostate", seed=5).objects[0]
    planted = [str(first.PatientName).split("^")[0].encode(), first.PatientID.encode()]
    begin(site)
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Make a new key file").click()
    key = tmp_path / "key"
    downloading.value.save_as(key)
    key.chmod(0o600)
    secret = secret_in(key)
    page.get_by_text("was saved by your browser").wait_for()
    page.get_by_label("For protocol").select_option("NORDIC")
    go_on(site)
    site.sent.clear()
    page.locator("input[webkitdirectory]").set_input_files(folder)
    page.get_by_text(f"{count} files are de-identified. Nothing has left").wait_for(timeout=120_000)
    assert not any(b"/file/" in one or b"/known/" in one for one in site.sent)
    mine = CopyKey(secret, 1).patient(f"id\0{identify(first.PatientID, 'CPR', '').patient_id}")  # type: ignore[union-attr]
    assert page.inner_text("#upload-pairs").split() == [first.PatientID, mine.patient_id, str(count)]
    page.get_by_label(f"Trial ID of {mine.patient_id}").fill("N-017")
    assert not any(b"trial-ids" in one for one in site.sent), "nor does this, before it is said"
    page.get_by_text("What is done to the files").click()
    assert "UID replaced: " in page.inner_text("#upload-notes")
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_text(f"All {count} files came").wait_for(timeout=120_000)
    assert kept() == count
    apart(lambda: run_everything(site.bank))
    assert apart(lambda: [one.sent_id for one in PatientFile.objects.all()]) == [mine.patient_id]
    assert apart(lambda: [(one.trial_id, one.patient is not None) for one in Participant.objects.all()]) == [
        ("N-017", True)
    ]
    page.get_by_role("button", name="Show what is filed").click()
    page.locator("td", has_text="N-017").wait_for()
    whole = b"".join(site.sent)
    assert not any(one in whole for one in (*planted, secret, secret.hex().encode()))
    assert apart(CopyKeyMark.objects.get).fingerprint == fingerprint(secret)
    # Months later, in another tab: the same key, the same patient, and not another key.
    page.evaluate("sessionStorage.clear()")
    begin(site)
    assert not page.get_by_role("button", name="Make a new key file").is_visible()
    other = tmp_path / "other"
    secret_in(other)
    page.locator("#key-file").set_input_files(key)
    page.get_by_text("Fingerprint of the key:").wait_for()
    go_on(site)
    page.evaluate("sessionStorage.clear()")
    page.reload()
    page.locator("#key-file").set_input_files(other)
    page.get_by_text("This is not the key file of your earlier uploads.").wait_for()
    page.locator("#key-file").set_input_files(key)
    page.locator("#upload-key").wait_for(state="hidden")
    page.locator("input[webkitdirectory]").set_input_files(folder)
    page.get_by_text(f"{count} files are de-identified.").wait_for(timeout=120_000)
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_text(f"All {count} files came").wait_for(timeout=120_000)
    apart(lambda: run_everything(site.bank))
    assert apart(PatientFile.objects.count) == 1
    assert site.complaints == []


def test_copies_of_the_command_go_as_they_are_and_what_has_no_key_stays(
    site: SimpleNamespace, tmp_path: Path
) -> None:
    page, folder, key = site.page, tmp_path / "in", tmp_path / "key"
    count = put(folder, 5)
    secret = secret_in(key)
    assert _run(folder, tmp_path / "out", Order(1, PROFILES["foreign"], Words(), secret)) == 3  # the letter
    begin(site)
    page.locator("#key-file").set_input_files(tmp_path / "in" / "letter to Hansen.txt")
    page.get_by_text("This is no key file").wait_for()
    page.locator("#key-file").set_input_files(key)
    page.get_by_text("Fingerprint of the key:").wait_for()
    go_on(site)
    page.evaluate("sessionStorage.clear()")
    page.reload()
    site.sent.clear()
    page.locator("input[webkitdirectory]").set_input_files(folder)
    page.get_by_text("did not leave this computer").first.wait_for()
    page.locator("#upload-problems tr").nth(count).wait_for()
    page.locator("input[webkitdirectory]").set_input_files(tmp_path / "out")
    page.get_by_text(f"{count} files are de-identified.").wait_for(timeout=60_000)
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_text(f"All {count} files came").wait_for(timeout=60_000)
    assert kept() == count
    assert site.complaints == []


def begin(site: SimpleNamespace) -> None:
    """Nora's first page of an upload for Oslo."""
    if "/uploads/" not in site.page.url:
        sign_in(site.page, "nora")
    site.page.goto("/uploads/")
    site.page.get_by_text("Choose your key file").first.wait_for()


def go_on(site: SimpleNamespace) -> None:
    site.page.get_by_role("button", name="Go on to the files").click()
    site.page.wait_for_url("**/uploads/*/")


def test_many_files_are_counted_to_the_last(site: SimpleNamespace, tmp_path: Path) -> None:
    """Each differs from the others by its number alone. How long the page is held up: bench.upload."""
    page, folder = site.page, tmp_path / "many"
    folder.mkdir()
    file = part10(next(ds for ds in make_patient("prostate", seed=5).objects if ds.Modality == "RTPLAN"))
    for number in range(500):
        (folder / f"{number}.dcm").write_bytes(b"%0128d" % number + file[128:])
    sign_in(page, "olga")
    page.goto("/uploads/")
    page.get_by_role("button", name="Go on to the files").click()
    page.wait_for_url("**/uploads/*/")
    page.route(
        "**/file/", lambda route: route.fulfill(json={"state": "kept", "why": "", "detail": "", "tags": []})
    )
    page.locator("input[webkitdirectory]").set_input_files(folder)
    page.locator(DONE).wait_for(state="attached", timeout=120_000)
    assert page.inner_text("#upload-patients").split()[-3:] == ["500", "500", "0"]
