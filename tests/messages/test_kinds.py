"""Every kind of event has a sentence, an audience, its line in the reference; no value breaks out of it."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from planbank.messages.kinds import KINDS, link, plain, sentence
from planbank.messages.models import EventKind

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "messages.md"


def test_every_kind_is_explained() -> None:
    assert set(KINDS) == set(EventKind.values)
    assert set(re.findall(r"^\| `([a-z-]+)` \|", PAGE.read_text(), re.MULTILINE)) == set(EventKind.values)


def test_the_page_says_how_soon() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| [^|]+ \| ([^|]+) \|", PAGE.read_text(), re.MULTILINE)
    assert {name: how.lower() for name, how in rows} == {
        name: kind.email.label.lower() for name, kind in KINDS.items()
    }


def test_a_link_without_its_number_is_none() -> None:
    assert link("needs-you", {"receipt": 7}) == "/receipts/7/"
    assert link("needs-you", {}) == link("needs-you", {"receipt": "../../x"}) == ""


@given(st.text(), st.text())
def test_what_comes_from_outside_stays_one_line_and_is_not_filled_again(name: str, reason: str) -> None:
    said = sentence("refused", {"calling_ae": name, "reason": "{calling_ae}" + reason})
    assert not re.search(r"[\x00-\x1f\x7f]", said)
    assert said.startswith("The gate refused an object from") and "{calling_ae}" in said
    assert len(plain(reason)) <= 120
