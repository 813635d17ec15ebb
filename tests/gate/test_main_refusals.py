"""What keeps `python -m planbank.gate FILE` from starting is said in one line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.gate.conftest import Transit


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"port": "x"}, "port"),
        ({"recipients": ["age1x"]}, "age"),
        ({"sign_key": "/no/such/file"}, "file"),
        ({"tls": {"port": 0, "certificate": "/no", "key": "/no", "ca": "/no"}}, "tls"),
    ],
)
def test_what_keeps_it_from_starting_is_said(
    tmp_path: Path, transit: Transit, change: dict[str, object], named: str
) -> None:
    file = transit.write_config(tmp_path / "gate.json", **change)
    done = subprocess.run([sys.executable, "-m", "planbank.gate", str(file)], capture_output=True, text=True)
    assert done.returncode == 2
    assert named in done.stderr
    assert "Traceback" not in done.stderr


def test_it_wants_exactly_one_file() -> None:
    done = subprocess.run([sys.executable, "-m", "planbank.gate"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "usage" in done.stderr
