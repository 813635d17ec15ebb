"""The page that says where each point of the DVH is proved names tests that are there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "explanation" / "dvh-tests.md"


def test_every_named_test_is_there() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", PAGE.read_text())
    assert len(named) > 50
    for file, name in named:
        tree = ast.parse((ROOT / file).read_bytes())
        functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        assert name in functions, f"{file}::{name}"


def test_every_fault_of_others_has_its_row() -> None:
    source = (ROOT / "tests" / "dose" / "test_faults_of_others.py").read_bytes()
    tests = {n.name for n in ast.parse(source).body if isinstance(n, ast.FunctionDef)}
    page = PAGE.read_text()
    assert [name for name in tests if name.startswith("test_") and f"::{name}`" not in page] == []
