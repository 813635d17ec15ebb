"""Head and neck: outline, soft tissue and shoulder girdle; skull, neck and brain come from their own rooms.

Comes in: a `Build`. Goes out: an `Anatomy`. Origin: midline, ear canals at y = 0, angle of the jaw at z = 0.
"""

from __future__ import annotations

from ..geometry.shapes import Shape, both_sides, shell
from ..geometry.solids import capsule, ellipsoid, loft, plate, rod, stack
from ..geometry.texture import mixed, mottled
from .body import Anatomy, Build
from .brain import add_brain
from .neck import add_neck
from .skull import add_skull

FAT, MUSCLE = -95.0, 58.0

HEAD = [
    (186, 0, 6, 6, 7), (181, 0, 6, 30, 38), (172, 0, 5, 47, 60), (158, 0, 5, 61, 77), (140, 0, 4, 71, 90),
    (115, 0, 4, 76, 97), (90, 0, 4, 77, 99), (65, 0, 3, 75, 96), (45, 0, 10, 70, 86), (25, 0, 18, 64, 72),
    (0, 0, 18, 61, 63), (-25, 0, 16, 58, 60), (-50, 0, 13, 58, 60), (-72, 0, 12, 63, 64),
    (-90, 0, 12, 78, 70), (-135, 0, 14, 110, 84),
]  # fmt: skip
FACE = [
    (70, 0, -52, 50, 42), (55, 0, -46, 58, 53), (40, 0, -45, 58, 54), (20, 0, -44, 56, 54),
    (5, 0, -42, 54, 54), (-10, 0, -40, 50, 53), (-22, 0, -38, 42, 48), (-32, 0, -32, 30, 36), (-38, 0,
    -28, 14, 18),
]  # fmt: skip
SHOULDERS = [
    (-66, 0, 22, 20, 12),
    (-76, 0, 20, 92, 36),
    (-88, 0, 18, 150, 58),
    (-105, 0, 16, 184, 74),
    (-135, 0, 14, 196, 90),
]


def head(build: Build) -> Anatomy:
    """Everything from the sternum to the vertex."""
    trunk = loft(HEAD, 2.15).blended(loft(FACE, 2.4), 10).blended(loft(SHOULDERS, 2.6), 16)
    outline = trunk.blended(ellipsoid((0, -96, 40), (13, 17, 18)), 8).grown(build.fat)
    ears = both_sides(ellipsoid((77, 12, 52), (5, 14, 26), turn=-25))
    body = Anatomy(build, outline | ears)
    body.organs["body"] = outline | ears
    _soft_tissue(body, outline)
    _shoulder_girdle(body)
    add_skull(body)
    add_neck(body)
    add_brain(body)
    return body


def _soft_tissue(body: Anatomy, outline: Shape) -> None:
    seed, fat = body.build.seed, max(body.build.fat, 0)
    body.paint(body.outline, 15)
    body.paint(outline.grown(-2.2), mottled(FAT, 8, 9, seed))
    core = outline.grown(-7.5 - fat).cut(z_hi=42)
    body.paint(core, mixed(MUSCLE, -30, 0.12, 11, seed + 1, blur=1.4), edge=3)
    body.paint(
        outline.grown(-5).cut(y_hi=-20, z_lo=-5, z_hi=60), mixed(30, -85, 0.6, 9, seed + 2, blur=0.8), edge=3
    )
    body.paint(core.cut(y_lo=-30, y_hi=16, z_lo=-70), mixed(-75, 40, 0.3, 8, seed + 5, blur=0.8), edge=4)
    for depth, first in ((14, 36), (24, 44)):
        planes = shell(outline, -depth - fat, -depth - fat - 1.6).cut(y_lo=first, z_lo=-66, z_hi=30)
        body.paint(planes, -25, edge=3)
    body.paint(plate([(34, 0, 50, 0, 90, 0.9), (-135, 0, 60, 0, 110, 0.9)]) & core, -40, edge=2.5)
    muscles = (
        loft([(34, 57, 24, 6, 10), (0, 50, 16, 7, 13), (-50, 40, 2, 8, 12), (-104, 17, -34, 9, 8)]),
        loft([(20, 17, 10, 6, 4), (-30, 16, 12, 8, 4), (-90, 17, 20, 8, 5)]),
        rod([(34, 34, 10), (38, 30, -40), (44, 30, -95)], 8),
        rod([(44, 42, 20), (44, 40, -30), (56, 46, -80)], 8),
    )
    for left in muscles:
        whole = both_sides(left) & outline.grown(-5)
        body.paint(whole.grown(1.8), FAT, edge=2.5)
        body.paint(whole, mottled(MUSCLE + 4, 5, 6, seed + 3), edge=2)


def _shoulder_girdle(body: Anatomy) -> None:
    seed = body.build.seed
    lung = ellipsoid((50, 26, -150), (36, 46, 60))
    body.paint(both_sides(ellipsoid((150, 18, -128), (46, 40, 36))), mottled(MUSCLE, 7, 8, seed + 4), edge=3)
    body.bone(both_sides(shell(lung, 9, 2) & stack(26, 11, -110, 0.45)))
    body.pair("lung", lung, mottled(-830, 35, 5, seed + 5))
    body.bone(both_sides(rod([(14, -46, -112), (60, -50, -104), (120, -16, -92), (160, 6, -92)], 6.5)))
    body.bone(both_sides(ellipsoid((172, 16, -124), (25, 24, 25))), cortex=600, marrow=180, rim=3)
    body.bone(
        both_sides(
            plate([(-135, 70, 78, 138, 46, 3), (-100, 84, 72, 140, 40, 5), (-92, 110, 58, 150, 30, 4)])
        )
    )
    body.bone(capsule((0, -56, -122), (0, -60, -140), 11))
