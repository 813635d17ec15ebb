"""Faults of the machine, made for real: system calls that fail or kill, small disks.

Comes in: a folder. Goes out: an environment under which a process meets the fault that a test
sets at the moment it names; a disk of a few megabytes. A test that cannot have them here is skipped
and says why.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SOURCE = Path(__file__).with_name("fault.c")


class Faults:
    """One rule at a time, for every process that runs with `env`."""

    def __init__(self, folder: Path) -> None:
        compiler = shutil.which("cc") or shutil.which("gcc")
        if compiler is None:
            pytest.skip("there is no C compiler on this machine: failing system calls cannot be made")
        shim = folder / "fault.so"
        command = [
            compiler,
            "-shared",
            "-fPIC",
            "-O1",
            "-Wall",
            "-Werror",
            "-o",
            str(shim),
            str(SOURCE),
            "-ldl",
        ]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        folder.chmod(0o755)
        self.rule = folder / "rule"
        self.env = {"LD_PRELOAD": str(shim), "PLANBANK_FAULT": str(self.rule)}

    def set(self, rule: str) -> None:
        """ACTION WHEN CALL PART (fault.c); taken away again by the process that is killed, or by `clear`."""
        new = self.rule.with_suffix(".new")
        new.write_text(rule)
        Path(f"{self.rule}.log").unlink(missing_ok=True)
        new.rename(self.rule)

    def clear(self) -> None:
        self.rule.unlink(missing_ok=True)

    def struck(self) -> list[str]:
        """Paths of the calls that were struck since `set`, in order."""
        log = Path(f"{self.rule}.log")
        return [line.split(" ", 4)[4] for line in log.read_text().splitlines()] if log.exists() else []


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A file system of its own with so much room (tmpfs). Needs root; else the test is skipped."""
    folder.mkdir(exist_ok=True)
    options = f"size={megabytes}m,mode=700"
    mount = ["mount", "-t", "tmpfs", "-o", options, "planbank-test", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a small disk cannot be mounted here (not root, or not allowed)")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def grow_disk(folder: Path, megabytes: int) -> None:
    """Give a small disk more room, as an administrator would."""
    subprocess.run(["mount", "-o", f"remount,size={megabytes}m", str(folder)], check=True)
