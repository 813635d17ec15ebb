"""Log lines: JSON, one a record, nothing of an exception but its type and place."""

from __future__ import annotations

import json
import logging
import subprocess
import sys

from planbank.gate.logs import JsonLines


def line(record: logging.LogRecord) -> dict[str, object]:
    text = JsonLines().format(record)
    assert "\n" not in text
    return json.loads(text)


def record(message: str, **more: object) -> logging.LogRecord:
    return logging.makeLogRecord({"levelname": "INFO", "msg": message, **more})


def test_fields_are_merged_and_control_characters_stay_inside_the_line() -> None:
    found = line(record("association", fields={"calling_ae": "A\r\nB\x1b[0m", "stored": 3}))
    assert found["message"] == "association"
    assert found["calling_ae"] == "A\r\nB\x1b[0m"
    assert found["stored"] == 3


def test_an_exception_gives_its_type_and_place_not_its_words() -> None:
    try:
        raise ValueError("0101011234 HANSEN^JENS")
    except ValueError:
        found = line(record("fault", exc_info=sys.exc_info()))
    assert found["error"] == "ValueError"
    assert "test_logs.py" in str(found["where"])
    assert "HANSEN" not in json.dumps(found)


def test_a_closed_standard_output_stops_nothing() -> None:
    program = (
        "import logging, sys; from planbank.gate.logs import configure; configure('INFO');"
        "logging.info('seen'); sys.stdout.close(); logging.info('unseen'); sys.exit(7)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (7, "")
    assert json.loads(done.stdout)["message"] == "seen"
