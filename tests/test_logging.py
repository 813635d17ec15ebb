"""One line per event, and nobody's name in any (security.md, Attack classes)."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planbank.logging import FORBIDDEN, drop_identities

SPEAK = """
import logging, sys, structlog
from planbank.logging import configure
configure("INFO", "test")
{speech}
"""


def said(speech: str) -> list[dict[str, object]]:
    """What a process of its own writes to standard error."""
    done = subprocess.run(
        [sys.executable, "-c", SPEAK.format(speech=speech)], env=os.environ, capture_output=True, text=True
    )
    return [json.loads(line) for line in done.stderr.splitlines()]


def test_each_event_is_one_line_of_json() -> None:
    lines = said(
        'structlog.get_logger("a").info("kept", objects=3)\nlogging.getLogger("b").warning("w %s", 1)'
    )
    assert [line["event"] for line in lines] == ["kept", "w 1"]
    assert lines[0]["objects"] == 3
    assert {line["process"] for line in lines} == {"test"}


def test_no_value_makes_a_second_line() -> None:
    (line,) = said(r'structlog.get_logger("a").info("got\r\n\x1b[2J", calling_ae="A\nfaked line")')
    assert line["calling_ae"] == "A\nfaked line"


def test_identities_are_dropped_whoever_logs_them() -> None:
    (line,) = said('structlog.get_logger("a").info("x", patient_name="Testesen", cpr="0101501234", n=1)')
    assert "Testesen" not in str(line) and "0101501234" not in str(line)
    assert line["n"] == 1


def test_a_traceback_says_where_and_of_what_kind_and_quotes_nothing() -> None:
    speech = """
def read(name):
    raise ValueError(name)
try:
    read("Testesen^Anna")
except ValueError:
    structlog.get_logger("a").exception("failed")
    logging.getLogger("b").exception("failed too")
"""
    for line in said(speech):
        assert line["exception"] == "ValueError"
        assert "Testesen" not in json.dumps(line)
        assert any("read" in place for place in line["at"])  # type: ignore[attr-defined]


@pytest.mark.parametrize("noisy", ["procrastinate", "pynetdicom", "pydicom"])
def test_libraries_that_log_arguments_are_quiet(noisy: str) -> None:
    assert said(f'logging.getLogger("{noisy}.deep").info("job with arguments")') == []


@given(st.dictionaries(st.sampled_from([*sorted(FORBIDDEN), "objects", "event"]), st.text(), max_size=12))
def test_whatever_is_logged_the_forbidden_keys_are_gone(event: dict[str, object]) -> None:
    kept = {key: value for key, value in event.items() if key not in FORBIDDEN}
    assert drop_identities(logging.getLogger(), "info", dict(event)) == kept
