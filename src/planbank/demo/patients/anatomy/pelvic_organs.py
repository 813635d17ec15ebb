"""Bladder, prostate, rectum and bowel.

Comes in: an `Anatomy` of the pelvis. Goes out: the same with its organs.
"""

from __future__ import annotations

from ..geometry.shapes import both_sides
from ..geometry.solids import capsule, ellipsoid, loft, rod
from ..geometry.texture import mixed, mottled
from .body import Anatomy

FAT = -104.0

RECTUM = [
    (-62, 0, 54, 8, 9), (-44, 0, 42, 11, 11), (-24, 0, 32, 14, 12), (-4, 0, 33, 17, 14), (20, 0, 42, 20, 17),
    (44, 0, 54, 19, 16), (66, 4, 52, 18, 15), (84, 12, 40, 16, 14),
]  # fmt: skip


def add_pelvic_organs(body: Anatomy) -> None:
    """Paint and name the organs; bladder filling and rectal gas differ by seed."""
    _bowel(body)
    _bladder_and_prostate(body)
    _rectum(body)


def _bowel(body: Anatomy) -> None:
    seed = body.build.seed
    cavity = loft(
        [(52, 0, -40, 40, 30), (84, 0, -26, 64, 52), (120, 0, -30, 92, 58), (170, 0, -30, 112, 62)], 2.4
    )
    body.organ("bowel_cavity", cavity)
    loops = [
        rod(
            [
                (-70, -40, 170),
                (-66, -34, 120),
                (-40, -54, 104),
                (0, -60, 112),
                (26, -44, 94),
                (44, -66, 120),
                (70, -50, 150),
            ],
            14,
        ),
        rod(
            [(-30, -10, 92), (6, -24, 86), (34, -12, 104), (60, -20, 128), (20, -40, 150), (-20, -30, 160)],
            13,
        ),
        rod([(-56, -70, 140), (-20, -78, 150), (20, -74, 140), (48, -84, 165)], 12),
    ]
    for k, loop in enumerate(loops):
        loop = loop.waved(2, 36, k)
        body.paint(loop.grown(1.5), FAT, edge=2)
        body.paint(loop, mottled(38, 5, 8, seed + 20), edge=2)
        body.paint(loop.grown(-4), mixed(22, -700, 0.2, 16, seed + 21 + k, blur=0.25), edge=2)
    sigmoid = rod(
        [(12, 40, 84), (32, 26, 98), (58, 20, 92), (84, -8, 112), (100, -12, 150), (104, -10, 170)], 14
    ).waved(1.5, 30)
    body.organ("sigmoid", sigmoid, 40, edge=2)
    body.paint(sigmoid.grown(-4), mixed(25, -500, 0.4, 9, seed + 25, blur=0.6), edge=2)
    caecum = rod([(-98, -22, 104), (-104, -14, 170)], 24).waved(2, 34)
    body.paint(caecum, 42, edge=2)
    body.paint(caecum.grown(-4), mixed(15, -650, 0.4, 10, seed + 26, blur=0.6), edge=2)


def _bladder_and_prostate(body: Anatomy) -> None:
    seed = body.build.seed
    full = 1 + 0.12 * ((seed % 5) - 2)
    bladder = ellipsoid((0, -30, 20 + 26 * full), (44 * full, 32, 29 * full)).blended(
        ellipsoid((0, -14, 20), (16, 14, 10)), 10
    )
    prostate = (
        ellipsoid((0, 0, 0), (25, 18, 20)).blended(ellipsoid((0, 4, -16), (13, 12, 9)), 6).waved(0.8, 26)
    )
    vesicle = rod([(6, 14, 20), (18, 18, 26), (28, 22, 31)], 5.2).waved(0.7, 12)
    body.organ("bladder", bladder.waved(1.2, 70), 38)
    body.paint(bladder.grown(-3.5), mottled(7, 2, 12, seed + 30), edge=2)
    body.organ("seminal_vesicles", both_sides(vesicle), mixed(36, 0, 0.3, 5, seed + 31), edge=2)
    body.organ("prostate", prostate, mottled(44, 5, 6, seed + 32))
    body.paint(ellipsoid((0, -4, 2), (13, 10, 12)), mixed(50, 30, 0.4, 5, seed + 33), edge=4)
    body.organ("urethra", rod([(0, -8, 20), (0, -2, 0), (0, 4, -26)], 3.2))
    body.organ("penile_bulb", ellipsoid((0, 8, -42), (12, 13, 9)), 48, edge=2)
    body.paint(rod([(0, 6, -44), (0, -40, -58), (0, -70, -90)], 9), 44, edge=2)
    body.paint(both_sides(rod([(14, 0, -46), (34, 22, -58)], 6)), 46, edge=2)
    seeds = [(-12.0, 2.0, 8.0), (11.0, 4.0, -4.0), (2.0, -8.0, -10.0)]
    for x, y, z in seeds:
        body.paint(capsule((x, y, z - 1.5), (x, y, z + 1.5), 0.9), 2900)
    body.organs["markers"] = (
        ellipsoid(seeds[0], (2, 2, 3)) | ellipsoid(seeds[1], (2, 2, 3)) | ellipsoid(seeds[2], (2, 2, 3))
    )


def _rectum(body: Anatomy) -> None:
    seed = body.build.seed
    tube = loft(RECTUM).waved(1.2, 40, seed % 7)
    body.paint(tube.grown(6), FAT, edge=4)
    body.organ("rectum", tube.cut(z_lo=-32, z_hi=82), None)
    body.organ("anal_canal", tube.cut(z_hi=-32), None)
    body.paint(tube, 44)
    inside = tube.grown(-4.2).cut(z_lo=-30)
    body.paint(inside, mixed(30, -120, 0.5, 7, seed + 40, blur=0.8), edge=2)
    gas = inside & ellipsoid((2, 28 + seed % 4, 24), (13, 11, 24))
    body.paint(gas, -900, edge=2)
