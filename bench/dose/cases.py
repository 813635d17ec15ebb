"""Random cases: a body, its slices, a dose, written as DICOM files, with the numbers that are true.

Comes in: bodies and a random generator. Goes out: `Case`s in a folder, which every engine reads alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset

from bench.dose.bodies import Body
from tests.dose import phantoms

Array = NDArray[np.float64]
METRICS = ("volume %", "Dmean", "D95%", "D50%", "D1cc", "D0.03cc")
BASE = 60.0
POINTS = 300_000


@dataclass(frozen=True)
class Case:
    """One ROI (number 1, in RS.dcm) in one dose (RD.dcm) in a folder.

    Attributes:
        group, body: table and row it belongs to.
        folder: of the two files.
        volume: mm3, true.
        truth: Gy by metric.
        spacing: mm, slices.
        low, high: corners (mm) of a box that holds the body.
        first: mm, a slice.
    """

    group: str
    body: str
    folder: Path
    volume: float
    truth: dict[str, float]
    spacing: float
    low: Array
    high: Array
    first: float

    def errors(self, found: dict[str, float | None]) -> dict[str, float]:
        """Errors by metric of what an engine found (cc, Gy); nan for what it has not."""
        volume = found.get("volume_cc")
        out = {"volume %": np.nan if volume is None else 100 * (volume * 1000 / self.volume - 1)}
        for metric, true in self.truth.items():
            value = found.get(metric)
            out[metric] = np.nan if value is None else value - true
        return out


def truths(body: Body, doses: Array) -> dict[str, float]:
    """Gy of the body, from the doses of points spread evenly within it."""
    ranked = np.sort(doses)[::-1]
    each = body.volume / len(ranked)

    def hottest(mm3: float) -> float:
        return float(np.interp(mm3 / each, np.arange(len(ranked)) + 0.5, ranked))

    found = {"Dmean": float(doses.mean()), "Dmax": float(ranked[0])}
    found |= {f"D{n}%": hottest(n / 100 * body.volume) for n in (95, 50)}
    found |= {f"D{cc:g}cc": hottest(cc * 1000) for cc in (1.0, 0.03) if cc * 1000 < 0.98 * body.volume}
    return found


def make(
    folder: Path,
    group: str,
    body: Body,
    kind: str,
    rng: np.random.Generator,
    *,
    spacing: float | None = None,
    midway: bool = True,
) -> Case | None:
    """A case: slices and grids of 1, 2 or 3 mm (or `spacing`), phases and directions at random.

    `kind` is 'linear' (1 Gy/mm) or 'gaussian'. `midway`: flat ends lie halfway between two
    slices, as they do on average; else anywhere. None where no slice meets the body.
    """
    step = spacing or float(rng.choice([1.0, 2.0, 3.0]))
    voxel = np.full(3, spacing or float(rng.choice([1.0, 2.0, 3.0])))
    centre = rng.uniform(-20, 20, 3)
    phase = float(rng.random())
    if body.flat and midway:
        phase = ((centre[2] - body.reach[2]) / step + 0.5) % 1.0
    contours = body.contours(step, phase, centre)
    way = rng.normal(size=3)
    if rng.random() < 0.5:
        way = np.eye(3)[rng.integers(3)] * rng.choice([-1, 1])
    way /= np.linalg.norm(way)
    wide = float(body.reach.max())
    spot = centre + way * rng.uniform(0, wide)
    shift = rng.uniform(-0.5, 0.5, 3) * voxel
    points = body.points(rng, POINTS) + centre
    if not contours:
        return None

    def at(points: Array) -> Array:
        if kind == "linear":
            dose: Array = BASE + (points - centre) @ way
        else:
            dose = BASE * np.exp(-((points - spot) ** 2).sum(-1) / (2 * max(wide, 5.0) ** 2))
        return dose

    extent = 2 * body.reach + 4 * voxel + 12
    folder.mkdir(parents=True)
    rois = {"body": contours, "rhythm": _rhythm(step)}
    write(folder / "RS.dcm", phantoms.make_structure_set(rois))
    write(folder / "RD.dcm", phantoms.make_dose(at, centre=centre, extent=extent, spacing=voxel, shift=shift))
    return Case(
        *(group, body.name, folder, body.volume, truths(body, at(points)), step),
        *(centre - body.reach, centre + body.reach, float(contours[0][0, 2])),
    )


def _rhythm(step: float) -> list[Array]:
    """A far-off rod that gives the structure set its slice spacing."""
    return [phantoms.circle(1, z, (200, 200), 8) for z in (0, step, 2 * step, 3 * step)]


def write(path: Path, ds: Dataset) -> None:
    """A data set as a file of Part 10."""
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = pydicom.uid.ImplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    ds.save_as(path, enforce_file_format=True)
