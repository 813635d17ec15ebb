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
from pathlib import Path

from bench.crowd.bank import Running, running, sessions
from bench.crowd.person import Visit, read_on
from bench.nation.home import SEED, opened_home
from bench.pages.cost import p95


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.crowd", description="People at once while it receives.")
    parser.add_argument("home", type=Path)
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument(
        "--patients", type=int, default=5, help="sent over and over, each time as new; 0: none"
    )
    given = parser.parse_args()
    with opened_home(given.home):
        people = sessions(given.people)
    visits: list[Visit] = []
    with running(given.home) as up:
        end = time.monotonic() + given.seconds
        crowd = [
            threading.Thread(target=read_on, args=(up.site, cookie, paths, end, visits, number))
            for number, (cookie, paths) in enumerate(people)
        ]
        cpu = up.cpu_seconds()
        for one in crowd:
            one.start()
        sent = _receive(up, given.patients, end)
        for one in crowd:
            one.join()
        cpu = up.cpu_seconds() - cpu
    _said(visits)
    print(
        f"{given.people} people for {given.seconds:.0f} s: {len(visits)} pages, {sent} objects received, "
        f"{cpu / given.seconds:.2f} cores used by the bank, load {os.getloadavg()[0]:.1f}"
    )


def _receive(up: Running, patients: int, end: float) -> int:
    """Send synthetic patients until the time is over; returns how many objects."""
    from planbank.demo.patients import make_cohort, part10

    sent, seed = 0, SEED + 1
    while patients and time.monotonic() < end:
        with tempfile.TemporaryDirectory() as folder:
            count = 0
            for patient, _n in zip(make_cohort(seed), range(patients), strict=False):
                for ds in patient.objects:
                    Path(folder, f"{count}.dcm").write_bytes(part10(ds))
                    count += 1
            command = [
                sys.executable,
                "-m",
                "planbank",
                "send",
                folder,
                "--to",
                up.gate,
                "--calling",
                "NATION_TPS",
            ]
            left = end - time.monotonic()
            try:
                subprocess.run(command, check=True, capture_output=True, timeout=max(left, 1.0))
            except subprocess.TimeoutExpired:
                return sent
            sent += count
        seed += 1
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
