"""The dose between voxels: trilinear, or cubic and bounded.

Comes in: a dose grid and where within a voxel's reach a point lies. Goes out: dose and gradient
there. The cubic through four voxels along each axis is written as the straight line between two
of them less its sagging; the sag follows from the second differences at both. Where those differ
in sign (an edge, noise) there is none, and it never exceeds twice what the straighter one asks
for: no ringing beside a steep edge, and a peak between voxels keeps its height.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@numba.njit(cache=True, nogil=True)
def plane_below(offsets: NDArray[np.float64], p: float, guess: int) -> int:
    """Index of the plane at or below p, so that the next one exists; neighbours tend to share it."""
    last = len(offsets) - 2
    if last < 0:
        return 0
    plane = min(guess, last)
    while plane < last and p >= offsets[plane + 1]:
        plane += 1
    while plane > 0 and p < offsets[plane]:
        plane -= 1
    return plane


@numba.njit(cache=True, nogil=True)
def interpolate(
    values: NDArray[np.float32],
    offsets: NDArray[np.float64],
    turn: NDArray[np.float64],
    scale: float,
    c: float,
    r: float,
    p: float,
    plane: int,
    at: int,
    dose: NDArray[np.float64],
    gradient: NDArray[np.float64],
) -> None:
    nz, ny, nx = values.shape
    i = min(max(int(c), 0), max(nx - 2, 0))
    j = min(max(int(r), 0), max(ny - 2, 0))
    i1, j1, k1 = min(i + 1, nx - 1), min(j + 1, ny - 1), min(plane + 1, nz - 1)
    step = offsets[k1] - offsets[plane] if k1 > plane else 1.0
    a = min(max(c - i, 0.0), 1.0)
    b = min(max(r - j, 0.0), 1.0)
    g = min(max((p - offsets[plane]) / step, 0.0), 1.0)
    v000, v001 = values[plane, j, i], values[plane, j, i1]
    v010, v011 = values[plane, j1, i], values[plane, j1, i1]
    v100, v101 = values[k1, j, i], values[k1, j, i1]
    v110, v111 = values[k1, j1, i], values[k1, j1, i1]
    e00, e01 = v000 + a * (v001 - v000), v010 + a * (v011 - v010)
    e10, e11 = v100 + a * (v101 - v100), v110 + a * (v111 - v110)
    f0, f1 = e00 + b * (e01 - e00), e10 + b * (e11 - e10)
    dp = (f1 - f0) / step
    dr = (1.0 - g) * (e01 - e00) + g * (e11 - e10)
    dc = (1.0 - g) * ((1.0 - b) * (v001 - v000) + b * (v011 - v010))
    dc += g * ((1.0 - b) * (v101 - v100) + b * (v111 - v110))
    dose[at] += scale * (f0 + g * (f1 - f0))
    for axis in range(3):
        gradient[at, axis] += scale * (turn[0, axis] * dc + turn[1, axis] * dr + turn[2, axis] * dp)


@numba.njit(cache=True, nogil=True)
def take_off_sag(
    values: NDArray[np.float32],
    offsets: NDArray[np.float64],
    turn: NDArray[np.float64],
    scale: float,
    c: float,
    r: float,
    p: float,
    k: int,
    at: int,
    dose: NDArray[np.float64],
    gradient: NDArray[np.float64],
) -> None:
    """Take the sag along all three axes off a point's dose and gradient."""
    nz, ny, nx = values.shape
    i = min(max(int(c), 0), max(nx - 2, 0))
    j = min(max(int(r), 0), max(ny - 2, 0))
    i1, j1, k1 = min(i + 1, nx - 1), min(j + 1, ny - 1), min(k + 1, nz - 1)
    step = offsets[k1] - offsets[k] if k1 > k else 1.0
    a = min(max(c - i, 0.0), 1.0)
    b = min(max(r - j, 0.0), 1.0)
    g = min(max((p - offsets[k]) / step, 0.0), 1.0)
    across = _sag_across(values, i, i1, j, j1, k, k1, a, b, g)
    down = _sag_down(values, i, i1, j, j1, k, k1, a, b, g)
    between = _sag_between(values, offsets, i, i1, j, j1, k, k1, a, b, g)
    sag = a * (1.0 - a) * across + b * (1.0 - b) * down + g * (1.0 - g) * between
    dose[at] -= 0.5 * scale * sag
    dc, dr = 0.5 * (1.0 - 2.0 * a) * across, 0.5 * (1.0 - 2.0 * b) * down
    dp = 0.5 * (1.0 - 2.0 * g) * between / step
    for axis in range(3):
        gradient[at, axis] -= scale * (turn[0, axis] * dc + turn[1, axis] * dr + turn[2, axis] * dp)


