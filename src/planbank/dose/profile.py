"""How a cross-section changes with height: its covariance as quadratics between and beyond planes.

Comes in: sections of one region on successive planes. Goes out: `Piece`s, each a stretch of height
with the curve that holds on it.

The covariance of position within a cross-section is quadratic in height for every cone,
cylinder (upright or lying) and ellipsoid (leaning or not), and so near the ends of most smooth
bodies. Between planes its bend is the mean of those at both planes: then every inner plane
weighs its area with the spacing, which is exact for what is smooth (Euler-Maclaurin), and only
ends need a model. There the quadratic goes on to where it vanishes: a body that tapers ends there.
One that does not ends half a slice beyond its last plane. A hollow or bent end is a ridge: a band
about a spine, of half width w and spine length l, with area 2 l w + pi w^2 and perimeter 2 l + 2 pi w
(Steiner; without the pi terms where it closes to a ring). The square of w is quadratic in height
for a tube of round section, however it is bent, and l changes evenly.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numba
import numpy as np

from planbank.dose.section import root_det

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from planbank.dose.section import Section

SOLID = 0.75
"""Area over that of the ellipse of the same covariance; below it a region is bent (1 for an ellipse,
0.95 for a rectangle, 0.83 for a triangle)."""

LEAST, MOST = 0.45, 1.6
"""Bounds of an interpolated variance, beside the straight line between its planes."""

UNEQUAL = 0.25
"""A plane whose area is less than this part of its neighbour's gives the shape to no layer between."""

FLAT = 1.0 / np.sqrt(3.0)
"""Doubt about the half slice beyond a flat end: the end lies anywhere up to the next plane."""

TAPERED = 0.2
"""Doubt about an end that the body's own taper tells."""

GONE = 0.01
"""A least variance that falls to this part of the end plane's is a tip (a cone's touches nought)."""

NONE = np.zeros((2, 2))
STEPS = np.linspace(0.0, 1.0, 65)


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Quadratics in u = (z - start) / length: covariance, centroid and solidity over the section's own.

    Attributes:
        most: u beyond which nothing changes.
        bounded: kept within bounds beside the straight line from 0 to 1.
        ridge: (6,) for ridges, where the covariance does not tell the area: the quadratic of w^2 (mm2),
            spine length at u = 0 (mm) and its change to u = 1, and the Euler characteristic (1
            for a band, 0 for a ring). None elsewhere.
    """

    start: float
    length: float
    covariance: NDArray[np.float64]
    centroid: NDArray[np.float64]
    solidity: tuple[float, float]
    bounded: bool
    most: float = 1.0
    ridge: NDArray[np.float64] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A stretch of height (mm), the curve on it, and the index of the section whose cells fill it.

    `is_end`: it lies beyond the first or last section; `share` multiplies its volume; `doubt` is the
    standard uncertainty of that volume, as a part of it.
    """

    low: float
    high: float
    curve: Curve
    owner: int
    is_end: bool = False
    share: float = 1.0
    doubt: float = 0.0


@dataclass(frozen=True, slots=True)
class End:
    """What is beyond the first or last section: `gap` mm to a plane without it.

    `is_open`: the region goes on there, divided or joined, so that it is carried on unchanged;
    `share` is the volume of that stretch over what it would hold unchanged.
    """

    gap: float
    is_open: bool = False
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Net:
    """A section without its holes: area (mm2), perimeter of rim and holes (mm), number of holes."""

    area: float
    perimeter: float
    holes: int

    def half_width(self, euler: int) -> float:
        """Half the width (mm) of the band with this area and perimeter."""
        if euler == 0:
            return self.area / self.perimeter
        left = max(self.perimeter**2 - 4.0 * np.pi * euler * self.area, 0.0)
        return float((self.perimeter - np.sqrt(left)) / (2.0 * np.pi * euler))


def pieces(
    sections: Sequence[Section], below: End, above: End, nets: Sequence[Net] | None = None
) -> list[Piece]:
    """Pieces of height between and beyond sections, ascending by owner.

    `nets` are the sections without their holes; None where there are none.
    """
    bends = _bends(sections)
    if len(sections) == 2 and not (below.is_open or above.is_open) and nets is None:
        bends = _ball(sections, below.gap, above.gap)
    caps = [
        _cap(sections, bends, below, -1.0, nets),
        _cap(sections, bends, above, 1.0, nets),
    ]
    made = [caps[0]]
    for i, (low, high) in enumerate(itertools.pairwise(sections)):
        curve = _between(low, high, bends[i], bends[i + 1])
        for cap, place in ((caps[0], 0), (caps[1], len(sections) - 2)):
            if i == place and cap.curve.ridge is not None and curve.ridge is None:
                curve = _with_ridge(curve, cap.curve)
        middle = 0.5
        if low.area < UNEQUAL * high.area:
            middle = 0.0
        elif high.area < UNEQUAL * low.area:
            middle = 1.0
        cut = low.position + middle * (high.position - low.position)
        if middle > 0.0:
            made.append(Piece(low.position, cut, curve, i))
        if middle < 1.0:
            made.append(Piece(cut, high.position, curve, i + 1))
    made.append(caps[1])
    return made


