"""How long the bundle of a plan takes, on its own.

Comes in: a folder of DICOM files. Goes out: seconds of one process, and bytes.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from planbank.dicom.dose_grid import read_dose
from planbank.dicom.encoding import split_file
from planbank.dicom.headers import scan
from planbank.dicom.structure_set import read_structure_set
from planbank.scene.bundle.contours import pack_structures
from planbank.scene.bundle.doses import pack_dose
from planbank.scene.bundle.images import pack_images


@dataclass(frozen=True)
class Packing:
    """What it cost and what it weighs."""

    seconds: float
    size: int


def packed(folder: Path) -> Packing:
    """Pack all of a plan; compiled numerics are warm from a first, smaller round."""
    files = [_read(path) for path in sorted(folder.glob("*.dcm"))]
    kinds = [(scan(data, syntax).modality, data, syntax) for data, syntax in files]
    images = [partial(lambda d, s: (d, s), data, syntax) for kind, data, syntax in kinds if kind == "CT"]
    pack_images(images[:2])
    start = time.perf_counter()
    blobs = [one.blob for one in pack_images(images).items]
    for kind, data, syntax in kinds:
        if kind == "RTSTRUCT":
            blobs += [one.blob for one in pack_structures(read_structure_set(data, syntax)).items]
        if kind == "RTDOSE":
            blobs.append(pack_dose([read_dose(data, syntax)], [1.0]).blob)
    return Packing(time.perf_counter() - start, sum(map(len, blobs)))


def _read(path: Path) -> tuple[bytes, str]:
    syntax, data = split_file(path.read_bytes())
    return bytes(data), syntax
