"""The shape between planes: how a region's cross-section changes from one plane to the next.

Comes in: area, centroid and covariance of a region on successive planes. Goes out: `Layer`s,
each with the affine map that carries the cells of one of those planes to the layer's height,
and the volume the layer holds.

The covariance of position within a cross-section is quadratic in height for every cone,
cylinder (upright or lying) and ellipsoid (leaning or not), and so for the ends of most smooth
bodies. It is interpolated through four planes, and extrapolated to where it vanishes: there
a body ends that tapers. A body that does not taper ends half a slice beyond its last plane.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numba
import numpy as np

from planbank.dose.section import Section, root_det

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SOLID = 0.75
"""Area over that of the ellipse of the same covariance; below it a region is hollow or bent and
is not tapered (1 for an ellipse, 0.95 for a rectangle, 0.83 for a triangle)."""

LEAST, MOST = 0.45, 1.6
"""Bounds of an interpolated variance, beside the straight line between its planes."""

UNEQUAL = 0.25
"""A plane whose area is less than this part of its neighbour's gives the shape to no layer between."""

_GAUSS = np.array([0.5 - np.sqrt(0.15), 0.5, 0.5 + np.sqrt(0.15)])
_WEIGHTS = np.array([5.0, 8.0, 5.0]) / 18.0


@dataclass(frozen=True, slots=True, eq=False)
class Layers:
    """Layers made of the cells of one section.

    Attributes:
        heights: (m,) mm, middle of each layer.
        thickness: (m,) mm.
        maps: (m, 6) a, b, c, d, e, f: a cell at (x, y) lies at (a x + b y + e, c x + d y + f).
        factors: (m,) mm, volume that a layer holds per mm2 of the section's cells.
    """

    heights: NDArray[np.float64]
    thickness: NDArray[np.float64]
    maps: NDArray[np.float64]
    factors: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Chain:
    """Sections of one region through successive planes, ascending."""

    sections: Sequence[Section]

    def layers(
        self, below: float, above: float, most: float, open_below: bool, open_above: bool
    ) -> list[Layers]:
        """Layers of every section.

        Args:
            below, above: mm to the plane beyond either end on which nothing is drawn.
            most: mm, greatest thickness of a layer.
            open_below, open_above: the region goes on, divided or joined, beyond that end: it
                is carried on unchanged for half the way.
        """
        sections = self.sections
        bends = _bends(sections)
        if len(sections) == 2 and not (open_below or open_above):
            bends = _ball(sections, below, above)
        parts: list[list[_Piece]] = [[] for _ in sections]
        for i, (low, high) in enumerate(itertools.pairwise(sections)):
            curve = _between(low, high, bends[i], bends[i + 1])
            middle = 0.5
            if low.area < UNEQUAL * high.area:
                middle = 0.0
            elif high.area < UNEQUAL * low.area:
                middle = 1.0
            gap = high.position - low.position
            cut = low.position + middle * gap
            if middle > 0.0:
                parts[i].append(_Piece(low.position, cut, curve))
            if middle < 1.0:
                parts[i + 1].append(_Piece(cut, high.position, curve))
        for end, gap, is_open, sign in ((0, below, open_below, -1.0), (-1, above, open_above, 1.0)):
            parts[end].append(_cap(sections, bends, gap, is_open, sign))
        return [_layers(section, pieces, most) for section, pieces in zip(sections, parts, strict=True)]


@dataclass(frozen=True, slots=True, eq=False)
class _Curve:
    """Quadratics in u = (z - start) / length: covariance, centroid and solidity over the section's own."""

    start: float
    length: float
    covariance: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]
    centroid: tuple[NDArray[np.float64], NDArray[np.float64]]
    solidity: tuple[float, float]
    bounded: bool
    most: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    low: float
    high: float
    curve: _Curve


def _bends(sections: Sequence[Section]) -> list[NDArray[np.float64] | None]:
    """Second divided difference of the covariance at every inner section."""
    bends: list[NDArray[np.float64] | None] = [None] * len(sections)
    for i in range(1, len(sections) - 1):
        a, b, c = sections[i - 1 : i + 2]
        up = (c.covariance - b.covariance) / (c.position - b.position)
        down = (b.covariance - a.covariance) / (b.position - a.position)
        bends[i] = (up - down) / (c.position - a.position)
    return bends


def _agreed(a: NDArray[np.float64] | None, b: NDArray[np.float64] | None) -> NDArray[np.float64]:
    """The lesser of two bends that have one sign; none where they have not, or where only a kink is seen."""
    if a is None or b is None:
        known = a if a is not None else b
        return known if known is not None else np.zeros((2, 2))
    one, other = float(np.trace(a)), float(np.trace(b))
    if one * other <= 0.0:
        return np.zeros((2, 2))
    return a if abs(one) <= abs(other) else b


