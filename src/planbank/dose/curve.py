"""Questions to a cumulative curve: dose to a volume, volume at a dose, with bounds.

Comes in: a `Dvh`. Goes out: numbers, or ranges where the answer depends on tissue outside the
dose grid. Denominators are the whole volume; nothing is rescaled. Also packs curves for
storage.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from planbank.dose import axis

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planbank.dose.engine import Dvh

TINY = 1e-9


class Answer(NamedTuple):
    """A value, or None; `low` and `high` bound it where tissue outside the grid matters (`depends`)."""

    value: float | None
    low: float | None
    high: float | None
    depends: bool


NOTHING = Answer(None, None, None, False)


def covered_cc(dvh: Dvh) -> float:
    """The volume with dose in cc."""
    return max(dvh.volume_cc - dvh.outside_cc, 0.0)


def dose_to(dvh: Dvh, cc: float) -> Answer:
    """The least dose (Gy) within the hottest `cc`; None where the ROI is smaller or has no dose."""
    if dvh.max_gy is None or cc > dvh.volume_cc * (1.0 + TINY):
        return NOTHING
    low = _dose_within(dvh, cc)
    if not dvh.outside_cc or (low is not None and low >= dvh.edge_gy):
        return Answer(low, low, low, False)
    rest = cc - dvh.outside_cc
    warm = dvh.edge_gy if rest <= 0 else min(dvh.edge_gy, _dose_within(dvh, rest) or 0.0)
    high = max(low or 0.0, warm)
    return Answer(low, low or 0.0, high, True)


def volume_at(dvh: Dvh, gy: float) -> Answer:
    """The volume (cc) that gets at least `gy`."""
    if dvh.max_gy is None or dvh.min_gy is None:
        return NOTHING
    low = _volume_above(dvh, gy)
    if not dvh.outside_cc or gy > dvh.edge_gy:
        return Answer(low, low, low, False)
    return Answer(low, low, low + dvh.outside_cc, True)


def differential(dvh: Dvh) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(doses in Gy, volumes in cc) of the part with dose: middles of bins and what lies in each."""
    edges = axis.doses(len(dvh.curve))
    middles = 0.5 * (edges[:-1] + edges[1:])
    if dvh.min_gy is not None and dvh.max_gy is not None:
        middles = np.clip(middles, dvh.min_gy, dvh.max_gy)
    return middles, -np.diff(dvh.curve)


def pack(curve: NDArray[np.float64]) -> bytes:
    """A curve as compressed 32-bit numbers, for storage."""
    return zlib.compress(np.asarray(curve, "<f4").tobytes(), 6)


def unpack(packed: bytes) -> NDArray[np.float64]:
    """The curve that `pack` packed."""
    return np.frombuffer(zlib.decompress(packed), "<f4").astype(np.float64)


def _dose_within(dvh: Dvh, cc: float) -> float | None:
    """Highest dose that at least `cc` of the part with dose gets."""
    covered = float(dvh.curve[0])
    if cc > covered * (1.0 + TINY) or dvh.min_gy is None or dvh.max_gy is None:
        return None
    if cc >= covered * (1.0 - TINY):
        return dvh.min_gy
    if cc <= 0.0:
        return dvh.max_gy
    last = int(np.searchsorted(-dvh.curve, -cc, side="right")) - 1
    if last >= len(dvh.curve) - 1:
        return dvh.max_gy
    here, there = float(dvh.curve[last]), float(dvh.curve[last + 1])
    below, above = axis.doses(last + 2)[-2:]
    dose = below + (here - cc) / (here - there) * (above - below)
    return float(min(max(dose, dvh.min_gy), dvh.max_gy))


def _volume_above(dvh: Dvh, gy: float) -> float:
    assert dvh.min_gy is not None and dvh.max_gy is not None
    if gy <= dvh.min_gy:
        return float(dvh.curve[0])
    if gy > dvh.max_gy:
        return 0.0
    place = axis.place_of(gy)
    low = int(place)
    if low >= len(dvh.curve) - 1:
        return float(dvh.curve[-1])
    part = place - low
    return float((1.0 - part) * dvh.curve[low] + part * dvh.curve[low + 1])
