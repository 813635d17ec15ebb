"""Hip bones, femora, sacrum and the lowest lumbar vertebrae.

Comes in: an `Anatomy` that has muscles. Goes out: the same with bones.
"""

from __future__ import annotations

from ..geometry.shapes import both_sides, shell
from ..geometry.solids import ellipsoid, loft, plate, rod, sleeve, stack
from .body import Anatomy

HEAD = (90.0, -6.0, 14.0)
WING_BACK = [
    (24, 72, 40, 92, 6, 11), (48, 60, 54, 92, 16, 8), (86, 50, 68, 96, 20, 7), (122, 54, 70, 106, 26, 6),
    (136, 84, 44, 110, 20, 6),
]  # fmt: skip
WING_FRONT = [
    (24, 92, 6, 92, -22, 10), (48, 92, 16, 108, -26, 6), (86, 96, 20, 126, -34, 4.5),
    (122, 106, 26, 138, -26, 5), (136, 110, 20, 132, 0, 5),
]  # fmt: skip
SACRUM = [
    (16, 0, 84, 10, 4), (30, 0, 86, 22, 7), (52, 0, 86, 40, 11), (82, 0, 76, 54, 18), (108, 0, 60, 50, 24),
    (118, 0, 54, 30, 22),
]  # fmt: skip
CANAL = [(70, 0, 86, 9, 5), (118, 0, 70, 11, 8), (170, 0, 58, 11, 9)]


def add_hip(body: Anatomy) -> None:
    """Paint all bones of the pelvis; the femoral heads and the cauda equina become organs."""
    _hip_bones(body)
    _femora(body)
    _sacrum(body)
    _lumbar(body)


def _hip_bones(body: Anatomy) -> None:
    cup = ellipsoid(HEAD, (28, 28, 28))
    socket = shell(cup, 7, 0).cut(x_hi=104, z_lo=-2) | shell(cup, 6, 0).cut(x_hi=84)
    wing = plate(WING_BACK).blended(plate(WING_FRONT), 5)
    ischium = rod([(80, 24, 12), (66, 34, -22), (56, 34, -52)], 12.5)
    pubis = rod([(74, -30, 2), (42, -50, 0), (13, -56, -12)], 8.5)
    lower = rod([(12, -54, -22), (26, -34, -44), (48, 20, -58)], 7)
    for left in (socket, ischium, pubis, lower, wing):
        body.bone(both_sides(left), cortex=640, marrow=190, rim=2.2)
    body.paint(ellipsoid((0, -54, -14), (4.5, 11, 17)), 110)


def _femora(body: Anatomy) -> None:
    femur = rod([HEAD, (126, 4, -26)], 14) | rod([(127, 6, -34), (120, 2, -170)], 14)
    femur = femur | ellipsoid((134, 14, -20), (15, 19, 21))
    whole = ellipsoid(HEAD, (24.5, 24.5, 24.5)).blended(femur, 8)
    body.bone(both_sides(whole), cortex=850, marrow=270, rim=2.2)
    body.paint(both_sides(rod([(126, 6, -56), (120, 2, -170)], 6)), -40, edge=3)
    body.pair("femoral_head", whole.cut(z_lo=-22))


def _sacrum(body: Anatomy) -> None:
    body.bone(loft(SACRUM, 2.5), cortex=480, marrow=130)
    body.bone(loft([(-14, 0, 80, 5, 4), (4, 0, 86, 9, 4), (16, 0, 87, 10, 4)]), cortex=450)
    holes = ellipsoid((17, 74, 84), (4, 4, 14)) | ellipsoid((19, 82, 62), (3.5, 3.5, 9))
    body.paint(both_sides(holes), 0, edge=2)


def _lumbar(body: Anatomy) -> None:
    centre = loft([(112, 0, 42, 25, 18), (170, 0, 30, 25, 18)], 2.4)
    body.paint(centre, 92)
    body.bone(centre & stack(36, 26, 150), cortex=560, marrow=170)
    arch = sleeve([(116, 0, 70, 11, 8), *CANAL[2:]], 5, 0)
    wings = both_sides(plate([(118, 14, 66, 34, 58, 6), (170, 14, 54, 40, 46, 5)]))
    spine = plate([(122, 0, 84, 0, 100, 4), (170, 0, 70, 0, 96, 4)])
    body.bone(arch | wings | spine, cortex=560, marrow=230)
    body.organ("cauda", loft(CANAL), 14)
