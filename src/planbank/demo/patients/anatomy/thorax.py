"""Thorax with breasts: rib cage, lungs, heart, great vessels, spine, liver and stomach.

Comes in: a `Build`. Goes out: an `Anatomy`. Origin: midline, middle of the chest, nipples at z = 0.
"""

from __future__ import annotations

from ..geometry.shapes import Shape, both_sides, shell
from ..geometry.solids import capsule, ellipsoid, loft, plate, rod, sleeve, stack
from ..geometry.texture import mixed, mottled
from .body import Anatomy, Build

FAT, MUSCLE, BLOOD = -102.0, 56.0, 42.0

TRUNK = [
    (-170, 0, 4, 156, 104), (-110, 0, 3, 158, 106), (-40, 0, 2, 163, 108), (20, 0, 2, 168, 108),
    (70, 0, 4, 176, 104), (100, 0, 8, 182, 96), (125, 0, 12, 172, 86),
]  # fmt: skip
CAGE = [
    (-170, 0, 2, 128, 84), (-110, 0, 0, 131, 87), (-40, 0, -1, 132, 88), (20, 0, 0, 126, 85),
    (60, 0, 6, 110, 76), (90, 0, 14, 88, 62), (112, 0, 22, 62, 46), (128, 0, 28, 36, 30),
]  # fmt: skip
SPINE = [
    (-170, 0, 50, 18, 15),
    (-60, 0, 60, 17, 14),
    (20, 0, 61, 16, 13),
    (80, 0, 55, 15, 12),
    (130, 0, 42, 14, 11),
]


def thorax(build: Build) -> Anatomy:
    """Everything from the upper abdomen to the collar bones, arms raised out of the picture."""
    breast = ellipsoid((84, -88, -4), (68, 50, 70), turn=-18)
    trunk = (
        loft(TRUNK, 2.5)
        .blended(both_sides(breast), 22)
        .blended(both_sides(ellipsoid((168, 16, 118), (54, 46, 46))), 30)
    )
    outline = trunk.grown(build.fat)
    body = Anatomy(build, outline)
    body.organs["body"] = outline
    cage = loft(CAGE, 2.25)
    _walls(body, cage)
    _breasts(body, breast, cage)
    _bones(body, cage)
    _inside(body, cage)
    _heart(body)
    _vessels(body)
    _spine(body)
    return body


def _walls(body: Anatomy, cage: Shape) -> None:
    seed = body.build.seed
    outline = body.outline
    body.paint(outline, 12)
    body.paint(outline.grown(-2.4), mottled(FAT, 7, 10, seed))
    pectoral = cage.grown(15).cut(y_hi=-38, z_lo=-45) - capsule((0, -90, -170), (0, -90, 60), 15)
    back = (cage.grown(26) & outline.grown(-13)).cut(y_lo=34)
    side = cage.grown(14).cut(y_lo=-45)
    for muscle, grain in ((back, 8), (side, 9), (pectoral, 9)):
        body.paint(muscle & outline.grown(-8), mixed(MUSCLE, -50, 0.12, grain, seed + 1, blur=1.2), edge=3)
    minor = shell(cage, 9.5, 8).cut(y_hi=-38, z_lo=-45)
    body.paint(minor, -30, edge=3)
    for depth in (12, 19):
        body.paint(shell(cage, depth + 1, depth - 0.6).cut(y_lo=20), -40, edge=3)
    chest = both_sides(
        plate([(10, 40, -92, 120, -58, 5), (60, 26, -80, 134, -38, 8), (118, 40, -54, 140, -20, 10)])
    )
    blade = both_sides(
        plate([(-40, 112, 78, 126, 64, 6), (40, 92, 86, 136, 52, 13), (120, 92, 72, 154, 26, 17)])
    )
    deltoid = both_sides(ellipsoid((170, 14, 122), (37, 33, 40)))
    for muscle in (chest, blade, deltoid):
        part = muscle & outline.grown(-8)
        body.paint(part.grown(1.5), FAT, edge=3)
        body.paint(part, mixed(MUSCLE, -40, 0.14, 9, seed + 14, blur=1.2), edge=3)
    body.paint(
        both_sides(plate([(-170, 18, 93, 52, 90, 11), (130, 16, 76, 40, 70, 12)])) & outline.grown(-6),
        mottled(MUSCLE + 3, 6, 7, seed + 2),
        edge=2,
    )
    axilla = both_sides(ellipsoid((140, 0, 90), (26, 36, 52))) & outline.grown(-9)
    body.paint(axilla, mixed(-95, 40, 0.16, 9, seed + 3, blur=0.6), edge=6)
    body.paint(both_sides(rod([(60, -24, 122), (104, -14, 106), (150, 6, 112)], 5)), 48)


