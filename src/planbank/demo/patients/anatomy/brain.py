"""Brain, ventricles, brain stem, optic pathway and eyes.

Comes in: an `Anatomy` with a skull. Goes out: the same with what lies within.
"""

from __future__ import annotations

from ..geometry.shapes import both_sides, shell, union
from ..geometry.solids import ellipsoid, loft, plate, rod
from ..geometry.texture import mixed
from .body import Anatomy
from .skull import CRANIUM


def add_brain(body: Anatomy) -> None:
    """Paint brain and eyes."""
    _brain(body)
    _eyes(body)


def _brain(body: Anatomy) -> None:
    seed = body.build.seed
    inside = loft([(z - (6 if z > 150 else 0), x, y, rx - 6, ry - 6) for z, x, y, rx, ry in CRANIUM], 2.1)
    brain = inside - body.organs["skull_base"]
    body.organ("brain", brain.grown(-0.5), mixed(38, 27, 0.45, 9, seed + 15, blur=1.2))
    rim = shell(brain, -1, -11).cut(z_lo=70)
    body.paint(rim, mixed(41, 9, 0.22, 5, seed + 16, blur=0.5), edge=2)
    body.paint(ellipsoid((0, 0, 140), (1.6, 90, 46)), 20, edge=2)
    ventricles = both_sides(
        rod([(6, -34, 104), (9, -10, 112), (11, 16, 112), (20, 36, 104)], 5.5)
        | rod([(20, 36, 104), (30, 14, 84)], 3.5)
    )
    body.paint(ventricles, 7, edge=2)
    body.paint(
        plate([(86, 0, -14, 0, 12, 1.8), (100, 0, -12, 0, 12, 1.8)]) | ellipsoid((0, 33, 62), (7, 5, 9)),
        8,
        edge=2,
    )
    body.paint(ellipsoid((0, -20, 74), (12, 8, 6)) | ellipsoid((0, 14, 82), (16, 6, 5)), 9, edge=2)
    stem = loft(
        [(88, 0, 2, 15, 10), (76, 0, 5, 16, 12), (64, 0, 8, 17, 14), (52, 0, 15, 11, 9), (38, 0, 26, 8, 7)]
    )
    body.paint(shell(stem, 3, 0).cut(z_hi=72), 12, edge=2)
    body.organ("brainstem", stem, 33)
    body.organ("cerebellum", (ellipsoid((0, 58, 56), (50, 32, 22)) & inside).waved(0.8, 14) - stem.grown(2))
    body.organ("chiasm", ellipsoid((0, -16, 76), (8, 5, 2.6)), 36)
    body.organ("pituitary", ellipsoid((0, -18, 69), (6, 5, 4)), 55)
    body.pair("hippocampus", rod([(24, -6, 74), (27, 10, 76), (24, 26, 84)], 4.5))


def _eyes(body: Anatomy) -> None:
    globe = ellipsoid((33, -71, 63), (12.2, 12.4, 12.2))
    nerve = rod([(33, -59, 63), (24, -42, 66), (9, -24, 73)], 2.2)
    muscles = union([rod([(33 + s, -68, 63), (32 + s * 0.75, -54, 63), (20, -36, 65)], 2) for s in (-13, 13)])
    body.paint(both_sides(muscles), 50)
    body.pair("optic_nerve", nerve, 38)
    body.paint(both_sides(globe), 55)
    body.pair("eye", globe, None)
    body.paint(both_sides(globe.grown(-1.4)), 12)
    body.pair("lens", ellipsoid((33, -80.5, 63), (4.6, 2.4, 4.6)), 95)
    body.pair("lacrimal_gland", ellipsoid((46, -70, 71), (4, 7, 6)), 42)
