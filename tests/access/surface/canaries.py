"""Searching an answer for identities that its reader may not see (security.md, Permissions, property 5)."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog

from tests.access.oracle import Person, sees
from tests.access.surface.world import Planted

IDENTIFIED = 3


class Scan:
    """What one person may never be sent: the identities of all rows they do not see as identified."""

    def __init__(self, planted: Planted, person: Person) -> None:
        named = set()
        for action in ("data.view", "data.identity"):
            levels = sees(planted.world, person, action)
            named |= {row for row, level in levels.items() if level >= IDENTIFIED}
        self.hidden = {
            row: re.compile("|".join(_pattern(form) for form in planted.identities(row)))
            for row in planted.plans
            if row not in named
        }

    def leaks(self, answer: Any) -> list[str]:
        """The rows whose identity stands in an answer: in its body, headers, file name or address."""
        heads = " ".join(f"{name}: {value}" for name, value in answer.items())
        return self.found(f"{heads}\n{answer.content.decode(errors='replace')}")

    def found(self, text: str) -> list[str]:
        """The rows whose identity stands in a text, with what stood there."""
        text = text.lower()
        found = ((row, pattern.search(text)) for row, pattern in self.hidden.items())
        return [f"{row}: {match[0]}" for row, match in found if match]


def _pattern(form: str) -> str:
    """UIDs end where they end: 1.2.5.1 is not found in 1.2.5.12."""
    if not form.endswith("!"):
        return re.escape(form)
    return rf"(?<![\d.]){re.escape(form[:-1])}(?![\d.])"


class Lines(logging.Handler):
    """Everything that is logged."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(
            f"{record.getMessage()} {record.exc_text or ''} {record.__dict__.get('request', '')}"
        )


@contextmanager
def heard() -> Iterator[list[str]]:
    """The lines that are logged meanwhile, by the standard library or structlog."""
    handler = Lines()
    logging.getLogger().addHandler(handler)
    try:
        with structlog.testing.capture_logs() as events:
            yield handler.lines
            handler.lines += [str(event) for event in events]
    finally:
        logging.getLogger().removeHandler(handler)