def _breasts(body: Anatomy, breast: Shape, cage: Shape) -> None:
    seed = body.build.seed
    inner = (breast.grown(-11) - cage.grown(18)) & body.outline.grown(-9)
    body.paint(both_sides(inner), mixed(FAT + 6, 32, 0.42, 17, seed + 4, blur=0.55), edge=8)
    body.paint(both_sides(capsule((96, -128, -6), (100, -140, -6), 5)) & body.outline.grown(1), 35, edge=4)
    whole = (breast.grown(-5) - cage.grown(15)) & body.outline.grown(-5)
    body.pair("breast", whole.cut(x_lo=14))


def _bones(body: Anatomy, cage: Shape) -> None:
    seed = body.build.seed
    wall = shell(cage, 7, -0.5)
    ribs = wall & stack(27, 11.5, 4, 0.5)
    body.bone(ribs.cut(y_lo=-58), cortex=720, marrow=240, rim=2)
    body.paint(ribs.cut(y_hi=-54, z_lo=-60), mottled(120, 25, 5, seed + 5))
    body.bone(
        plate(
            [
                (-50, -5, -91, 5, -91, 3.5),
                (-30, -14, -90, 14, -90, 5),
                (60, -18, -74, 18, -74, 6),
                (92, -26, -56, 26, -56, 7),
            ]
        ),
        cortex=480,
        marrow=150,
    )
    scapula = plate(
        [
            (-30, 116, 76, 126, 64, 2),
            (40, 92, 86, 138, 50, 3),
            (90, 84, 82, 152, 34, 4),
            (116, 100, 70, 154, 26, 5),
        ]
    )
    body.bone(both_sides(scapula), cortex=700, marrow=300)
    body.bone(both_sides(rod([(18, -50, 98), (64, -44, 116), (120, -14, 122)], 6.5)))
    head = ellipsoid((166, 14, 124), (23, 23, 22))
    body.bone(both_sides(head), cortex=600, marrow=170, rim=3)
    body.organs["humeral_head_l"], body.organs["humeral_head_r"] = head, head.mirrored()


def _inside(body: Anatomy, cage: Shape) -> None:
    """Lungs above the domes of the diaphragm, liver, spleen and stomach below, fat between the lungs."""
    seed = body.build.seed
    hollow = cage.grown(-1)
    body.paint(hollow, mixed(-92, 30, 0.16, 11, seed + 6, blur=0.8), edge=2)
    domes = ellipsoid((-64, 2, -128), (70, 96, 64)), ellipsoid((64, 6, -140), (68, 90, 62))
    right = (cage.grown(-7) & domes[0].grown(-4)) | (cage.grown(-7).cut(z_hi=-128, x_hi=20))
    body.organ("liver", right.cut(x_hi=46).waved(1.5, 70), mottled(62, 6, 8, seed + 7))
    body.paint(cage.grown(-8) & ellipsoid((92, 34, -146), (34, 44, 48)), mottled(52, 5, 7, seed + 8))
    stomach = cage.grown(-10) & ellipsoid((66, -10, -140), (54, 68, 56))
    body.organ("stomach", stomach, mottled(34, 7, 8, seed + 9))
    body.paint(stomach.grown(-7).cut(y_hi=-32), -960)
    middle = loft(
        [
            (-170, 4, 0, 44, 90),
            (-60, 10, -4, 36, 88),
            (10, 6, -4, 30, 84),
            (60, 2, 2, 33, 68),
            (128, 0, 26, 26, 40),
        ],
        2.2,
    )
    for key, sign, dome in (("lung_r", -1, domes[0]), ("lung_l", 1, domes[1])):
        half = cage.grown(-3).cut(**({"x_hi": -3} if sign < 0 else {"x_lo": 3}))
        lung = (half - middle - dome - _heart_sac().grown(3)).cut(z_lo=-120)
        body.organ(key, lung, mottled(-835, 28, 6, seed + 10))
        body.paint(lung.grown(-4), mixed(-840, -130, 0.028, 7, seed + 11, blur=0.6), edge=5)


