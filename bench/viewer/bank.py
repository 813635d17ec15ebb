"""A bank of its own that holds the plan.

Comes in: a home. Goes out: where its site is, the sign-in of a physicist, the number of the plan.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from planbank.demo.patients import make_patient, part10

PERSON = re.compile(r"^\s+ouh\s+(\S+)\s")
PATIENCE = 600.0


@dataclass(frozen=True)
class Bank:
    """A bank that runs."""

    url: str
    dicom: str
    user: str
    password: str
    home: Path


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def running(home: Path) -> Iterator[Bank]:
    """`planbank up --demo`, ended afterwards. Passwords are told at the first start alone: they are kept."""
    web, dicom = free_port(), free_port()
    env = os.environ | {
        "PLANBANK_WEB_PORT": str(web),
        "PLANBANK_DICOM_PORT": str(dicom),
        "PLANBANK_GATE_METRICS_PORT": "0",
    }
    command = [sys.executable, "-m", "planbank", "up", "--demo", "--home", str(home)]
    bank = Bank(f"http://127.0.0.1:{web}", f"127.0.0.1:{dicom}", "ouh", "", home)
    home.mkdir(parents=True, exist_ok=True)
    said, kept = home / "bench-viewer-said", home / "bench-viewer-password"
    with said.open("w") as out, subprocess.Popen(command, env=env, stdout=out, stderr=out) as child:
        try:
            wait_until(lambda: _answers(bank.url) and (kept.exists() or _password(said)), "the bank answers")
            if not kept.exists():
                kept.write_text(_password(said))
            yield replace(bank, password=kept.read_text())
        finally:
            child.terminate()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _password(said: Path) -> str:
    """What the first start said; '' while it has not."""
    found = [match[1] for line in said.read_text().splitlines() if (match := PERSON.match(line))]
    return found[0] if found else ""


def send_plan(bank: Bank, folder: Path, *, seed: int = 7) -> str:
    """Make the plan, send it, wait for its DVHs; returns its patient's number."""
    patient = make_patient("head-and-neck", seed=seed, size="clinical")
    folder.mkdir(parents=True, exist_ok=True)
    for number, ds in enumerate(patient.objects):
        (folder / f"{number:04}.dcm").write_bytes(part10(ds))
    planbank = [sys.executable, "-m", "planbank"]
    subprocess.run([*planbank, "send", "--to", bank.dicom, "--calling", "DEMO_TPS", str(folder)], check=True)
    at_rest(bank)
    return patient.patient_id


def at_rest(bank: Bank) -> None:
    """Wait until all that came is filed and calculated."""
    command = [sys.executable, "-m", "planbank", "wait", "--home", str(bank.home)]
    subprocess.run(command, check=True, timeout=PATIENCE)


def wait_until(ready: Callable[[], object], what: str) -> None:
    """Ask again until it is so."""
    end = time.monotonic() + PATIENCE
    while not ready():
        if time.monotonic() > end:
            raise SystemExit(f"In vain: {what}.")
        time.sleep(0.2)
