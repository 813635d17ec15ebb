"""The tables of the dose engine beside its peers: `python -m bench.dose [--seed N] [--rounds N]`.

Comes in: a seed and how many rounds. Goes out: on standard output, per engine and body the mean
absolute error (bias) and the largest one, against closed-form volumes and 300,000 points spread evenly within
each body; how often our +/- covers the error; then CPU seconds and memory at clinical size.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.dose import clinical, peers
from bench.dose.bodies import Body, matrix, sphere
from bench.dose.cases import METRICS, Case, make
from bench.dose.implicit import family
from bench.dose.peers import Found

Engine = Callable[[list[Case]], list[Found] | None]
ENGINES: dict[str, Engine] = {
    "planbank": peers.planbank,
    "planbank, prisms": lambda cases: peers.planbank(cases, end_caps="slab", interpolation="trilinear"),
    "dicompyler-core 0.5.6": peers.dicompyler,
    "plastimatch": peers.plastimatch,
}


def cases_of(folder: Path, seed: int, rounds: int) -> list[Case]:
    """All cases, each in a folder of its own."""
    made: list[Case] = []

    def add(group: str, body: Body, kind: str, rng: np.random.Generator, **options: Any) -> None:
        case = make(folder / str(len(made)), group, body, kind, rng, **options)
        if case is not None:
            made.append(case)

    for group, low, high, kind, midway in (
        ("bodies of 12 mm, linear 1 Gy/mm", 12.0, 12.0001, "linear", True),
        ("bodies of 12 mm, linear, flat ends anywhere", 12.0, 12.0001, "linear", False),
        ("bodies of 3 to 30 mm, linear 1 Gy/mm", 3.0, 30.0, "linear", True),
        ("bodies of 3 to 30 mm, Gaussian", 3.0, 30.0, "gaussian", True),
    ):
        rng = np.random.default_rng(seed)
        for _ in range(rounds):
            for body in [*matrix(rng, low, high), *family(rng, low, high)]:
                if midway or body.flat:
                    add(group, body, kind, rng, midway=midway)
    rng = np.random.default_rng(seed)
    for _ in range(4 * rounds):
        add("spheres of 5 mm on 3 mm slices, Gaussian", sphere(5.0), "gaussian", rng, spacing=3.0)
    return made


def line(name: str, rows: Sequence[dict[str, float]]) -> str:
    """A row of the table: mean (bias) largest; failures are counted."""
    cells = []
    for metric in METRICS:
        errors = np.array([row.get(metric, np.nan) for row in rows])
        errors = errors[~np.isnan(errors)]
        if not len(errors):
            cells.append(f"{'-':>24}")
            continue
        size = np.abs(errors)
        cells.append(f"{size.mean():8.3f} ({errors.mean():+7.3f}) {size.max():5.2f}")
    failed = sum(np.isnan(row["volume %"]) for row in rows)
    return f"{name:24}" + "".join(f"{cell:>25}" for cell in cells) + f"{len(rows):6}{failed:7}"


def accuracy(cases: list[Case], engines: dict[str, Engine]) -> None:
    """Print a table per group: all bodies per engine, then each body of ours."""
    answers = {name: engine(cases) for name, engine in engines.items()}
    head = f"{'':24}" + "".join(f"{metric:>25}" for metric in METRICS) + " cases failed"
    for group in dict.fromkeys(case.group for case in cases):
        print(f"\n{group}\n{head}")
        rows: dict[str, list[dict[str, float]]] = defaultdict(list)
        for name, found in answers.items():
            if found is None:
                print(f"{name:24} is not installed")
                continue
            for case, one in zip(cases, found, strict=True):
                if case.group == group:
                    rows[name].append(case.errors(one))
                    if name == "planbank":
                        rows["  " + case.body].append(rows[name][-1])
        for name in [*answers, *(row for row in rows if row.startswith("  "))]:
            if rows[name]:
                print(line(name, rows[name]), flush=True)


def timing(folder: Path, with_peers: bool) -> None:
    """Print CPU seconds and memory of a plan of clinical size, each engine in a process of its own."""
    structure_set, dose = clinical.written(folder)
    rows: dict[str, Any] = {
        "planbank": json.loads(
            subprocess.run(
                [sys.executable, "-m", "bench.dose.clinical", structure_set, dose, "--json"],
                capture_output=True, text=True, check=True,
            ).stdout
        )
    }  # fmt: skip
    if with_peers:
        python = peers.dicompyler_python()
        question = ["time", str(structure_set), str(dose)]
        rows["dicompyler-core 0.5.6"] = None if python is None else peers.ask(python, question)
        rows["plastimatch"] = peers.plastimatch_time(structure_set, dose, folder)
    print(f"\nclinical size: {clinical.SIZE}\n{'':24}{'CPU-s':>8}{'MB':>8}{'times ours':>12}")
    for name, row in rows.items():
        if row is None:
            print(f"{name:24} is not installed")
        else:
            print(f"{name:24}{row[0]:8.2f}{row[1]:8.0f}{row[0] / rows['planbank'][0]:12.1f}")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m bench.dose", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="of the random cases")
    parser.add_argument("--rounds", type=int, default=4, help="cases per body and table")
    parser.add_argument("--alone", action="store_true", help="without peers")
    asked = parser.parse_args()
    engines = {name: one for name, one in ENGINES.items() if not asked.alone or name.startswith("planbank")}
    with tempfile.TemporaryDirectory() as folder:
        cases = cases_of(Path(folder), asked.seed, asked.rounds)
        print(f"seed {asked.seed}: mean absolute error (bias) largest; doses in Gy; {len(cases)} cases")
        accuracy(cases, engines)
        timing(Path(folder), not asked.alone)


if __name__ == "__main__":
    main()
