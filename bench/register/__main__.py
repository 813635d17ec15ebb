"""One command, one table: see the package's docstring."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.register.floor import floor

_WIDTHS = "{:<12} {:>12} {:>10} {:>12} {:>12} {:>14}"
_HEAD = ("bank", "instances", "whole /s", "archive /s", "database /s", "CPU-s / 1,000")


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.register")
    parser.add_argument("home", type=Path, nargs="?", help="a home made by bench.nation, for the second line")
    parser.add_argument("--objects", type=int, default=3000)
    given = parser.parse_args()
    beside = given.home.parent if given.home else None
    with tempfile.TemporaryDirectory(prefix="planbank-register-", dir=beside) as folder:
        Path(folder).chmod(0o711)  # the embedded database passes through it under another account
        print(f"floor: {floor(Path(folder), 300):.0f} objects/s read, hashed, written and synced one by one")
        print(_WIDTHS.format(*_HEAD), flush=True)
        _line("empty", Path(folder) / "empty", given.objects)
    if given.home:
        _line(given.home.name, given.home, given.objects)


def _line(name: str, home: Path, objects: int) -> None:
    """Each bank in a process of its own, as Django knows one database a process."""
    command = [sys.executable, "-m", "bench.register.trial", str(home), str(objects)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    found = json.loads(done.stdout.splitlines()[-1])
    numbers = [f"{found[key]:.0f}" for key in ("whole", "archive", "database")]
    print(_WIDTHS.format(name, f"{found['held']:,}", *numbers, f"{found['cpu']:.2f}"), flush=True)


if __name__ == "__main__":
    main()
