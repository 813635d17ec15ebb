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
def interpolate_cubic(
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
    """Like `interpolate`, with the sag along all three axes taken off."""
    nz, ny, nx = values.shape
    i = min(max(int(c), 0), max(nx - 2, 0))
    j = min(max(int(r), 0), max(ny - 2, 0))
    i1, j1, k1 = min(i + 1, nx - 1), min(j + 1, ny - 1), min(k + 1, nz - 1)
    step = offsets[k1] - offsets[k] if k1 > k else 1.0
    a = min(max(c - i, 0.0), 1.0)
    b = min(max(r - j, 0.0), 1.0)
    g = min(max((p - offsets[k]) / step, 0.0), 1.0)
    v000, v001, v010, v011 = values[k, j, i], values[k, j, i1], values[k, j1, i], values[k, j1, i1]
    v100, v101, v110, v111 = values[k1, j, i], values[k1, j, i1], values[k1, j1, i], values[k1, j1, i1]
    w00, w01, w10, w11 = (1.0 - b) * (1.0 - g), b * (1.0 - g), (1.0 - b) * g, b * g
    left = w00 * v000 + w01 * v010 + w10 * v100 + w11 * v110
    right = w00 * v001 + w01 * v011 + w10 * v101 + w11 * v111
    u00, u01, u10, u11 = (1.0 - a) * (1.0 - g), a * (1.0 - g), (1.0 - a) * g, a * g
    front = u00 * v000 + u01 * v001 + u10 * v100 + u11 * v101
    back = u00 * v010 + u01 * v011 + u10 * v110 + u11 * v111
    t00, t01, t10, t11 = (1.0 - a) * (1.0 - b), a * (1.0 - b), (1.0 - a) * b, a * b
    below = t00 * v000 + t01 * v001 + t10 * v010 + t11 * v011
    above = t00 * v100 + t01 * v101 + t10 * v110 + t11 * v111
    across = down = between = 0.0
    if i > 0 and i1 < nx - 1:
        h, m = i - 1, i1 + 1
        low = (
            w00 * values[k, j, h] + w01 * values[k, j1, h] + w10 * values[k1, j, h] + w11 * values[k1, j1, h]
        )
        high = (
            w00 * values[k, j, m] + w01 * values[k, j1, m] + w10 * values[k1, j, m] + w11 * values[k1, j1, m]
        )
        across = _limited(low - 2.0 * left + right, left - 2.0 * right + high, a)
    elif i1 > i and nx > 2:
        h = i - 1 if i > 0 else i1 + 1
        low = (
            w00 * values[k, j, h] + w01 * values[k, j1, h] + w10 * values[k1, j, h] + w11 * values[k1, j1, h]
        )
        across = low - 2.0 * left + right if i > 0 else left - 2.0 * right + low
    if j > 0 and j1 < ny - 1:
        h, m = j - 1, j1 + 1
        low = (
            u00 * values[k, h, i] + u01 * values[k, h, i1] + u10 * values[k1, h, i] + u11 * values[k1, h, i1]
        )
        high = (
            u00 * values[k, m, i] + u01 * values[k, m, i1] + u10 * values[k1, m, i] + u11 * values[k1, m, i1]
        )
        down = _limited(low - 2.0 * front + back, front - 2.0 * back + high, b)
    elif j1 > j and ny > 2:
        h = j - 1 if j > 0 else j1 + 1
        low = (
            u00 * values[k, h, i] + u01 * values[k, h, i1] + u10 * values[k1, h, i] + u11 * values[k1, h, i1]
        )
        down = low - 2.0 * front + back if j > 0 else front - 2.0 * back + low
    if k1 > k and nz > 2:
        rise, bend_low, bend_high = above - below, 0.0, 0.0
        if k > 0:
            h = k - 1
            far = (
                t00 * values[h, j, i]
                + t01 * values[h, j, i1]
                + t10 * values[h, j1, i]
                + t11 * values[h, j1, i1]
            )
            part = (offsets[k] - offsets[h]) / step
            bend_low = 2.0 * (rise - (below - far) / part) / (1.0 + part)
        if k1 < nz - 1:
            h = k1 + 1
            far = (
                t00 * values[h, j, i]
                + t01 * values[h, j, i1]
                + t10 * values[h, j1, i]
                + t11 * values[h, j1, i1]
            )
            part = (offsets[h] - offsets[k1]) / step
            bend_high = 2.0 * ((far - above) / part - rise) / (1.0 + part)
        if k > 0 and k1 < nz - 1:
            between = _limited(bend_low, bend_high, g)
        else:
            between = bend_low if k > 0 else bend_high
    sag = a * (1.0 - a) * across + b * (1.0 - b) * down + g * (1.0 - g) * between
    dose[at] += scale * (below + g * (above - below) - 0.5 * sag)
    dc = right - left - 0.5 * (1.0 - 2.0 * a) * across
    dr = back - front - 0.5 * (1.0 - 2.0 * b) * down
    dp = (above - below - 0.5 * (1.0 - 2.0 * g) * between) / step
    for axis in range(3):
        gradient[at, axis] += scale * (turn[0, axis] * dc + turn[1, axis] * dr + turn[2, axis] * dp)


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
