"""One command: see the package's docstring."""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page
from pydicom.uid import generate_uid

from bench.viewer.bank import Bank, at_rest, running, wait_until
from bench.viewer.browser import chromium, signed_in
from planbank.demo.patients import make_patient, part10

LONGEST_MS = 200.0
DONE = "html[data-upload=done]"
# The browser itself needs up to 0.6 s to hand over 2,000 files, in the task that ends with `change`.
WATCH = """
window.long = [];
document.querySelector('input[webkitdirectory]').addEventListener('change', () => {
  const given = performance.now();
  new PerformanceObserver((list) => window.long.push(
    ...list.getEntries().filter((one) => one.startTime > given).map((one) => one.duration),
  )).observe({ type: 'longtask' });
});
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.upload", description="What an upload costs.")
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument(
        "--chromium", default=os.environ.get("CHROMIUM"), help="another browser than Playwright's"
    )
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "files"
        size = _write(folder, given.files)
        with running(Path(scratch) / "home") as bank, chromium(given.chromium) as browser:
            at_rest(bank)
            page = signed_in(browser, bank)
            longest, came, filed = _uploaded(page, bank, folder)
    print(f"{given.files} files, {size / 1e6:.0f} MB")
    print(f"longest task of the page {longest:.0f} ms (0: none above 50; budget {LONGEST_MS:.0f})")
    print(f"all came after {came:.1f} s: {given.files / came:.0f} files/s, {size / 1e6 / came:.1f} MB/s")
    print(f"all filed after {filed:.1f} s")


def _write(folder: Path, count: int) -> int:
    """That many image slices of one patient, each an instance of its own; returns their bytes."""
    folder.mkdir()
    slices = [ds for ds in make_patient("prostate", seed=5).objects if ds.Modality == "CT"]
    total = 0
    for number in range(count):
        ds = slices[number % len(slices)]
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        total += (folder / f"{number:05}.dcm").write_bytes(part10(ds))
    return total


def _uploaded(page: Page, bank: Bank, folder: Path) -> tuple[float, float, float]:
    """Longest task in ms; seconds until all came, and until all are filed."""
    page.goto(f"{bank.url}/uploads/")
    page.get_by_role("button", name="Go on to the files").click()
    page.wait_for_url("**/uploads/*/")
    page.evaluate(WATCH)
    began = time.monotonic()
    page.locator("input[webkitdirectory]").set_input_files(folder)
    page.locator(DONE).wait_for(state="attached")
    came = time.monotonic() - began
    longest = max(page.evaluate("window.long"), default=0.0)
    state = f"{page.url}state/"
    wait_until(lambda: page.request.get(state).json()["waiting"] == 0, "all is filed")
    return longest, came, time.monotonic() - began


if __name__ == "__main__":
    main()