@numba.njit(cache=True, nogil=True)
def bends(v: NDArray[np.float32], offsets: NDArray[np.float64], least: float) -> NDArray[np.uint8]:
    """(nz, ny, nx) 1 where a second difference between voxels exceeds `least` (in the grid's unit).

    Everywhere else the straight line is within an eighth of that.
    """
    nz, ny, nx = v.shape
    out = np.zeros((nz, ny, nx), np.uint8)
    for k in range(nz):
        below, above = max(k - 1, 0), min(k + 1, nz - 1)
        fall, rise = np.float32(1.0), np.float32(1.0)
        if below < k < above:  # planes may be unevenly spaced
            wide = 0.5 * (offsets[above] - offsets[below])
            fall = np.float32(wide / (offsets[k] - offsets[below]))
            rise = np.float32(wide / (offsets[above] - offsets[k]))
        for j in range(ny):
            front, back = max(j - 1, 0), min(j + 1, ny - 1)
            for i in range(nx):
                double = np.float32(2.0) * v[k, j, i]
                if (
                    abs(v[k, j, max(i - 1, 0)] - double + v[k, j, min(i + 1, nx - 1)]) > least
                    or abs(v[k, front, i] - double + v[k, back, i]) > least
                    or abs(fall * (v[below, j, i] - v[k, j, i]) + rise * (v[above, j, i] - v[k, j, i]))
                    > least
                ):
                    out[k, j, i] = 1
    return out


@numba.njit(cache=True, nogil=True)
def _limited(low: float, high: float, t: float) -> float:
    """The second difference at t between two voxels that have `low` and `high`."""
    if low * high <= 0.0:
        return 0.0
    between = ((2.0 - t) * low + (1.0 + t) * high) / 3.0
    most = 2.0 * min(abs(low), abs(high))
    return min(max(between, -most), most)


@numba.njit(cache=True, nogil=True)
def _sag_across(
    v: NDArray[np.float32], i: int, i1: int, j: int, j1: int, k: int, k1: int, a: float, b: float, g: float
) -> float:
    last = v.shape[2] - 1
    if i1 == i or (i == 0 and i1 == last):
        return 0.0
    low = high = 0.0
    for y, z, w in ((j, k, (1 - b) * (1 - g)), (j1, k, b * (1 - g)), (j, k1, (1 - b) * g), (j1, k1, b * g)):
        near, far = v[z, y, i], v[z, y, i1]
        if i > 0:
            low += w * (v[z, y, i - 1] - 2.0 * near + far)
        if i1 < last:
            high += w * (near - 2.0 * far + v[z, y, i1 + 1])
    return _limited(low if i > 0 else high, high if i1 < last else low, a)


@numba.njit(cache=True, nogil=True)
def _sag_down(
    v: NDArray[np.float32], i: int, i1: int, j: int, j1: int, k: int, k1: int, a: float, b: float, g: float
) -> float:
    last = v.shape[1] - 1
    if j1 == j or (j == 0 and j1 == last):
        return 0.0
    low = high = 0.0
    for x, z, w in ((i, k, (1 - a) * (1 - g)), (i1, k, a * (1 - g)), (i, k1, (1 - a) * g), (i1, k1, a * g)):
        near, far = v[z, j, x], v[z, j1, x]
        if j > 0:
            low += w * (v[z, j - 1, x] - 2.0 * near + far)
        if j1 < last:
            high += w * (near - 2.0 * far + v[z, j1 + 1, x])
    return _limited(low if j > 0 else high, high if j1 < last else low, b)


@numba.njit(cache=True, nogil=True)
def _sag_between(
    v: NDArray[np.float32],
    offsets: NDArray[np.float64],
    i: int,
    i1: int,
    j: int,
    j1: int,
    k: int,
    k1: int,
    a: float,
    b: float,
    g: float,
) -> float:
    """Along the normal, where planes may be unevenly spaced."""
    last = v.shape[0] - 1
    if k1 == k or (k == 0 and k1 == last):
        return 0.0
    step = offsets[k1] - offsets[k]
    below = (offsets[k] - offsets[k - 1]) / step if k > 0 else 1.0
    above = (offsets[k1 + 1] - offsets[k1]) / step if k1 < last else 1.0
    low = high = 0.0
    for x, y, w in ((i, j, (1 - a) * (1 - b)), (i1, j, a * (1 - b)), (i, j1, (1 - a) * b), (i1, j1, a * b)):
        near, far = v[k, y, x], v[k1, y, x]
        rise = far - near
        if k > 0:
            low += w * 2.0 * (rise - (near - v[k - 1, y, x]) / below) / (1.0 + below)
        if k1 < last:
            high += w * 2.0 * ((v[k1 + 1, y, x] - far) / above - rise) / (1.0 + above)
    return _limited(low if k > 0 else high, high if k1 < last else low, g)
