"""The shape between planes: how a region's cells are carried from a plane to every height near it.

Comes in: pieces of height (`planbank.dose.profile`) of a region, its sections, and the pieces of
its holes. Goes out: `Layers` per section, each layer with the affine map that carries the cells of
that section's plane to its height, and the volume it holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numba
import numpy as np

from planbank.dose.profile import covariance_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from planbank.dose.profile import Piece
    from planbank.dose.section import Section

MOST_LAYERS = 100
"""Layers within one piece."""

LEAST_LEFT = 0.02
"""Part of a layer's rim area that its holes leave at least."""

_GAUSS = np.array([0.5 - np.sqrt(0.15), 0.5, 0.5 + np.sqrt(0.15)])
_WEIGHTS = np.array([5.0, 8.0, 5.0]) / 18.0
_NO_RIDGE = np.empty(0)


@dataclass(frozen=True, slots=True, eq=False)
class Layers:
    """Layers made of the cells of one section.

    Attributes:
        heights: (m,) mm, middle of each layer.
        thickness: (m,) mm.
        maps: (m, 6) a, b, c, d, e, f: a cell at (x, y) lies at (a x + b y + e, c x + d y + f).
        factors: (m,) mm, volume that a layer holds per mm2 of the section's cells.
        side: (m,) -1 or 1 for layers below the first or above the last plane of a body, else 0.
        doubt: (m,) standard uncertainty of the layer's volume, as a part of it.
        end_heights, end_maps: (k,) mm and (k, 6), where the body ends above or below the section.
    """

    heights: NDArray[np.float64]
    thickness: NDArray[np.float64]
    maps: NDArray[np.float64]
    factors: NDArray[np.float64]
    side: NDArray[np.int64]
    doubt: NDArray[np.float64]
    end_heights: NDArray[np.float64]
    end_maps: NDArray[np.float64]


NO_LAYERS = Layers(
    *(np.empty(0), np.empty(0), np.empty((0, 6)), np.empty(0)),
    *(np.empty(0, np.int64), np.empty(0), np.empty(0), np.empty((0, 6))),
)


def layers_from(
    sections: Sequence[Section],
    areas: Sequence[float],
    pieces: Sequence[Piece],
    holes: Sequence[Piece],
    most: float,
    *,
    merged: bool = False,
) -> list[Layers]:
    """Layers of every section, none thicker than `most` mm.

    Args:
        sections: of the rim.
        areas: mm2 of the sections without their holes.
        pieces, holes: of the rim and of its holes.
        most: mm.
        merged: what lies just below and above a plane may be one layer.
    """
    of: list[list[Piece]] = [[] for _ in sections]
    for piece in pieces:
        if piece.high - piece.low > 1e-9:
            of[piece.owner].append(piece)
    return [
        _layers(section, area, kept, holes, most, merged)
        for section, area, kept in zip(sections, areas, of, strict=True)
    ]


def _layers(
    section: Section, area: float, pieces: Sequence[Piece], holes: Sequence[Piece], most: float, merged: bool
) -> Layers:
    counts = [
        min(max(int(np.ceil((piece.high - piece.low) / most - 1e-6)), 1), MOST_LAYERS) for piece in pieces
    ]
    total = sum(counts)
    ends = [piece for piece in pieces if piece.is_end and piece.curve.ridge is None]
    out = Layers(
        *(np.empty(total), np.empty(total), np.empty((total, 6)), np.empty(total)),
        *(np.zeros(total, np.int64), np.zeros(total)),
        *(np.empty(len(ends)), np.empty((len(ends), 6))),
    )
    start = 0
    for piece, count in zip(pieces, counts, strict=True):
        curve, stop = piece.curve, start + count
        each = (piece.high - piece.low) / count
        held = np.empty(count)
        _run(section, piece, piece.low, each, (out.heights[start:stop], out.maps[start:stop], held))
        out.thickness[start:stop] = each
        if piece.is_end:
            out.side[start:stop] = -1 if curve.length < 0 else 1
            out.doubt[start:stop] = piece.doubt
        if holes and curve.ridge is None:
            full = held.copy()
            for hole in holes:
                if hole.low < piece.high and hole.high > piece.low:
                    _take_off(piece.low, each, hole, held)
            np.maximum(held, LEAST_LEFT * full, out=held)
        out.factors[start:stop] = held * (piece.share * each / area)
        start = stop
    if merged:
        out = _merged(out, pieces, counts, most)
    for k, piece in enumerate(ends):
        tip = piece.low if piece.curve.length < 0 else piece.high
        _run(section, piece, tip, 0.0, (out.end_heights[k : k + 1], out.end_maps[k : k + 1], np.empty(1)))
    return out


def _merged(out: Layers, pieces: Sequence[Piece], counts: Sequence[int], most: float) -> Layers:
    """The layers below and above the plane as one where that is no thicker than `most` mm."""
    inner = [n for n, piece in enumerate(pieces) if not piece.is_end]
    if len(inner) != 2 or [counts[n] for n in inner] != [1, 1]:
        return out
    first, second = (sum(counts[:n]) for n in inner)
    thickness = out.thickness[first] + out.thickness[second]
    if thickness > most + 1e-6:
        return out
    held = out.factors[first] + out.factors[second]
    share = out.factors[first] / held
    for values in (out.heights, out.maps):
        values[first] = share * values[first] + (1.0 - share) * values[second]
    out.thickness[first], out.factors[first] = thickness, held
    kept = np.arange(len(out.heights)) != second
    return Layers(
        *(out.heights[kept], out.thickness[kept], out.maps[kept], out.factors[kept]),
        *(out.side[kept], out.doubt[kept], out.end_heights, out.end_maps),
    )


