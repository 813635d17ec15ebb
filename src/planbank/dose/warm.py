"""Compiling the dose engine before the first plan needs it (architecture.md, numerics).

Comes in: nothing. Goes out: compiled code in NUMBA_CACHE_DIR, so that a sender never waits for it.
"""

from __future__ import annotations

import numpy as np

from planbank.dicom.contours import Contours, decimal_strings
from planbank.dicom.dose_grid import DoseGrid, DoseInfo, GridGeometry
from planbank.dicom.geometry import axes_of
from planbank.dicom.structure_set import Roi, StructureSet
from planbank.dose.engine import Dvh, dvh
from planbank.dose.nesting import evenodd

SIDE = 20.0  # mm


def warm() -> Dvh:
    """Calculate the DVH of a small box (2.4 cc) of two planes in a dose that grows faster and faster."""
    decimal_strings(b"1.5\\-2\\3e1")
    evenodd([np.array([[0, 0], [1, 1], [1, 0], [0, 1]], float)])  # for contours that cross
    square = np.array([[0, 0], [SIDE, 0], [SIDE, SIDE], [0, SIDE]], float)
    points = np.concatenate([np.column_stack([square, np.full(4, z)]) for z in (0.0, 3.0)])
    offsets = np.array([0, 4, 8], np.int64)
    contours = Contours(points, offsets, ("CLOSED_PLANAR",) * 2, ("", ""))
    roi = Roi(1, "box", "", "", None, "", contours)
    (found,) = dvh(StructureSet("", "", "", "", "", "", (roi,)), _even_dose())
    return found


def _even_dose() -> DoseGrid:
    axes = axes_of((1, 0, 0, 0, 1, 0))
    assert axes is not None
    shape = (4, 12, 12)
    geometry = GridGeometry(np.array([-2.0, -2.0, -3.0]), axes, (3.0, 3.0), np.arange(0.0, 12.0, 3.0), shape)
    info = DoseInfo("", "", "GY", "PHYSICAL", "PLAN", "", (), (), geometry, 1.0, 0, (), "", "", ())
    values = (np.linspace(0, 8, int(np.prod(shape)), dtype=np.float32) ** 2).reshape(shape)
    return DoseGrid(info, geometry, values)
