"""Skull, face and jaw, with their air cells, and the tongue.

Comes in: an `Anatomy` that has soft tissue. Goes out: the same with bones.
"""

from __future__ import annotations

from ..geometry.shapes import both_sides, shell
from ..geometry.solids import capsule, ellipsoid, loft, plate, rod, sleeve
from ..geometry.texture import mixed, mottled
from .body import Anatomy

FAT, MUSCLE = -95.0, 58.0

CRANIUM = [
    (179, 0, 6, 18, 24), (172, 0, 5, 38, 50), (158, 0, 5, 54, 70), (140, 0, 4, 65, 84), (115, 0, 4, 70, 91),
    (90, 0, 5, 71, 92), (72, 0, 8, 69, 86), (58, 0, 24, 64, 66), (46, 0, 34, 55, 54), (38, 0, 38, 48, 47),
    (30, 0, 42, 34, 34), (25, 0, 40, 15, 15),
]  # fmt: skip


def add_skull(body: Anatomy) -> None:
    """Paint cranium, face and jaw; the organs `cranium` and `skull_base` are kept for the brain."""
    _skull(body)
    _face(body)
    _jaw(body)


def _skull(body: Anatomy) -> None:
    cranium = loft(CRANIUM, 2.1)
    body.organs["cranium"] = cranium
    body.paint(cranium, 1150)
    body.paint(shell(cranium, -2.0, -4.2).cut(z_lo=75), 550, edge=1.5)
    petrous = both_sides(capsule((60, 10, 50), (16, -10, 60), 11, 8))
    mastoid = both_sides(ellipsoid((58, 22, 40), (13, 17, 20)))
    clivus = capsule((0, -16, 60), (0, 4, 36), 8) | ellipsoid((0, -24, 64), (19, 17, 11))
    wings = both_sides(capsule((14, -26, 72), (52, -44, 76), 4))
    body.organs["skull_base"] = petrous | mastoid | clivus | wings
    body.bone(petrous | mastoid, cortex=950, marrow=700)
    body.bone(wings)
    cells = mixed(500, -750, 0.5, 4, body.build.seed + 6)
    body.paint(both_sides(ellipsoid((59, 24, 41), (9, 13, 15))), cells)
    body.paint(both_sides(capsule((84, 2, 50), (52, 4, 52), 3.2)), -950)
    body.bone(clivus, cortex=700)
    body.paint(both_sides(ellipsoid((6, -28, 65), (5.2, 11, 8))), -980)
    body.pair("cochlea", ellipsoid((41, 0, 53), (3.4, 3.4, 3.4)), 250)


def _face(body: Anatomy) -> None:
    seed = body.build.seed
    zygoma = rod([(66, -6, 52), (66, -32, 50), (52, -64, 47)], 3.4)
    orbit = ellipsoid((33, -62, 63), (20, 25, 18))
    sinus = ellipsoid((31, -56, 38), (15, 18, 17))
    maxilla = ellipsoid((0, -58, 30), (40, 36, 22)).cut(y_hi=-30) & body.outline.grown(-7)
    body.bone(maxilla.cut(z_lo=22), cortex=380, marrow=60, rim=2)
    frontal = sleeve([(104, 0, -8, 62, 84), (74, 0, -8, 62, 83)], 0, -7, 2.2).cut(y_hi=-50)
    body.bone(frontal)
    body.bone(both_sides(zygoma))
    body.paint(both_sides(shell(orbit, 2, -0.5).cut(y_hi=-44)), 650)
    body.paint(both_sides(orbit), FAT)
    nose = loft([(20, 0, -56, 12, 32), (35, 0, -58, 14, 38), (52, 0, -54, 10, 32)], 3)
    body.paint(nose.grown(1.8), 350)
    body.paint(nose, -960)
    body.paint(both_sides(ellipsoid((7, -54, 30), (3.2, 22, 6)) | ellipsoid((6, -50, 43), (2.6, 18, 5))), 45)
    body.paint(ellipsoid((0, -54, 38), (1.6, 36, 18)), 220)
    body.paint(both_sides(ellipsoid((9, -48, 64), (8, 24, 10))), mixed(-960, 420, 0.42, 5, seed + 7))
    sinus = sinus.waved(1.5, 40)
    body.paint(both_sides(shell(sinus, 2, 0)), 620)
    body.paint(both_sides(sinus), -985)
    body.paint(both_sides(ellipsoid((13, -86, 88), (10, 4, 9))), -970)


def _jaw(body: Anatomy) -> None:
    seed = body.build.seed
    arch = sleeve([(-26, 0, -36, 38, 45), (-8, 0, -34, 44, 51), (-2, 0, -34, 43, 51)], 0, -9, 2.2)
    mandible = arch.cut(y_hi=-22) | both_sides(
        plate([(-12, 43, -30, 49, -8, 4.5), (44, 50, -20, 52, -4, 3.5)])
    )
    mandible = mandible & body.outline.grown(-5)
    body.organs["mandible"] = mandible
    masseter = both_sides(
        plate([(-14, 51, -34, 55, -10, 5), (44, 57, -30, 59, -12, 4)])
    ) & body.outline.grown(-4)
    body.paint(masseter.grown(1.5), FAT, edge=2)
    body.paint(masseter, MUSCLE + 6, edge=2)
    body.bone(mandible, cortex=1250, marrow=300, rim=2.2)
    mouth = loft([(-18, 0, -38, 28, 34), (4, 0, -42, 34, 42), (20, 0, -44, 30, 40)], 2.2).cut(y_hi=-12)
    body.organs["oral_cavity"] = mouth
    body.paint(mouth, mottled(52, 6, 5, seed + 8))
    tongue = ellipsoid((0, -46, 0), (24, 33, 21))
    body.paint(tongue, mixed(68, 5, 0.2, 5, seed + 9), edge=3)
    teeth = sleeve([(-8, 0, -40, 36, 44), (19, 0, -42, 32, 44)], 0, -8, 2.3).cut(y_hi=-36)
    crowns = mixed(1900, 250, 0.3, 5, seed + 10, blur=0.2)
    body.paint(teeth.cut(z_lo=-8, z_hi=4), crowns)
    body.paint(teeth.cut(z_lo=7, z_hi=18), crowns)
    body.paint(ellipsoid((0, -60, 21), (19, 22, 2)), 200)
