"""The accuracy table of the dose engine.

Comes in: a seed and how many rounds. Goes out: on standard output, mean / largest error per
body and metric, against closed-form volumes and a million points within each body.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.dose.bodies import Body, matrix, sphere
from bench.dose.implicit import family
from planbank.dose.engine import ALGORITHM, PRISMS, dvh
from planbank.dose.metrics import evaluate
from tests.dose import phantoms

Array = NDArray[np.float64]
METRICS = ("volume %", "Dmean", "D95%", "D50%", "D1cc", "D0.03cc", "Dmax")
BASE = 60.0
METHODS: dict[str, dict[str, Any]] = {
    ALGORITHM: {},
    PRISMS: {"end_caps": "slab", "interpolation": "trilinear"},
}


def truths(body: Body, doses: Array) -> dict[str, float]:
    """Gy (and cc) of the body, from the doses of points spread evenly within it."""
    ranked = np.sort(doses)[::-1]
    each = body.volume / len(ranked)

    def hottest(mm3: float) -> float:
        return float(np.interp(mm3 / each, np.arange(len(ranked)) + 0.5, ranked))

    found = {"Dmean": float(doses.mean()), "Dmax": float(ranked[0])}
    found |= {f"D{n}%": hottest(n / 100 * body.volume) for n in (95, 50)}
    found |= {f"D{cc:g}cc": hottest(cc * 1000) for cc in (1.0, 0.03) if cc * 1000 < 0.98 * body.volume}
    return found


def one(
    body: Body,
    kind: str,
    rng: np.random.Generator,
    spacing: float | None = None,
    method: str = ALGORITHM,
    midway: bool = True,
) -> dict[str, float]:
    """Errors of one case: slices, grids, phases and directions at random."""
    step = spacing or float(rng.choice([1.0, 2.0, 3.0]))
    voxel = np.full(3, spacing or float(rng.choice([1.0, 2.0, 3.0])))
    centre = rng.uniform(-20, 20, 3)
    phase = float(rng.random())
    if body.flat and midway:  # the lower end halfway between two planes
        phase = ((centre[2] - body.reach[2]) / step + 0.5) % 1.0
    contours = body.contours(step, phase, centre)
    if not contours:
        return {}
    way = rng.normal(size=3)
    if rng.random() < 0.5:
        way = np.eye(3)[rng.integers(3)] * rng.choice([-1, 1])
    way /= np.linalg.norm(way)
    wide = float(body.reach.max())
    spot = centre + way * rng.uniform(0, wide)

    def at(points: Array) -> Array:
        if kind == "linear":
            dose: Array = BASE + (points - centre) @ way
        else:
            dose = BASE * np.exp(-((points - spot) ** 2).sum(-1) / (2 * max(wide, 5.0) ** 2))
        return dose

    extent = 2 * body.reach + 4 * voxel + 12
    dose_grid = phantoms.opened_dose(
        at, centre=centre, extent=extent, spacing=voxel, shift=rng.uniform(-0.5, 0.5, 3) * voxel
    )
    opened = phantoms.opened_structure_set({"body": contours, "rhythm": _rhythm(step)})
    found = dvh(opened, dose_grid, ["body"], **METHODS[method])[0]
    expected = truths(body, at(body.points(rng) + centre))
    errors = {"volume %": 100 * (found.volume_cc * 1000 / body.volume - 1)}
    for metric, truth in expected.items():
        value = evaluate(metric, found).value
        errors[metric] = np.nan if value is None else value - truth
    return errors


def _rhythm(step: float) -> list[Array]:
    """A far-off rod that gives the structure set its slice spacing."""
    return [phantoms.circle(1, z, (200, 200), 8) for z in (0, step, 2 * step, 3 * step)]


def line(name: str, rows: list[dict[str, float]]) -> str:
    """A row of the table: mean (bias) / largest."""
    cells = []
    for metric in METRICS:
        errors = np.array([row[metric] for row in rows if metric in row])
        errors = errors[~np.isnan(errors)]
        if not len(errors):
            cells.append(f"{'-':>22}")
            continue
        size = np.abs(errors)
        cells.append(f"{size.mean():8.3f} ({errors.mean():+6.3f}) {size.max():5.2f}")
    return f"{name:22}" + "".join(f"{cell:>24}" for cell in cells) + f"{len(rows):6}"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m bench.dose", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--method", choices=METHODS, default=ALGORITHM)
    asked = parser.parse_args()
    print(f"{asked.method}, seed {asked.seed}: mean absolute error (bias) largest; doses in Gy")
    for title, low, high, kind in (
        ("bodies of 12 mm, linear 1 Gy/mm", 12.0, 12.0001, "linear"),
        ("bodies of 3 to 30 mm, linear 1 Gy/mm", 3.0, 30.0, "linear"),
        ("bodies of 3 to 30 mm, Gaussian", 3.0, 30.0, "gaussian"),
    ):
        rng = np.random.default_rng(asked.seed)
        print(f"\n{title}\n{'':22}" + "".join(f"{metric:>24}" for metric in METRICS) + " cases")
        rows: dict[str, list[dict[str, float]]] = defaultdict(list)
        for _ in range(asked.rounds):
            for body in [*matrix(rng, low, high), *family(rng, low, high)]:
                rows[body.name].append(one(body, kind, rng, method=asked.method))
        for name, found in rows.items():
            print(line(name, [row for row in found if row]), flush=True)
    rng = np.random.default_rng(asked.seed)
    small = [one(sphere(5.0), "gaussian", rng, 3.0, asked.method) for _ in range(asked.rounds)]
    print("\n" + line("5 mm, 3 mm, Gaussian", small))


if __name__ == "__main__":
    main()