def _with_ridge(curve: Curve, cap: Curve) -> Curve:
    """The interval beside a ridge, on the quadratic that the ridge goes on with."""
    assert cap.ridge is not None
    q0, q1, q2, l0, l1, euler = cap.ridge
    ratio, shift = curve.length / cap.length, (curve.start - cap.start) / cap.length
    ridge = np.array(
        [
            *(q0 + shift * (q1 + shift * q2), ratio * (q1 + 2.0 * shift * q2), ratio * ratio * q2),
            *(l0 + shift * l1, ratio * l1, euler),
        ]
    )
    return replace(curve, ridge=ridge)


def _bends(sections: Sequence[Section]) -> list[NDArray[np.float64] | None]:
    """Second divided difference of the covariance at every inner section."""
    if len(sections) < 3:
        return [None] * len(sections)
    z = np.array([section.position for section in sections])
    covariances = np.stack([section.covariance for section in sections])
    rises = np.diff(covariances, axis=0) / np.diff(z)[:, None, None]
    found = np.diff(rises, axis=0) / (z[2:] - z[:-2])[:, None, None]
    return [None, *found, None]


def _mean(a: NDArray[np.float64] | None, b: NDArray[np.float64] | None) -> NDArray[np.float64]:
    known = [bend for bend in (a, b) if bend is not None]
    if len(known) == 2:
        return 0.5 * (known[0] + known[1])
    return known[0] if known else NONE


def _lesser(a: NDArray[np.float64] | None, b: NDArray[np.float64] | None) -> NDArray[np.float64]:
    """The lesser of two bends that have one sign; none where they have not."""
    if a is None or b is None:
        return _mean(a, b)
    one, other = float(np.trace(a)), float(np.trace(b))
    if one * other <= 0.0:
        return NONE
    return a if abs(one) <= abs(other) else b


def _between(
    low: Section, high: Section, bend_low: NDArray[np.float64] | None, bend_high: NDArray[np.float64] | None
) -> Curve:
    gap = high.position - low.position
    c2 = _mean(bend_low, bend_high) * (gap * gap)
    c1 = high.covariance - low.covariance - c2
    return Curve(
        low.position,
        gap,
        np.stack((low.covariance, c1, c2)),
        np.stack((low.centroid, high.centroid - low.centroid)),
        (low.solidity, high.solidity - low.solidity),
        bounded=True,
    )


def _cap(
    sections: Sequence[Section],
    bends: list[NDArray[np.float64] | None],
    end: End,
    sign: float,
    nets: Sequence[Net] | None,
) -> Piece:
    """What lies beyond an end section, towards a plane on which it is no more."""
    order = range(len(sections)) if sign < 0 else range(len(sections) - 1, -1, -1)
    near = [sections[i] for i in order[:3]]
    own = near[0]
    curve, reach = _even(own, sign), 0.5 * end.gap
    doubt = TAPERED if end.is_open else float(FLAT)
    if len(near) > 1 and not end.is_open:
        bare = [Net(one.area, one.perimeter, 0) for one in near]
        held = [nets[i] for i in order[:3]] if nets is not None else bare
        if own.solidity >= SOLID and not held[0].holes:
            curve, reach = _taper(near, [bends[i] for i in order[1:3]], end.gap, sign)
        else:
            curve, reach = _ridge(near, held, end.gap, sign)
        if abs(reach - 0.5 * end.gap) > 1e-9:
            doubt = TAPERED
    low, high = sorted((own.position, own.position + sign * reach))
    return Piece(low, high, curve, order[0], True, end.share, doubt)


