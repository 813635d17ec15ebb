"""Files to send: synthetic plans, the same bytes each time.

Comes in: how many patients and slices. Goes out: paths of DICOM files, CT and RT mixed as plans are.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOOL = ROOT / "../shared/tools/make_rt_corpus.py"


def make(folder: Path, patients: int, slices: int) -> list[Path]:
    """Files in the order in which they are sent. Made anew unless they are there."""
    place = folder / f"corpus-{patients}-{slices}"
    if not place.is_dir():
        call = [sys.executable, str(TOOL), str(place), "--patients", str(patients), "--slices", str(slices)]
        subprocess.run(call, check=True, stdout=subprocess.DEVNULL)
    return sorted(place.rglob("*.dcm"))


def shares(files: list[Path], number: int) -> list[list[Path]]:
    """`files` dealt out, so that each association has about as many images and RT objects."""
    return [files[start::number] for start in range(number)]
