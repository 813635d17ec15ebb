"""Every finding and every reason for quarantine has words, and the reference shows them as they are."""

from __future__ import annotations

import re
from pathlib import Path

from planbank.catalogue.finding_words import WORDS
from planbank.catalogue.quarantine_words import REASONS
from planbank.dicom.findings import FINDINGS

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs" / "reference"


def test_what_the_science_finds_has_words_for_people() -> None:
    assert sorted(set(FINDINGS) - set(WORDS)) == []


def test_codes_that_services_write_have_words() -> None:
    written = set()
    for file in (ROOT / "src/planbank/services").rglob("*.py"):
        written |= set(re.findall(r'(?:Found|Wanted|about)\([^)]*?"([a-z]+(?:-[a-z]+)+)"', file.read_text()))
    assert written - set(WORDS) == set()
    assert len(written) > 10, "the search itself still finds them"


def test_the_page_of_findings_is_the_list() -> None:
    text = (REFERENCE / "findings.md").read_text()
    assert set(re.findall(r"^\| `([a-z-]+)` \|", text, re.MULTILINE)) == set(WORDS)
    missing = [code for code, words in WORDS.items() if str(words.says) not in text]
    assert missing == []


def test_the_page_of_quarantine_is_the_list() -> None:
    text = (REFERENCE / "quarantine.md").read_text()
    assert set(re.findall(r"^\| `([a-z-]+)` \|", text, re.MULTILINE)) == set(REASONS)
