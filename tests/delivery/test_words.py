"""Every code that is stored has its words, and every status of a response."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import planbank
from planbank.delivery.words import WORDS, status_words, words

ROOT = Path(planbank.__file__).parent
WRITTEN = ["delivery/rules.py", "forwarding/line.py", "services/forward/deliver.py"]


def test_every_code_has_words() -> None:
    codes: set[str] = set()
    for name in WRITTEN:
        text = (ROOT / name).read_text()
        codes |= _both(text)
    assert {"no-agreement", "restricted", "tls", "nothing-accepted"} <= codes <= set(WORDS)


def _both(text: str) -> set[str]:
    return {
        one for pair in re.findall(r'return "([a-z-]+)"|NoLine\("([a-z-]+)"\)', text) for one in pair if one
    }


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (0x0122, "does not support this SOP class"),
        (0xA700, "out of resources"),
        (0xA900, "does not match"),
        (0xC123, "cannot understand"),
        (0xFE00, "of its own"),
    ],
)
def test_a_status_is_said_with_its_number(status: int, said: str) -> None:
    assert said in status_words(status) and f"{status:04X}" in status_words(status)


def test_what_is_unknown_is_shown_as_it_is() -> None:
    assert words("") == "" and words("odd") == "odd" and status_words(None) == ""
