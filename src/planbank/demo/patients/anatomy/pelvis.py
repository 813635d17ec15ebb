"""Male pelvis: outline, muscles and vessels; bones and organs come from their own rooms.

Comes in: a `Build`. Goes out: an `Anatomy`. Origin: midline, centre of the prostate.
"""

from __future__ import annotations

from ..geometry.shapes import both_sides, union
from ..geometry.solids import capsule, loft, plate, rod, sleeve
from ..geometry.texture import mixed, mottled
from .body import Anatomy, Build
from .hip import add_hip
from .pelvic_organs import add_pelvic_organs

FAT, MUSCLE = -104.0, 57.0

TRUNK = [
    (-170, 0, 2, 172, 92), (-120, 0, 4, 178, 98), (-60, 0, 4, 186, 106), (-20, 0, 2, 188, 110),
    (30, 0, 0, 184, 110), (80, 0, -4, 174, 106), (130, 0, -8, 164, 104), (170, 0, -8, 160, 104),
]  # fmt: skip
# Muscles of the left side by their cross-sections; each entry is (power, rows of `loft`).
MASSES: list[tuple[float, list[tuple[float, ...]]]] = [
    (2.3, [(-118, 104, 66, 34, 16), (-70, 84, 64, 60, 26), (-20, 78, 66, 64, 26), (30, 72, 70, 58, 22),
           (80, 56, 78, 36, 15), (110, 46, 78, 18, 10)]),
    (2.3, [(-10, 132, -2, 20, 36), (30, 128, 6, 24, 44), (80, 118, 14, 25, 42), (120, 112, 6, 20, 34),
           (140, 108, 0, 12, 20)]),
    (2.0, [(-50, 84, -34, 15, 16), (-10, 72, -52, 20, 18), (40, 74, -46, 21, 21), (80, 62, -18, 24, 24),
           (170, 44, 14, 22, 26)]),
    (2.3, [(-170, 88, -62, 52, 24), (-90, 96, -62, 38, 24), (-40, 116, -52, 22, 24)]),
    (2.2, [(-170, 56, 12, 44, 58), (-110, 54, 4, 40, 52), (-60, 46, -16, 28, 34), (-35, 32, -34, 15, 15)]),
    (2.2, [(-170, 122, -2, 44, 52), (-110, 126, 0, 38, 46), (-60, 132, -2, 27, 40), (-24, 134, -10, 17, 32)]),
    (2.2, [(-170, 92, 60, 46, 26), (-100, 84, 58, 34, 20), (-62, 72, 50, 20, 14)]),
    (2.4, [(-30, 29, -89, 14, 6.5), (60, 24, -92, 22, 7), (170, 36, -92, 36, 8)]),
    (2.3, [(70, 24, 88, 16, 12), (170, 30, 76, 28, 22)]),
]  # fmt: skip
# Flat muscles: rows of `plate`.
SHEETS = [
    [(30, 54, 28, 84, -26, 6), (60, 54, 20, 98, -30, 10), (100, 60, 24, 116, -40, 12),
     (132, 80, 10, 120, -26, 10)],
    [(10, 120, 22, 124, -26, 8), (50, 92, 54, 124, -14, 9), (100, 86, 56, 136, -26, 8)],
    [(-46, 54, 14, 60, -18, 7), (0, 54, 22, 58, -16, 7), (30, 60, 30, 72, -10, 6)],
    [(70, 112, -52, 146, -8, 7), (170, 92, -78, 140, 6, 11)],
]  # fmt: skip


def pelvis(build: Build) -> Anatomy:
    """Everything from the upper thighs to the fourth lumbar vertebra."""
    trunk = loft(TRUNK, 2.45)
    outline = trunk.waved(1.5, 170, 0.4).grown(build.fat)
    legs = capsule((0, -78, -150), (0, -112, -76), 4, 3) | capsule((0, 118, -170), (0, 112, -52), 9, 2)
    body = Anatomy(build, outline - legs)
    body.organs["body"] = body.outline
    _muscles(body)
    add_hip(body)
    _vessels(body)
    add_pelvic_organs(body)
    return body


def _muscles(body: Anatomy) -> None:
    seed, skin = body.build.seed, body.outline.grown(-12 - max(body.build.fat, 0))
    body.paint(body.outline, 12)
    body.paint(body.outline.grown(-2.3), mottled(FAT, 7, 11, seed))
    groups = [loft(rows, power) for power, rows in MASSES] + [plate(rows) for rows in SHEETS]
    groups.append(rod([(92, -78, -170), (104, -72, -20), (118, -52, 40)], 14))
    for k, left in enumerate(groups):
        muscle = both_sides(left) & skin
        body.paint(muscle.grown(1.8), FAT, edge=2.5)
        body.paint(muscle, mixed(MUSCLE, -40, 0.06, 8, seed + 1 + k, blur=1.6), edge=2.5)
    floor = sleeve([(-46, 0, 34, 20, 22), (-26, 0, 26, 34, 26), (-10, 0, 22, 45, 28)], 0, -4.5)
    body.paint(floor.cut(y_lo=-6), 50, edge=2)


def _vessels(body: Anatomy) -> None:
    external = rod(
        [(66, -62, -60), (60, -56, 0), (62, -34, 40), (46, 10, 90), (20, 18, 130), (10, 8, 170)], 5.5
    )
    vein = rod([(58, -58, -60), (52, -50, 0), (54, -28, 40), (40, 18, 90), (16, 22, 130), (10, 16, 170)], 6.5)
    internal = rod([(36, 16, 98), (46, 40, 64), (44, 46, 30)], 4)
    nodes = union([external, vein, internal]).grown(7).cut(z_lo=8, z_hi=100)
    for vessel in (external, vein, internal):
        body.paint(both_sides(vessel), 46, edge=2)
    body.paint(both_sides(external.grown(-3.5)).cut(z_lo=60), 60)
    body.organs["nodes_l"], body.organs["nodes_r"] = nodes, nodes.mirrored()
    body.paint(both_sides(rod([(24, -92, -90), (34, -80, -30), (48, -58, 20)], 6)), -20, edge=5)
