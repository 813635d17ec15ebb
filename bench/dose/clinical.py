"""The cost of a plan of clinical size: `python -m bench.dose.clinical`.

Comes in: nothing. Goes out: CPU seconds and peak memory for 40 ROIs with the body, 430,000
contour points and a dose of 200 x 180 x 130 voxels, from encoded DICOM to DVHs.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset

from bench.dose.cases import write
from planbank.dicom.dose_grid import read_dose
from planbank.dicom.encoding import split_file
from planbank.dicom.structure_set import read_structure_set
from planbank.dose.engine import dvh
from tests.dose import phantoms


def wavy(rng: np.random.Generator, radius: float, z: float, points: int, centre: np.ndarray) -> np.ndarray:
    """A contour with smooth bays."""
    angle = np.linspace(0, 2 * np.pi, points, endpoint=False)
    reach = radius * (1 + 0.1 * np.sin(3 * angle + z / 20) + 0.05 * np.cos(5 * angle))
    x, y = centre[0] + 1.3 * reach * np.cos(angle), centre[1] + 0.8 * reach * np.sin(angle)
    return np.round(np.stack((x, y, np.full(points, z)), axis=1), 2)


def data_sets() -> tuple[Dataset, Dataset]:
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
    return phantoms.make_structure_set(rois), dose


SIZE = "40 ROIs with the body, 404,000 contour points, dose of 200 x 180 x 130 voxels"


def written(folder: Path) -> tuple[Path, Path]:
    """The structure set and the dose as files."""
    paths = (folder / "clinical-RS.dcm", folder / "clinical-RD.dcm")
    for path, ds in zip(paths, data_sets(), strict=True):
        write(path, ds)
    return paths


def peak() -> float:
    """MB this process held at most; unlike ru_maxrss it does not begin with the parent's."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def main() -> None:
    """Calculate thrice in this process, from files: the first loads compiled code, the best counts."""
    paths = [Path(path) for path in sys.argv[1:3] if not path.startswith("--")]
    if not paths:
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "bench.dose.clinical", *map(str, written(Path(folder)))]
            subprocess.run(command, check=True)
        return
    rows = []
    for _ in range(3):
        start = time.process_time()
        syntax, data = split_file(paths[0].read_bytes())
        structure_set = read_structure_set(data, syntax)
        syntax, data = split_file(paths[1].read_bytes())
        dose = read_dose(data, syntax)
        del data
        read = time.process_time()
        count = len(dvh(structure_set, dose))
        done = time.process_time()
        rows.append((done - start, peak()))
        if "--json" not in sys.argv:
            print(
                f"{count} ROIs: {done - start:.2f} CPU-s (reading {read - start:.2f}), {rows[-1][1]:.0f} MB"
            )
        del structure_set, dose
    if "--json" in sys.argv:
        print(json.dumps([min(row[0] for row in rows), rows[-1][1]]))


if __name__ == "__main__":
    main()