def _between(
    low: Section, high: Section, bend_low: NDArray[np.float64] | None, bend_high: NDArray[np.float64] | None
) -> _Curve:
    gap = high.position - low.position
    c2 = _agreed(bend_low, bend_high) * gap * gap
    c1 = high.covariance - low.covariance - c2
    return _Curve(
        low.position,
        gap,
        (low.covariance, c1, c2),
        (low.centroid, high.centroid - low.centroid),
        (low.solidity, high.solidity - low.solidity),
        bounded=True,
    )


def _cap(
    sections: Sequence[Section],
    bends: list[NDArray[np.float64] | None],
    gap: float,
    is_open: bool,
    sign: float,
) -> _Piece:
    """What lies beyond an end section, towards a plane `gap` mm away on which it is no more."""
    own = sections[0] if sign < 0 else sections[-1]
    flat = _Curve(
        own.position,
        1.0,
        (own.covariance, np.zeros((2, 2)), np.zeros((2, 2))),
        (own.centroid, np.zeros(2)),
        (own.solidity, 0.0),
        bounded=False,
    )
    reach = 0.5 * gap
    if len(sections) > 1 and not is_open and own.solidity >= SOLID:
        inner = sections[1] if sign < 0 else sections[-2]
        step = abs(inner.position - own.position)
        order = bends[1:3] if sign < 0 else [bends[-2], bends[-3] if len(bends) > 2 else None]
        known = [bend for bend in order if bend is not None]
        bend = _agreed(known[0], known[1]) if len(known) > 1 else known[0] if known else np.zeros((2, 2))
        c2 = bend * gap * gap
        c1 = ((own.covariance - inner.covariance) / step + bend * step) * gap
        flat, reach = _taper(own, inner, (c1, c2), gap, step, sign)
    ends = sorted((own.position, own.position + sign * reach))
    return _Piece(ends[0], ends[1], flat)


def _ball(sections: Sequence[Section], below: float, above: float) -> list[NDArray[np.float64] | None]:
    """The bend of a body as high as it is wide, where such a body ends before the next planes.

    Two planes alone tell no bend; a small round body often has no more.
    """
    low, high = sections
    bend = -0.125 * (low.covariance / root_det(low.covariance) + high.covariance / root_det(high.covariance))
    step = high.position - low.position
    for own, inner, gap in ((low, high, below), (high, low, above)):
        end = own.covariance + ((own.covariance - inner.covariance) / step + bend * step) * gap
        if float(_least((end + bend * gap * gap)[None])[0]) > 0.0 or own.solidity < SOLID:
            return [None, None]
    return [bend, bend]


def _taper(
    own: Section,
    inner: Section,
    slopes: tuple[NDArray[np.float64], NDArray[np.float64]],
    gap: float,
    step: float,
    sign: float,
) -> tuple[_Curve, float]:
    """The curve beyond an end section and how far it reaches."""
    c1, c2 = slopes
    u = np.linspace(0.0, 1.0, 65)
    root = _inverse_root(own.covariance)
    relative = root @ (c1[None] * u[:, None, None] + c2[None] * (u * u)[:, None, None]) @ root + np.eye(2)
    least = _least(relative)
    lowest = int(np.argmin(least))
    gone = np.nonzero(least <= 0.0)[0]
    if len(gone):
        k = int(gone[0])
        end = float(u[k - 1] + (u[k] - u[k - 1]) * least[k - 1] / (least[k - 1] - least[k]))
        most, reach = end, end * gap
    elif least[lowest] < 0.01:
        most = float(u[lowest])
        reach = most * gap
    else:
        most = float(u[lowest]) if 0 < lowest < len(u) - 1 else 1.0
        left = float(np.sqrt(max(np.linalg.det(relative[lowest if most < 1.0 else -1]), 0.0)))
        reach = gap * (1.0 - 0.5 * min(left / 0.5, 1.0))
    drift = (own.centroid - inner.centroid) / step * gap
    curve = _Curve(
        own.position,
        sign * gap,
        (own.covariance, c1, c2),
        (own.centroid, drift),
        (own.solidity, 0.0),
        bounded=False,
        most=most,
    )
    return curve, reach


def _layers(section: Section, pieces: list[_Piece], most: float) -> Layers:
    """Cut the pieces that a section gives its shape to into layers no thicker than `most`."""
    kept = [piece for piece in pieces if piece.high - piece.low > 1e-9]
    counts = [min(max(int(np.ceil((piece.high - piece.low) / most - 1e-6)), 1), 100) for piece in kept]
    total = sum(counts)
    out = Layers(np.empty(total), np.empty(total), np.empty((total, 6)), np.empty(total))
    root, inverse = _root(section.covariance), _inverse_root(section.covariance)
    start = 0
    for piece, count in zip(kept, counts, strict=True):
        curve = piece.curve
        each = (piece.high - piece.low) / count
        out.thickness[start : start + count] = each
        for n in range(start, start + count):
            _fill(
                piece.low + each * (n - start),
                each,
                curve.start,
                curve.length,
                curve.most,
                curve.bounded,
                curve.covariance,
                curve.centroid,
                curve.solidity,
                (root, inverse),
                section.centroid,
                section.area,
                n,
                out.heights,
                out.maps,
                out.factors,
            )
        start += count
    return out