def _run(
    section: Section,
    piece: Piece,
    low: float,
    each: float,
    into: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]],
) -> None:
    """Heights, maps and mean areas of layers from `low`, `each` mm thick."""
    curve = piece.curve
    _carry(
        *(low, each, curve.start, curve.length, curve.most, curve.bounded),
        *(curve.covariance, curve.centroid, curve.solidity),
        curve.ridge if curve.ridge is not None else _NO_RIDGE,
        *(section.covariance, section.centroid),
        *into,
    )


def _take_off(low: float, each: float, hole: Piece, held: NDArray[np.float64]) -> None:
    """Take the mean area of a hole off every layer."""
    curve = hole.curve
    ridge = curve.ridge if curve.ridge is not None else _NO_RIDGE
    for n in range(len(held)):
        start, stop = max(low + each * n, hole.low), min(low + each * (n + 1), hole.high)
        if stop > start:
            mean, _ = _mean_area(
                *(start, stop - start, curve.start, curve.length, curve.most, curve.bounded),
                *(curve.covariance, curve.solidity, ridge),
            )
            held[n] -= mean * (stop - start) / each


@numba.njit(cache=True, nogil=True)
def _mean_area(
    low: float,
    each: float,
    start: float,
    length: float,
    most: float,
    bounded: bool,
    covariance: NDArray[np.float64],
    solidity: tuple[float, float],
    ridge: NDArray[np.float64],
) -> tuple[float, float]:
    """The mean area of a layer by Gauss quadrature, and the height at which its volume balances."""
    total = moment = 0.0
    for k in range(3):
        z = low + each * _GAUSS[k]
        u = min((z - start) / length, most)
        if len(ridge):
            square = max(ridge[0] + u * (ridge[1] + u * ridge[2]), 0.0)
            spine = max(ridge[3] + u * ridge[4], 0.0)
            held = 2.0 * spine * np.sqrt(square) + np.pi * square * ridge[5]
        else:
            xx, xy, yy = covariance_at(u, covariance, bounded)
            held = 4.0 * np.pi * (solidity[0] + u * solidity[1]) * np.sqrt(max(xx * yy - xy * xy, 1e-24))
        held = _WEIGHTS[k] * max(held, 1e-12)
        total += held
        moment += held * z
    return total, moment / total


@numba.njit(cache=True, nogil=True)
def _carry(
    low: float,
    each: float,
    start: float,
    length: float,
    most: float,
    bounded: bool,
    covariance: NDArray[np.float64],
    centroid: NDArray[np.float64],
    solidity: tuple[float, float],
    ridge: NDArray[np.float64],
    own: NDArray[np.float64],
    middle: NDArray[np.float64],
    heights: NDArray[np.float64],
    maps: NDArray[np.float64],
    held: NDArray[np.float64],
) -> None:
    """Every layer of a piece: its mean area, its height, and the symmetric map to it."""
    det = np.sqrt(max(own[0, 0] * own[1, 1] - own[0, 1] * own[0, 1], 1e-24))
    t = np.sqrt(max(own[0, 0] + own[1, 1] + 2.0 * det, 1e-24))
    ra, rb, rd = (own[0, 0] + det) / t, own[0, 1] / t, (own[1, 1] + det) / t
    ia, ib, id_ = rd / det, -rb / det, ra / det
    for n in range(len(heights)):
        held[n], z = _mean_area(
            low + each * n, each, start, length, most, bounded, covariance, solidity, ridge
        )
        u = min((z - start) / length, most)
        xx, xy, yy = covariance_at(u, covariance, bounded)
        # root @ covariance @ root, and its root in closed form
        px, py, qx, qy = ra * xx + rb * xy, ra * xy + rb * yy, rb * xx + rd * xy, rb * xy + rd * yy
        tx, tm, ty = px * ra + py * rb, px * rb + py * rd, qx * rb + qy * rd
        root = np.sqrt(max(tx * ty - tm * tm, 1e-24))
        scale = 1.0 / np.sqrt(max(tx + ty + 2.0 * root, 1e-24))
        tx, tm, ty = (tx + root) * scale, tm * scale, (ty + root) * scale
        px, py, qx, qy = ia * tx + ib * tm, ia * tm + ib * ty, ib * tx + id_ * tm, ib * tm + id_ * ty
        h0, h1, h2 = px * ia + py * ib, px * ib + py * id_, qx * ib + qy * id_
        heights[n] = z
        maps[n, 0], maps[n, 1], maps[n, 2], maps[n, 3] = h0, h1, h1, h2
        maps[n, 4] = centroid[0, 0] + u * centroid[1, 0] - h0 * middle[0] - h1 * middle[1]
        maps[n, 5] = centroid[0, 1] + u * centroid[1, 1] - h1 * middle[0] - h2 * middle[1]
