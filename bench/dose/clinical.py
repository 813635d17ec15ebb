"""The cost of a plan of clinical size: `python -m bench.dose.clinical`.

Comes in: nothing. Goes out: CPU seconds and peak memory for 40 ROIs with the body, 430,000
contour points and a dose of 200 x 180 x 130 voxels, from encoded DICOM to DVHs.
"""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path

import numpy as np

from planbank.dicom.dose_grid import read_dose
from planbank.dicom.encoding import IMPLICIT_LITTLE
from planbank.dicom.structure_set import read_structure_set
from planbank.dose.engine import dvh
from tests.dose import phantoms


def wavy(rng: np.random.Generator, radius: float, z: float, points: int, centre: np.ndarray) -> np.ndarray:
    """A contour with smooth bays."""
    angle = np.linspace(0, 2 * np.pi, points, endpoint=False)
    reach = radius * (1 + 0.1 * np.sin(3 * angle + z / 20) + 0.05 * np.cos(5 * angle))
    x, y = centre[0] + 1.3 * reach * np.cos(angle), centre[1] + 0.8 * reach * np.sin(angle)
    return np.round(np.stack((x, y, np.full(points, z)), axis=1), 2)


def encoded() -> tuple[bytes, bytes]:
    """The structure set and the dose."""
    rng = np.random.default_rng(5)
    rois = {"body": [wavy(rng, 170, z, 1200, np.zeros(2)) for z in np.arange(-192, 195, 3.0)]}
    for number in range(39):
        radius, centre = float(np.exp(rng.uniform(np.log(6), np.log(60)))), rng.uniform(-80, 80, 3)
        centre[2] = 3.0 * round(centre[2] / 3)
        heights = (
            np.arange(-15, 16) * max(round(radius / 45), 1) * 3.0 if radius > 22 else np.arange(-6, 7) * 3.0
        )
        rois[f"organ {number}"] = [
            wavy(
                rng,
                radius * float(np.sqrt(max(1 - (z / (heights[-1] + 2)) ** 2, 0))),
                z + centre[2],
                300,
                centre[:2],
            )
            for z in heights
        ]
    dose = phantoms.make_dose(
        lambda p: 60 * np.exp(-((p / 70) ** 2).sum(-1)), extent=(497.5, 447.5, 387), spacing=(2.5, 2.5, 3)
    )
    return phantoms.encode(phantoms.make_structure_set(rois)), phantoms.encode(dose)


def main() -> None:
    """Calculate twice in a fresh process: the first compiles or loads, the second is timed."""
    if len(sys.argv) > 1:
        structure_bytes, dose_bytes = (Path(path).read_bytes() for path in sys.argv[1:3])
    else:
        structure_bytes, dose_bytes = encoded()
    for _ in range(3):
        start = time.process_time()
        structure_set = read_structure_set(structure_bytes, IMPLICIT_LITTLE)
        dose = read_dose(dose_bytes, IMPLICIT_LITTLE)
        read = time.process_time()
        found = dvh(structure_set, dose)
        done = time.process_time()
        points = sum(len(roi.contours.points) for roi in structure_set.rois)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"{len(found)} ROIs, {points} points: {done - start:.2f} CPU-s "
            f"(reading {read - start:.2f}), {peak:.0f} MB"
        )


if __name__ == "__main__":
    main()