@numba.njit(cache=True, nogil=True)
def _covariance_at(
    u: float,
    c0: NDArray[np.float64],
    c1: NDArray[np.float64],
    c2: NDArray[np.float64],
    bounded: bool,
) -> tuple[float, float, float]:
    """xx, xy, yy at u, kept within bounds beside the straight line where that is asked for."""
    xx = c0[0, 0] + u * (c1[0, 0] + u * c2[0, 0])
    xy = c0[0, 1] + u * (c1[0, 1] + u * c2[0, 1])
    yy = c0[1, 1] + u * (c1[1, 1] + u * c2[1, 1])
    if bounded:
        sx = c0[0, 0] + u * (c1[0, 0] + c2[0, 0])
        sm = c0[0, 1] + u * (c1[0, 1] + c2[0, 1])
        sy = c0[1, 1] + u * (c1[1, 1] + c2[1, 1])
        trace = (xx + yy) / (sx + sy)
        ratio = np.sqrt(max(xx * yy - xy * xy, 0.0) / max(sx * sy - sm * sm, 1e-24))
        if not (LEAST < trace < MOST and LEAST < ratio < MOST):
            kept = min(max(trace, LEAST), MOST)
            return kept * sx, kept * sm, kept * sy
    return xx, xy, yy


@numba.njit(cache=True, nogil=True)
def _fill(
    low: float,
    each: float,
    start: float,
    length: float,
    most: float,
    bounded: bool,
    covariance: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]],
    centroid: tuple[NDArray[np.float64], NDArray[np.float64]],
    solidity: tuple[float, float],
    roots: tuple[NDArray[np.float64], NDArray[np.float64]],
    own: NDArray[np.float64],
    area: float,
    n: int,
    heights: NDArray[np.float64],
    maps: NDArray[np.float64],
    factors: NDArray[np.float64],
) -> None:
    """One layer: its volume by Gauss quadrature, its middle, and the symmetric map to it."""
    (c0, c1, c2), (m0, m1), (s0, s1), (root, inverse) = covariance, centroid, solidity, roots
    total = moment = 0.0
    for k in range(3):
        z = low + each * _GAUSS[k]
        u = min((z - start) / length, most)
        xx, xy, yy = _covariance_at(u, c0, c1, c2, bounded)
        held = _WEIGHTS[k] * 4.0 * np.pi * (s0 + u * s1) * np.sqrt(max(xx * yy - xy * xy, 1e-24))
        total += held
        moment += held * z
    z = moment / total
    u = min((z - start) / length, most)
    xx, xy, yy = _covariance_at(u, c0, c1, c2, bounded)
    a, b, d = root[0, 0], root[0, 1], root[1, 1]
    # root @ covariance @ root, and its root in closed form
    px, py, qx, qy = a * xx + b * xy, a * xy + b * yy, b * xx + d * xy, b * xy + d * yy
    tx, tm, ty = px * a + py * b, px * b + py * d, qx * b + qy * d
    det = np.sqrt(max(tx * ty - tm * tm, 1e-24))
    scale = 1.0 / np.sqrt(max(tx + ty + 2.0 * det, 1e-24))
    tx, tm, ty = (tx + det) * scale, tm * scale, (ty + det) * scale
    a, b, d = inverse[0, 0], inverse[0, 1], inverse[1, 1]
    px, py, qx, qy = a * tx + b * tm, a * tm + b * ty, b * tx + d * tm, b * tm + d * ty
    h0, h1, h2 = px * a + py * b, px * b + py * d, qx * b + qy * d
    heights[n] = z
    maps[n, 0], maps[n, 1], maps[n, 2], maps[n, 3] = h0, h1, h1, h2
    maps[n, 4] = m0[0] + u * m1[0] - h0 * own[0] - h1 * own[1]
    maps[n, 5] = m0[1] + u * m1[1] - h1 * own[0] - h2 * own[1]
    factors[n] = total * each / area


def _root(matrices: NDArray[np.float64]) -> NDArray[np.float64]:
    """Square root of a symmetric positive 2 x 2 matrix, in closed form."""
    s = root_det(matrices)
    trace = matrices[..., 0, 0] + matrices[..., 1, 1]
    t = np.sqrt(np.maximum(trace + 2.0 * s, 1e-24))
    out: NDArray[np.float64] = (matrices + s[..., None, None] * np.eye(2)) / t[..., None, None]
    return out


def _inverse_root(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    (a, b), (c, d) = _root(matrix)
    out: NDArray[np.float64] = np.array([[d, -b], [-c, a]]) / (a * d - b * c)
    return out


def _least(matrices: NDArray[np.float64]) -> NDArray[np.float64]:
    """The lesser eigenvalue of symmetric 2 x 2 matrices."""
    half = 0.5 * (matrices[:, 0, 0] + matrices[:, 1, 1])
    apart = np.hypot(0.5 * (matrices[:, 0, 0] - matrices[:, 1, 1]), matrices[:, 0, 1])
    out: NDArray[np.float64] = half - apart
    return out
