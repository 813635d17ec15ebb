"""One command: see the package's docstring."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from bench.contours.balls import Pair, pairs
from planbank.contours import agreement, compare, majority, staple
from planbank.contours.surface import surface_of
from tests.contours.shapes import Array, ball, body

FIGURES = ("Dice", "HD95 mm", "mean distance mm", "surface Dice 2 mm")
PEER = "surface-distance==0.1"


def main() -> None:
    """Errors beside the peer's, then the time of a study."""
    parser = argparse.ArgumentParser(prog="python -m bench.contours", description=__doc__)
    parser.add_argument("--seed", type=int, default=20231018)
    parser.add_argument("--pairs", type=int, default=60)
    parser.add_argument("--observers", type=int, default=20)
    given = parser.parse_args()
    drawn = pairs(given.seed, given.pairs)
    truth = np.array([pair.truth() for pair in drawn])
    table = Table("", *(f"{name}, mean / largest error" for name in FIGURES), "CPU ms a pair")
    for name, (found, spent) in {"planbank": _ours(drawn), PEER: _theirs(drawn)}.items():
        if found is None:
            table.add_row(name, *["not to be had"] * 4, "")
            continue
        off = np.abs(found - truth)
        cells = (f"{a:.3f} / {b:.3f}" for a, b in zip(off.mean(axis=0), off.max(axis=0), strict=True))
        table.add_row(name, *cells, f"{1000 * spent / len(drawn):.0f}")
    Console(width=140).print(table)
    _study(given.observers, given.seed)


def _ours(drawn: list[Pair]) -> tuple[Array | None, float]:
    compare(*(body(rings) for rings in drawn[0].rings()))  # compiled
    begun = time.process_time()
    rows = []
    for pair in drawn:
        one, other = (body(rings) for rings in pair.rings())
        found = compare(one, other, tolerance=2.0)
        rows.append([found.dsc, found.hd95, found.mean_distance, found.surface_dsc])
    return np.array(rows, float), time.process_time() - begun


def _theirs(drawn: list[Pair]) -> tuple[Array | None, float]:
    """The peer in an environment of its own: masks of one spacing a run."""
    with tempfile.TemporaryDirectory() as place:
        python = Path(place) / "venv/bin/python"
        subprocess.run([sys.executable, "-m", "venv", Path(place) / "venv"], check=True)
        if subprocess.run([python, "-m", "pip", "install", "-q", PEER], check=False).returncode:
            return None, 0.0
        rows: dict[int, list[float]] = {}
        spent = 0.0
        for spacing in sorted({pair.spacing for pair in drawn}):
            which = [n for n, pair in enumerate(drawn) if pair.spacing == spacing]
            masks = {}
            for k, n in enumerate(which):
                masks[f"a{k}"], masks[f"b{k}"] = drawn[n].masks()
            np.savez(Path(place) / "masks.npz", spacing=[1.0, 1.0, spacing], **masks)
            script = Path(__file__).with_name("peer.py")
            done = subprocess.run(
                [python, script, Path(place) / "masks.npz"], capture_output=True, text=True, check=True
            )
            said: dict[str, Any] = json.loads(done.stdout)
            rows |= dict(zip(which, said["rows"], strict=True))
            spent += said["cpu"]
        return np.array([rows[n] for n in range(len(drawn))]), spent


def _study(observers: int, seed: int) -> None:
    """One structure of 180 cm3 on 3 mm slices, drawn by each observer a little otherwise."""
    chance = np.random.default_rng(seed)
    bodies = [
        body(ball(35 + chance.normal(), 3, chance.normal(size=3) * [1, 1, 0], points=120))
        for _ in range(observers)
    ]
    times = {}
    for name, act in {
        "agreement of all pairs": lambda: agreement(bodies),
        "majority": lambda: majority(bodies),
        "STAPLE": lambda: staple(bodies),
        "surfaces of all": lambda: [surface_of(one) for one in bodies],
        "each against the first": lambda: [compare(bodies[0], one) for one in bodies[1:]],
    }.items():
        act()
        begun = time.process_time()
        act()
        times[name] = time.process_time() - begun
    table = Table(f"{observers} observers, one structure of 180 cm3", "CPU s")
    for name, spent in times.items():
        table.add_row(name, f"{spent:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