def _even(own: Section, sign: float) -> Curve:
    return Curve(
        own.position,
        sign,
        np.stack((own.covariance, NONE, NONE)),
        np.stack((own.centroid, np.zeros(2))),
        (own.solidity, 0.0),
        bounded=False,
    )


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
    near: Sequence[Section], bends: Sequence[NDArray[np.float64] | None], gap: float, sign: float
) -> tuple[Curve, float]:
    """The curve beyond a solid end section and how far it reaches."""
    own, inner = near[0], near[1]
    step = abs(inner.position - own.position)
    known = [bend for bend in bends if bend is not None]
    bend = _lesser(known[0], known[1]) if len(known) > 1 else known[0] if known else NONE
    c2 = bend * (gap * gap)
    c1 = ((own.covariance - inner.covariance) / step + bend * step) * gap
    root = inverse_root(own.covariance)
    a, b = root @ c1 @ root, root @ c2 @ root
    least = _least(np.eye(2) + a * STEPS[:, None, None] + b * (STEPS * STEPS)[:, None, None])
    lowest = int(np.argmin(least))
    gone = np.nonzero(least <= 0.0)[0]
    if len(gone):
        k = int(gone[0])
        most = float(STEPS[k - 1] + (STEPS[k] - STEPS[k - 1]) * least[k - 1] / (least[k - 1] - least[k]))
        reach = most * gap
    elif least[lowest] < GONE:
        most = float(STEPS[lowest])
        reach = most * gap
    else:
        most = float(STEPS[lowest]) if 0 < lowest < len(STEPS) - 1 else 1.0
        left = np.eye(2) + a * most + b * (most * most)
        reach = gap * (1.0 - min(float(np.sqrt(max(np.linalg.det(left), 0.0))), 0.5))
    drift = (own.centroid - inner.centroid) / step * gap
    curve = Curve(
        own.position,
        sign * gap,
        np.stack((own.covariance, c1, c2)),
        np.stack((own.centroid, drift)),
        (own.solidity, 0.0),
        bounded=False,
        most=most,
    )
    return curve, reach


def _ridge(near: Sequence[Section], nets: Sequence[Net], gap: float, sign: float) -> tuple[Curve, float]:
    """The curve beyond a hollow or bent end section and how far it reaches."""
    own, euler = near[0], 1 - nets[0].holes
    z = [abs(section.position - own.position) for section in near]
    widths = [net.half_width(euler) for net in nets]
    q = [width * width for width in widths]
    spines = [net.area / (2.0 * w) - 0.5 * np.pi * w * euler for net, w in zip(nets, widths, strict=True)]
    slope, bend = (q[0] - q[1]) / z[1], 0.0
    if len(q) > 2:
        bend = min(((q[2] - q[1]) / (z[2] - z[1]) - (q[1] - q[0]) / z[1]) / z[2], 0.0)
    c1, c2 = (slope + bend * z[1]) * gap, bend * gap * gap
    at_gap = q[0] + c1 + c2
    if c1 >= 0.0 or at_gap > 0.25 * q[0]:
        return _even(own, sign), 0.5 * gap
    reach = gap
    if at_gap <= 0.0:
        flat = abs(c2) < 1e-9 * q[0]
        u = -q[0] / c1 if flat else (-c1 - np.sqrt(c1 * c1 - 4.0 * c2 * q[0])) / (2.0 * c2)
        reach = float(u) * gap
    ridge = np.array([q[0], c1, c2, spines[0], (spines[0] - spines[1]) / z[1] * gap, euler])
    return replace(_even(own, sign), length=sign * gap, ridge=ridge), reach


@numba.njit(cache=True, nogil=True)
def covariance_at(u: float, c: NDArray[np.float64], bounded: bool) -> tuple[float, float, float]:
    """xx, xy, yy at u, kept within bounds beside the straight line where that is asked for."""
    xx = c[0, 0, 0] + u * (c[1, 0, 0] + u * c[2, 0, 0])
    xy = c[0, 0, 1] + u * (c[1, 0, 1] + u * c[2, 0, 1])
    yy = c[0, 1, 1] + u * (c[1, 1, 1] + u * c[2, 1, 1])
    if bounded:
        sx = c[0, 0, 0] + u * (c[1, 0, 0] + c[2, 0, 0])
        sm = c[0, 0, 1] + u * (c[1, 0, 1] + c[2, 0, 1])
        sy = c[0, 1, 1] + u * (c[1, 1, 1] + c[2, 1, 1])
        trace = (xx + yy) / (sx + sy)
        ratio = np.sqrt(max(xx * yy - xy * xy, 0.0) / max(sx * sy - sm * sm, 1e-24))
        if not (LEAST < trace < MOST and LEAST < ratio < MOST):
            kept = min(max(trace, LEAST), MOST)
            return kept * sx, kept * sm, kept * sy
    return xx, xy, yy


def inverse_root(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Inverse square root of a symmetric positive 2 x 2 matrix, in closed form."""
    s = float(root_det(matrix))
    t = np.sqrt(max(matrix[0, 0] + matrix[1, 1] + 2.0 * s, 1e-24))
    a, b, d = (matrix[0, 0] + s) / t, matrix[0, 1] / t, (matrix[1, 1] + s) / t
    out: NDArray[np.float64] = np.array([[d, -b], [-b, a]]) / (a * d - b * b)
    return out


def _least(matrices: NDArray[np.float64]) -> NDArray[np.float64]:
    """The lesser eigenvalue of symmetric 2 x 2 matrices."""
    half = 0.5 * (matrices[:, 0, 0] + matrices[:, 1, 1])
    apart = np.hypot(0.5 * (matrices[:, 0, 0] - matrices[:, 1, 1]), matrices[:, 0, 1])
    out: NDArray[np.float64] = half - apart
    return out
