"""One command: see the package's docstring."""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from itertools import islice
from pathlib import Path

from bench.crowd.bank import Running, running, sessions
from bench.crowd.person import Visit, read_on
from bench.nation.home import SEED, opened_home
from bench.nation.parcels import CALLING
from bench.pages.cost import p95


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.crowd", description="People at once while it receives.")
    parser.add_argument("home", type=Path)
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--patients", type=int, default=5, help="sent one after the other; 0: none")
    given = parser.parse_args()
    with opened_home(given.home):
        people = sessions(given.people)
    visits: list[Visit] = []
    with tempfile.TemporaryDirectory() as folder, running(given.home) as up:
        made = _make(given.patients, Path(folder))
        end = time.monotonic() + given.seconds
        crowd = [
            threading.Thread(target=read_on, args=(up.site, cookie, paths, end, visits, number))
            for number, (cookie, paths) in enumerate(people)
        ]
        cpu = up.cpu_seconds()
        for one in crowd:
            one.start()
        sent = _send(up, made, end)
        for one in crowd:
            one.join()
        cpu = up.cpu_seconds() - cpu
    _said(visits)
    print(
        f"{given.people} people for {given.seconds:.0f} s: {len(visits)} pages, {sent} objects received, "
        f"{cpu / given.seconds:.2f} cores used by the bank, load {os.getloadavg()[0]:.1f}"
    )


def _make(patients: int, folder: Path) -> list[tuple[Path, int]]:
    """Synthetic patients as files, before anything is measured: a folder and its objects each."""
    from planbank.demo.patients import make_cohort, part10

    found = []
    for number, patient in enumerate(islice(make_cohort(SEED + 1), patients)):
        place = folder / str(number)
        place.mkdir()
        for count, ds in enumerate(patient.objects):
            (place / f"{count}.dcm").write_bytes(part10(ds))
        found.append((place, len(patient.objects)))
    return found


def _send(up: Running, made: list[tuple[Path, int]], end: float) -> int:
    """Send one patient after the other until the time is over; returns how many objects."""
    sent = 0
    for place, count in made:
        command = [sys.executable, "-m", "planbank", "send", str(place), "--to", up.gate]
        try:
            left = max(end - time.monotonic(), 1.0)
            subprocess.run([*command, "--calling", CALLING], check=True, capture_output=True, timeout=left)
        except subprocess.TimeoutExpired:
            return sent
        sent += count
    return sent


def _said(visits: list[Visit]) -> None:
    by_kind: dict[str, list[Visit]] = defaultdict(list)
    for one in visits:
        by_kind[one.kind].append(one)
    print(f"{'page':28} {'opened':>6} {'first byte':>10} {'p95':>6} {'last byte':>10} {'p95':>6}  ms")
    for kind, its in [*sorted(by_kind.items()), ("all", visits)]:
        first, last = [one.first for one in its], [one.last for one in its]
        numbers = [statistics.median(first), p95(first), statistics.median(last), p95(last)]
        a, b, c, d = (1000 * number for number in numbers)
        print(f"{kind:28} {len(its):6} {a:10.0f} {b:6.0f} {c:10.0f} {d:6.0f}")
    wrong = [one for one in visits if one.status != 200]
    if wrong:
        print(f"{len(wrong)} answers were not 200: {sorted({(one.kind, one.status) for one in wrong})}")


if __name__ == "__main__":
    main()
