"""The page of faults names tests that are there, and every row of the matrix."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "explanation" / "faults.md").read_text()


def test_every_row_of_the_matrix_has_a_test_that_is_there() -> None:
    rows = re.findall(r"^\| ([0-9, ]+) \| .* \| (.*) \|$", PAGE, re.MULTILINE)
    covered = set()
    for numbers, tests in rows:
        files = re.findall(r"`(tests/[^`]+)`", tests)
        assert [file for file in files if not (ROOT / file).is_file()] == []
        if files:
            covered |= {int(number) for number in numbers.split(",")}
    assert covered == set(range(1, 25))


def test_the_commands_of_the_page_are_there() -> None:
    makefile = (ROOT / "Makefile").read_text()
    assert "make soak" in PAGE and "\nsoak:" in makefile
    assert "--kill-seed" in PAGE and "--kill-seed" in makefile
