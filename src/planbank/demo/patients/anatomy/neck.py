"""Cervical spine, air way, glands and vessels.

Comes in: an `Anatomy` that has soft tissue. Goes out: the same with the organs of the neck.
"""

from __future__ import annotations

from ..geometry.shapes import both_sides
from ..geometry.solids import ellipsoid, loft, plate, rod, sleeve, stack
from ..geometry.texture import mixed, mottled
from .body import Anatomy

VESSEL = 150.0  # HU, with contrast medium

AIRWAY = [
    (46, 0, -24, 10, 5), (38, 0, -19, 13, 8), (24, 0, -13, 12, 5), (8, 0, -12, 10, 7), (-12, 0, -13, 9, 7),
    (-30, 0, -19, 8, 9), (-44, 0, -24, 4, 10), (-50, 0, -24, 5, 9), (-62, 0, -19, 8, 8), (-90, 0, -8, 8.5, 8),
    (-135, 0, 4, 9, 8),
]  # fmt: skip
SPINE = [
    (42, 0, 22, 11, 8),
    (20, 0, 19, 11, 8),
    (0, 0, 21, 12, 9),
    (-40, 0, 24, 13, 10),
    (-80, 0, 32, 14, 11),
    (-135, 0, 46, 16, 13),
]


def add_neck(body: Anatomy) -> None:
    """Paint spine with cord, throat, glands and vessels."""
    _spine(body)
    _throat(body)
    _glands(body)


def _spine(body: Anatomy) -> None:
    centre = loft(SPINE, 2.4).cut(z_hi=40)
    hole = [(z, x, y + ry + 10, 11, 8.5) for z, x, y, _, ry in SPINE]
    canal = loft(hole)
    cord = loft([(z, x, y + ry + 10, 6.6, 4.8) for z, x, y, _, ry in SPINE])
    levels = stack(18.5, 14.5, 9)
    arch = sleeve(hole, 5, 0) & stack(18.5, 12, 3)
    pillars = both_sides(loft([(z, 19, y + ry + 4, 7, 8) for z, x, y, _, ry in SPINE])).cut(z_hi=34)
    spines = (
        plate([(z, 0, y + ry + 22, 0, y + ry + 38, 3.2) for z, x, y, _, ry in SPINE])
        & stack(18.5, 10, 0, -0.3)
        & body.outline.grown(-9)
    )
    wings = both_sides(plate([(z, 14, y + 5, 25, y + 9, 3.4) for z, x, y, _, ry in SPINE])) & stack(
        18.5, 10, 8
    )
    body.paint(centre, 95)
    for bone in (
        centre & levels,
        arch,
        pillars & stack(18.5, 16, 4),
        spines.cut(z_hi=25),
        wings.cut(z_hi=25),
    ):
        body.bone(bone, cortex=850, marrow=330, rim=1.8)
    body.bone(loft([(44, 0, 22, 6, 6), (6, 0, 22, 7, 7)]), cortex=950, rim=2)
    body.paint(canal.grown(-0.5), 12)
    body.paint(cord, 42)
    body.organs["spinal_canal"] = canal.cut(z_hi=38)
    body.organs["spinal_cord"] = cord.cut(z_hi=38)


def _throat(body: Anatomy) -> None:
    seed = body.build.seed
    way = loft(AIRWAY, 2.2)
    lining = loft([(z, x, y + (4 if z > -46 else 1), rx + 5, ry + 5) for z, x, y, rx, ry in AIRWAY], 2.2)
    body.paint(lining, mottled(60, 5, 5, seed + 11), edge=2)
    thyroid_cartilage = sleeve([(-34, 0, -16, 18, 20), (-56, 0, -16, 15, 19)], 0, -3).cut(y_hi=-14)
    cricoid = sleeve([(-54, 0, -20, 12, 12), (-64, 0, -18, 12, 12)], 0, -3)
    hyoid = sleeve([(-19, 0, -14, 21, 22), (-25, 0, -14, 21, 22)], 0, -4).cut(y_hi=-10)
    body.paint(thyroid_cartilage, mixed(220, 90, 0.4, 5, seed + 12))
    body.paint(cricoid, 260)
    body.bone(hyoid, rim=1.5)
    body.paint(way, -995)
    body.paint(both_sides(ellipsoid((11, -17, -14), (3, 5, 9))), -900)
    body.organ("larynx", loft([(-32, 0, -18, 15, 14), (-46, 0, -21, 15, 15), (-62, 0, -19, 12, 12)]))
    body.organ("pharynx", loft([(24, 0, -3, 15, 5), (-10, 0, -1, 17, 5), (-50, 0, -2, 14, 5)]), None)
    gullet = loft([(-62, 0, 0, 8, 4.5), (-90, 3, 10, 8, 5), (-135, 5, 22, 9, 6)])
    body.organ("oesophagus", gullet, 42)


def _glands(body: Anatomy) -> None:
    seed = body.build.seed
    parotid = ellipsoid((50, 4, 18), (11, 17, 25), turn=12).blended(
        ellipsoid((56, -10, 22), (5, 17, 15), turn=8), 6
    )
    body.pair("parotid", parotid.waved(1.2, 19) & body.outline.grown(-4), mixed(15, -55, 0.35, 5, seed + 13))
    body.pair(
        "submandibular", ellipsoid((30, -26, -17), (9.5, 14, 12), turn=-25), mottled(62, 5, 5, seed + 14)
    )
    body.organ(
        "thyroid",
        both_sides(ellipsoid((14, -17, -70), (7.5, 9, 19))) | ellipsoid((0, -29, -74), (12, 3.5, 7)),
        125,
    )
    body.organs["thyroid"] = body.organs["thyroid"] - loft(AIRWAY, 2.2).grown(1.5)
    carotid = rod([(30, 4, 40), (29, 2, 0), (25, 0, -40), (20, 4, -90), (14, -8, -130)], 3.8)
    jugular = rod([(34, 10, 40), (36, 9, 0), (34, 4, -40), (30, -2, -90), (24, -18, -125)], 6)
    for vessel in (carotid, jugular):
        body.paint(both_sides(vessel.grown(2)), -60, edge=2)
    body.paint(both_sides(jugular.waved(0.8, 60)), VESSEL)
    body.paint(both_sides(carotid), VESSEL + 30)
    body.organs["carotid_l"], body.organs["carotid_r"] = carotid, carotid.mirrored()
    for z, y, x in ((2, 14, 44), (-16, 12, 45), (-36, 10, 42), (-58, 12, 44), (-8, -4, 40)):
        body.paint(both_sides(ellipsoid((x, y, z), (4, 3.2, 5))), 50)
