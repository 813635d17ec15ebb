"""One command, one table: see the package's docstring. Loopback only; about five minutes."""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

from bench.receive import corpus, trial
from bench.receive.receivers import RECEIVERS

_WIDTHS = "{:<20} {:>6} {:>12} {:>14} {:>9} {:>6} {:>8} {:>9} {:>5}"
_HEAD = (
    "receiver",
    "assoc.",
    "instances/s",
    "CPU-s / 1,000",
    "peak MB",
    "fsync",
    "idle %",
    "ms / new assoc.",
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.receive")
    parser.add_argument("--patients", type=int, default=4)
    parser.add_argument("--slices", type=int, default=96)
    parser.add_argument("--associations", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--only", nargs="+", default=[], help="receivers whose names begin like this")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "planbank-bench")
    given = parser.parse_args()
    given.folder.mkdir(exist_ok=True)
    files = corpus.make(given.folder, given.patients, given.slices)
    size = sum(file.stat().st_size for file in files)
    print(f"{len(files)} instances, {size / len(files) / 1e6:.2f} MB each; {os.cpu_count()} cores")
    print(_WIDTHS.format(*_HEAD, "lost"))
    for receiver in RECEIVERS:
        if given.only and not receiver.name.startswith(tuple(given.only)):
            continue
        if not receiver.can_run():
            print(f"{receiver.name}: {receiver.needs} is not on this machine")
            continue
        synced = trial.syncs(receiver, given.folder, files)
        quiet = trial.quiet(receiver, given.folder)
        idle = ("-", "-") if quiet is None else (f"{quiet.idle_percent:.1f}", f"{quiet.association_ms:.1f}")
        for associations in given.associations:
            found = trial.send(receiver, given.folder, files, associations)
            numbers = (f"{found.per_second:.0f}", f"{found.cpu_per_1000:.2f}", f"{found.peak_mb:.0f}")
            line = _WIDTHS.format(receiver.name, associations, *numbers, synced, *idle, found.lost)
            print(line, flush=True)


if __name__ == "__main__":
    main()
