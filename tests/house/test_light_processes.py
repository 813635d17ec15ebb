"""What a process that calculates nothing has loaded: `planbank status` does not wait for a compiler."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from planbank.config import load
from planbank.processes.home import prepare

HEAVY = {"numba", "llvmlite", "contourpy", "pynetdicom"}
CODE = """
import sys
from planbank import boot, config
boot.build(config.load(home=sys.argv[1]), sys.argv[2])
import planbank.commands.status, planbank.commands.wait
print(*sys.modules, sep="\\n")
"""


@pytest.mark.parametrize("role", ["command", "clock"])
def test_the_compiled_engine_is_loaded_by_those_who_calculate(tmp_path: Path, role: str) -> None:
    home = tmp_path / "bank"
    prepare(load(home=home), demo=False).close()
    command = [sys.executable, "-c", CODE, str(home), role]
    loaded = set(subprocess.run(command, capture_output=True, check=True, text=True).stdout.split())
    assert "planbank.services.calculate.run" in loaded, "every service is registered all the same"
    assert loaded & HEAVY == set()
