"""Other open DVH engines, as their users run them.

Comes in: cases. Goes out: per case a dict of cc and Gy by metric, empty where the engine failed.

* dicompyler-core 0.5.6 wants pydicom below 3 and numpy below 2: it gets an environment of its own, made
  on first use in the user's cache folder. Accuracy with its defaults; time with
  `use_structure_extents`, its fastest setting.
* plastimatch from Debian (`apt install plastimatch`): the structure set is drawn on slices of its own
  spacing with pixels of 0.5 mm, `plastimatch dvh` does the rest.
"""

from __future__ import annotations

import csv
import json
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from bench.dose.cases import Case
from planbank.dicom.dose_grid import read_dose
from planbank.dicom.encoding import split_file
from planbank.dicom.structure_set import read_structure_set
from planbank.dose.engine import dvh
from planbank.dose.metrics import evaluate

Found = dict[str, float | None]
PIXEL = 0.5
BIN = 0.02
ENVIRONMENT = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "planbank/bench-dicompyler"
PINS = ("dicompyler-core==0.5.6", "pydicom<3", "numpy<2")


def planbank(cases: list[Case], **convention: Any) -> list[Found]:
    """Our own engine, from the same files."""
    found: list[Found] = []
    for case in cases:
        structure_set = read_structure_set(*_opened(case.folder / "RS.dcm"))
        one = dvh(structure_set, read_dose(*_opened(case.folder / "RD.dcm")), [1], **convention)[0]
        metrics = {metric: evaluate(metric, one, uncertain=False).value for metric in case.truth}
        found.append({"volume_cc": one.volume_cc, **metrics})
    return found


def _opened(path: Path) -> tuple[bytes, str]:
    syntax, data = split_file(path.read_bytes())
    return data, syntax


def dicompyler_python() -> Path | None:
    """The Python of dicompyler-core's environment, made on first use; None where it cannot be made."""
    python = ENVIRONMENT / "bin/python"
    if not (ENVIRONMENT / "ready").exists():
        shutil.rmtree(ENVIRONMENT, ignore_errors=True)
        made = subprocess.run([sys.executable, "-m", "venv", ENVIRONMENT], check=False)
        if (
            made.returncode
            or subprocess.run([python, "-m", "pip", "install", "-q", *PINS], check=False).returncode
        ):
            return None
        (ENVIRONMENT / "ready").touch()
    return python


def dicompyler(cases: list[Case]) -> list[Found] | None:
    """dicompyler-core with its defaults; None where it is not to be had."""
    python = dicompyler_python()
    return None if python is None else ask(python, [str(case.folder) for case in cases])


def ask(python: Path, question: list[str]) -> Any:
    """What dicompyler-core's process answers."""
    script = Path(__file__).with_name("dicompyler_peer.py")
    done = subprocess.run(
        [python, script], input=json.dumps(question), capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def plastimatch(cases: list[Case]) -> list[Found] | None:
    """plastimatch; None where it is not installed."""
    if shutil.which("plastimatch") is None:
        return None
    return [_plastimatch(case) for case in cases]


def _plastimatch(case: Case) -> Found:
    low = np.append(
        case.low[:2] - 2.0, case.first - case.spacing * np.ceil((case.first - case.low[2]) / case.spacing)
    )
    low[2] -= case.spacing
    count = np.ceil((case.high + 2.0 * case.spacing - low) / [PIXEL, PIXEL, case.spacing]).astype(int) + 1
    grid = [
        *("--origin", " ".join(f"{v:g}" for v in low), "--dim", " ".join(map(str, count))),
        *("--spacing", f"{PIXEL} {PIXEL} {case.spacing:g}"),
    ]
    at = case.folder
    ss, names, dose, table = at / "ss.mha", at / "ss.txt", at / "dose.mha", at / "dvh.csv"
    _quiet("plastimatch", "convert", "--input", at / "RD.dcm", "--output-dose-img", dose)
    _quiet(
        "plastimatch",
        "convert",
        "--input",
        at / "RS.dcm",
        *grid,
        "--output-ss-img",
        ss,
        "--output-ss-list",
        names,
    )
    _quiet(
        *("plastimatch", "dvh", "--input-ss-img", ss, "--input-ss-list", names, "--input-dose", dose),
        *("--output-csv", table, "--bin-width", BIN, "--num-bins", 8000, "--normalization", "vox"),
    )
    if not table.exists():
        return {}
    rows = list(csv.DictReader(table.open()))
    column = next((name for name in rows[0] if name.strip() == "body"), None)
    if column is None:
        return {}
    doses = np.array([float(row["Dose (Gy)"]) for row in rows])
    cc = np.array([float(row[column]) for row in rows]) * PIXEL * PIXEL * case.spacing / 1000.0
    return _of_curve(doses, cc, case)


def _of_curve(doses: Any, cc: Any, case: Case) -> Found:
    """Metrics of a cumulative curve."""
    if cc[0] <= 0.0:
        return {}
    found: Found = {"volume_cc": float(cc[0]), "Dmean": float(np.trapezoid(cc, doses) / cc[0])}
    for metric in case.truth:
        if metric in ("Dmean", "Dmax"):
            continue
        wanted = float(metric[1:-1]) / 100 * cc[0] if metric.endswith("%") else float(metric[1:-2])
        found[metric] = float(np.interp(-wanted, -cc, doses)) if wanted <= cc[0] else None
    return found


def _quiet(*command: Any) -> None:
    subprocess.run([str(part) for part in command], capture_output=True, check=False)


def plastimatch_time(structure_set: Path, dose: Path, folder: Path) -> list[float] | None:
    """CPU seconds and MB for all ROIs on the dose's own grid, its fastest setting."""
    if shutil.which("plastimatch") is None:
        return None
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    image, ss, names = folder / "d.mha", folder / "s.mha", folder / "s.txt"
    _quiet("plastimatch", "convert", "--input", dose, "--output-dose-img", image)
    _quiet(
        *("plastimatch", "convert", "--input", structure_set, "--fixed", image),
        *("--output-ss-img", ss, "--output-ss-list", names),
    )
    _quiet(
        *("plastimatch", "dvh", "--input-ss-img", ss, "--input-ss-list", names, "--input-dose", image),
        *("--output-csv", folder / "t.csv", "--bin-width", BIN, "--num-bins", 8000),
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return [spent, after.ru_maxrss / 1024]