def _heart_sac() -> Shape:
    return ellipsoid((26, -34, -38), (50, 40, 50), turn=32).blended(ellipsoid((6, -24, 0), (38, 34, 34)), 14)


def _heart(body: Anatomy) -> None:
    sac = _heart_sac()
    body.organ("heart", sac, mixed(-80, 25, 0.3, 11, body.build.seed + 12, blur=0.9), edge=3)
    left = ellipsoid((42, -30, -40), (33, 27, 38), turn=32)
    right = ellipsoid((2, -44, -36), (31, 24, 38), turn=22)
    atria = ellipsoid((4, 4, -10), (32, 16, 26)) | ellipsoid((-28, -20, -14), (20, 24, 28))
    body.paint((left | right | atria) & sac.grown(-1.5), 48, edge=3)
    body.paint(left.grown(-9), 38, edge=3)
    lad = rod([(10, -58, 18), (30, -66, 0), (50, -66, -22), (64, -62, -46), (68, -52, -64)], 3.2)
    body.organ("lad", lad & sac.grown(1), 52)
    body.organs["left_ventricle"] = left & sac.grown(-1.5)


def _vessels(body: Anatomy) -> None:
    seed = body.build.seed
    aorta = rod([(20, 40, -170), (20, 38, 20), (16, 22, 52), (0, 0, 62), (-10, -16, 48), (-4, -24, 14)], 12.5)
    trunk = rod([(8, -34, 12), (18, -22, 36), (20, 0, 32)], 12.5) | rod([(18, -10, 34), (-30, -4, 26)], 10)
    cava = rod([(-22, -14, -10), (-24, -10, 62), (-16, -10, 96)], 9)
    upper = (
        rod([(-12, -8, 66), (-20, 2, 128)], 6)
        | rod([(10, 4, 64), (18, 6, 128)], 5)
        | rod([(-16, -14, 84), (24, -22, 96), (50, -20, 118)], 6.5)
    )
    for vessel in (trunk, cava, upper):
        body.paint(vessel, BLOOD, edge=2)
    body.organ("aorta", aorta, BLOOD + 2, edge=2)
    body.paint(
        both_sides(rod([(24, 2, 26), (58, 6, 14)], 6) | rod([(24, 4, 20), (52, 14, -26)], 6)), 30, edge=2
    )
    gullet = loft([(-170, 10, 26, 9, 7), (-40, 6, 30, 9, 6), (40, 2, 30, 8, 5), (128, 0, 26, 7, 5)])
    body.organ("oesophagus", gullet, 38)
    body.paint(gullet.grown(-4), -150)
    way = loft([(36, 0, 14, 11, 8), (60, 0, 13, 8.5, 8.5), (128, 0, 6, 9, 9)])
    bronchi = rod([(0, 14, 42), (-34, 16, 14)], 6.5) | rod([(0, 14, 42), (38, 18, 12)], 5.8)
    body.paint((way | bronchi).grown(1.8), 35)
    body.organ("trachea", way | bronchi, -995)
    body.organ("thyroid", both_sides(ellipsoid((15, 0, 124), (8, 10, 18))), mottled(105, 6, 4, seed + 13))


def _spine(body: Anatomy) -> None:
    centre = loft(SPINE, 2.3)
    hole = [(z, x, y + ry + 9, 10.5, 8.5) for z, x, y, _, ry in SPINE]
    arch = sleeve(hole, 4.5, 0)
    period = 27.0
    levels = stack(period, 22, 0)
    spines = plate([(z, 0, y + ry + 20, 0, y + ry + 36, 3) for z, x, y, _, ry in SPINE]) & stack(
        period, 19, -6, -0.5
    )
    wings = both_sides(plate([(z, 13, y + ry + 8, 34, y + ry + 17, 4) for z, x, y, _, ry in SPINE])) & stack(
        period, 13, 4
    )
    body.paint(centre, 88)
    bones = [centre & levels, arch & stack(period, 20, 2), spines & body.outline.grown(-9), wings]
    for bone in bones:
        body.bone(bone, cortex=620, marrow=210, rim=2)
    body.paint(loft(hole).grown(-0.3), 10)
    cord = loft([(z, x, y, 5.8, 4.8) for z, x, y, _, _ in hole])
    body.organ("spinal_cord", cord, 40)
    body.organs["spinal_canal"] = loft(hole)
