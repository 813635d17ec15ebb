"""Borders closed again where level edges were left out.

Comes in: directed edges of a border, as `planbank.dose.derived.overlay` makes them. Goes out: the same with
the level pieces between them, so that a distance can be taken to all of the border.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHORTEST = 1e-6
"""mm; what is shorter is rounding."""


def with_level_edges(edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """The border (n, 4), closed.

    At each height as many edges arrive as leave, once level edges are counted. So what arrived and did not
    leave by a given x must go on along the height.
    """
    if not len(edges):
        return edges
    x = np.concatenate((edges[:, 0], edges[:, 2]))
    y = np.concatenate((edges[:, 1], edges[:, 3]))
    arrived = np.concatenate((np.full(len(edges), -1), np.full(len(edges), 1)))
    order = np.lexsort((x, y))
    x, y, flow = x[order], y[order], np.cumsum(arrived[order])[:-1]
    left, right, height = x[:-1], x[1:], y[:-1]
    open_ = (flow != 0) & (right - left > SHORTEST) & (y[1:] == height)
    left, right, height, flow = left[open_], right[open_], height[open_], flow[open_]
    start, stop = np.where(flow > 0, left, right), np.where(flow > 0, right, left)
    return np.concatenate((edges, np.column_stack((start, height, stop, height))))
