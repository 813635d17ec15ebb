"""Prostate with seminal vesicles: 78 and 66 Gy in 39 fractions, two arcs.

Comes in: a `Build`. Goes out: a `Case`.
"""

from __future__ import annotations

from ..anatomy.body import Build
from ..anatomy.pelvis import pelvis
from ..anatomy.support import couch_layers
from ..geometry.solids import ellipsoid
from ..geometry.texture import mottled
from ..radiation.arcs import arcs
from .case import Beam, Case, Prescription, listed, middle_of

DRAWN = (
    "body", "gtv_t", "ctv_high", "ctv_low", "ptv_high", "ptv_low", "prostate", "seminal_vesicles", "bladder",
    "rectum", "anal_canal", "sigmoid", "bowel_cavity", "penile_bulb", "femoral_head_r", "femoral_head_l",
    "markers",
)  # fmt: skip
MORE = ("urethra", "cauda")


def prostate(build: Build, *, total: int = 0, shrunk: float = 0.0) -> Case:
    """A prostate cancer with gold markers; `shrunk` takes mm off the lesion."""
    body = pelvis(build)
    organs = body.organs
    gland, vesicles = organs["prostate"], organs["seminal_vesicles"]
    lesion = ellipsoid((build.side * 11, 9, -2), (8, 6, 9)).grown(-shrunk) & gland
    body.organ("gtv_t", lesion, mottled(50, 4, 5, build.seed + 50), edge=4)
    organs["ctv_high"] = gland.grown(1)
    organs["ctv_low"] = gland.grown(1) | vesicles
    organs["ptv_high"] = organs["ctv_high"].grown(6)
    organs["ptv_low"] = organs["ctv_low"].grown(7)
    body = body.placed()
    iso = middle_of(body.organs["ptv_low"])
    shift = build.shift[2]
    return Case(
        site="prostate",
        anatomy=body,
        rois=listed(body, DRAWN + (MORE if total else ()), iso, total),
        prescription=Prescription((("ptv_high", 78.0), ("ptv_low", 66.0)), 39),
        beams=(Beam("Arc 1", 181, 179, "CW", 15, 10), Beam("Arc 2", 179, 181, "CC", 345, 10)),
        isocentre=iso,
        spared=(
            ("rectum", 0.45),
            ("bladder", 0.4),
            ("femoral_head_l", 0.35),
            ("femoral_head_r", 0.35),
            ("penile_bulb", 0.4),
        ),
        dose_model=arcs,
        window=(shift - 96, shift + 124),
        field_of_view=430.0,
        supports=tuple(couch_layers(body.outline)),
        label="Prostata",
        technique="VMAT",
        body_part="PELVIS",
    )
