"""One command: see the package's docstring. Refuses a home that holds anything."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from bench.nation.home import made_home
from bench.nation.sketch import Sketch
from bench.nation.tables import FILLERS


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.nation", description="Fill an empty home with a nation.")
    parser.add_argument("home", type=Path)
    parser.add_argument("--patients", type=int, default=15_000)
    parser.add_argument("--seed", type=int, default=2023)
    parser.add_argument("--real", type=int, default=1, help="synthetic patients left in the transit area")
    given = parser.parse_args()
    begun = time.monotonic()
    with made_home(given.home) as bank:
        with Sketch.begin(bank.url, given.patients, given.seed) as sketch:
            for filler in FILLERS:
                started = time.monotonic()
                filler.fill(sketch)
                print(
                    f"{filler.__name__.rpartition('.')[2]:16} {time.monotonic() - started:6.1f} s", flush=True
                )
        print(f"{'indexes':16} {sketch.indexing:6.1f} s")
        bank.deposit(given.real)
        for table in sorted(sketch.counts):
            print(f"{table:40} {sketch.counts[table]:>10,}")
        print(f"All users sign in with: {sketch.password}   (shown this once; admin, and one per name below)")
        print(", ".join(sketch.people[:6]), "...")
    print(f"{given.patients:,} patients in {time.monotonic() - begun:.0f} s. Start it with:")
    print(f"planbank up --home {given.home}")


if __name__ == "__main__":
    main()
