"""What README and CI promise is what the Makefile does."""

from __future__ import annotations

import os
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MAKEFILE = (ROOT / "Makefile").read_text()


def targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))


def test_the_two_commands_of_the_readme_are_there() -> None:
    readme = (ROOT / "README.md").read_text()
    named = set(re.findall(r"\bmake ([a-z]+)\b", readme))
    assert {"demo", "test"} <= named
    for command in ("demo", "test"):
        assert f"make {command}" in readme
        assert command in targets()


def test_every_make_command_that_is_written_anywhere_is_there() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    for page in pages:
        for target in re.findall(r"`make ([a-z]+)", page.read_text()):
            assert target in targets(), f"{page.name}: make {target}"


def test_ci_does_what_the_readme_says() -> None:
    run = ROOT / ".ci" / "run"
    assert os.access(run, os.X_OK)
    assert "\nmake test\n" in run.read_text()


def test_make_test_checks_style_types_imports_and_tests() -> None:
    recipe = MAKEFILE.split("\ntest:")[1].split("\n\n")[0]
    for tool in ("ruff check", "ruff format --check", "mypy", "lint-imports", "pytest"):
        assert tool in recipe
    assert recipe.rstrip().splitlines()[-1].strip().startswith(".venv/bin/python -m pytest"), (
        "the summary ends it"
    )
