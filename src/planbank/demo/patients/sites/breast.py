"""Whole breast after lumpectomy: 40 Gy in 15 fractions, two tangential fields.

Comes in: a `Build` whose side is the treated breast's. Goes out: a `Case`.
"""

from __future__ import annotations

from ..anatomy.body import Anatomy, Build
from ..anatomy.support import couch_layers
from ..anatomy.thorax import thorax
from ..geometry.shapes import Point
from ..geometry.solids import capsule, ellipsoid
from ..geometry.texture import mottled
from ..radiation.tangents import tangents
from .case import Beam, Case, Prescription, listed

DRAWN = (
    "body", "ctv_bed", "ctv_high", "ptv_high", "heart", "lad", "lung_l", "lung_r", "breast_far",
    "spinal_cord", "oesophagus", "liver", "trachea", "thyroid", "humeral_head_near",
)  # fmt: skip
MORE = ("left_ventricle", "stomach", "aorta", "spinal_canal", "humeral_head_far")
CLIPS = ((88, -80, 30), (106, -78, 26), (102, -93, 14), (92, -90, 32))


def breast(build: Build, *, total: int = 0, shrunk: float = 0.0) -> Case:
    """One breast with its tumour bed and clips; `shrunk` takes mm off the bed."""
    body = thorax(build)
    _add_targets(body, shrunk)
    body = body.placed()
    side, iso, shift = build.side, _isocentre(body), build.shift[2]
    medial, lateral = (306.0, 130.0) if side > 0 else (54.0, 230.0)
    return Case(
        site="breast",
        anatomy=body,
        rois=listed(body, _sided(DRAWN + (MORE if total else ()), side), iso, total),
        prescription=Prescription((("ptv_high", 40.05),), 15),
        beams=(
            Beam("Medial", medial, collimator=8 * side % 360),
            Beam("Lateral", lateral, collimator=-8 * side % 360),
        ),
        isocentre=iso,
        spared=(),
        dose_model=tangents,
        window=(shift - 130, shift + 90),
        field_of_view=480.0,
        supports=tuple(couch_layers(body.outline)),
        label="Mamma " + ("sin" if side > 0 else "dxt"),
        technique="Tangents",
        body_part="BREAST",
    )


def _add_targets(body: Anatomy, shrunk: float) -> None:
    build, organs = body.build, body.organs
    side, near = build.side, "l" if build.side > 0 else "r"
    target = organs[f"breast_{near}"]
    bed = ellipsoid((side * 98, -86, 22), (15, 12, 14)).waved(1.5, 21, build.seed % 5).grown(-shrunk)
    body.paint(bed & target, mottled(28, 12, 7, build.seed + 50), edge=4)
    for x, y, z in CLIPS:
        body.paint(capsule((side * x, y, z), (side * x + 2, y + 1, z), 0.8), 1900)
    organs["ctv_bed"] = bed.grown(4) & target
    organs["ctv_high"] = target
    inside = target.grown(5) & body.outline.grown(-5)
    organs["ptv_high"] = inside - organs[f"lung_{near}"].grown(-3)


def _isocentre(body: Anatomy) -> Point:
    """In the breast near the chest wall, to the whole mm; `body` is placed."""
    build, box = body.build, body.organs["ptv_high"]
    x, y = build.side * 96 * build.scale[0] + build.shift[0], -70 * build.scale[1] + build.shift[1]
    return float(round(x)), float(round(y)), float(round((box.lo[2] + box.hi[2]) / 2))


def _sided(keys: tuple[str, ...], side: int) -> tuple[str, ...]:
    near, far = ("_l", "_r") if side > 0 else ("_r", "_l")
    return tuple(key.replace("_near", near).replace("_far", far) for key in keys)
