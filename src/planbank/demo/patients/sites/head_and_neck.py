"""Oropharynx with bilateral neck: three dose levels in 34 fractions, two arcs.

Comes in: a `Build` whose side is the tumour's. Goes out: a `Case`.
"""

from __future__ import annotations

from ..anatomy.body import Build
from ..anatomy.head import head
from ..anatomy.support import couch_layers, mask_layers
from ..geometry.shapes import both_sides
from ..geometry.solids import ellipsoid, loft
from ..geometry.texture import mottled
from ..radiation.arcs import arcs
from .case import Beam, Case, Prescription, listed, middle_of

DRAWN = (
    "body", "gtv_t", "gtv_n", "ctv_high", "ctv_mid", "ctv_low", "ptv_high", "ptv_mid", "ptv_low",
    "spinal_cord", "prv_cord", "brainstem", "prv_brainstem", "parotid_r", "parotid_l", "submandibular_r",
    "submandibular_l", "mandible", "oral_cavity", "larynx", "pharynx", "oesophagus", "thyroid",
)  # fmt: skip
MORE = (
    "brain", "cochlea_l", "cochlea_r", "eye_l", "eye_r", "lung_l", "lung_r", "carotid_l", "carotid_r",
    "spinal_canal",
)  # fmt: skip
SPARED = (
    ("prv_cord", 0.4), ("parotid_l", 0.72), ("parotid_r", 0.7), ("oral_cavity", 0.35), ("brainstem", 0.5),
    ("larynx", 0.3), ("submandibular_l", 0.2), ("submandibular_r", 0.2),
)  # fmt: skip


def head_and_neck(build: Build, *, total: int = 0, shrunk: float = 0.0) -> Case:
    """A tonsil cancer on the build's side; `shrunk` takes mm off the tumour, as seen on a later scan."""
    body = head(build)
    side, organs = build.side, body.organs
    inside = body.outline.grown(-5)
    primary = ellipsoid((side * 19, -7, 0), (12, 15, 18)).waved(1.4, 23, build.seed % 5).grown(-shrunk)
    node = ellipsoid((side * 42, 13, -10), (10, 11, 15)).waved(0.8, 17).grown(-shrunk)
    body.organ("gtv_t", primary, mottled(74, 6, 6, build.seed + 50), edge=3)
    body.organ("gtv_n", node, mottled(66, 12, 7, build.seed + 51), edge=2)
    neck = loft([(34, 37, 10, 8, 10), (14, 38, 8, 10, 15), (-40, 34, 4, 14, 17), (-84, 28, 2, 14, 14)]).waved(
        1, 31
    )
    near = neck if side > 0 else neck.mirrored()
    organs["ctv_high"] = (primary.grown(9 + shrunk) | node.grown(7 + shrunk)) & inside
    organs["ctv_mid"] = organs["ctv_high"].blended((near.cut(z_lo=-48, z_hi=26)), 6) & inside
    organs["ctv_low"] = organs["ctv_mid"] | (both_sides(neck) & inside)
    for level in ("high", "mid", "low"):
        organs[f"ptv_{level}"] = organs[f"ctv_{level}"].grown(4) & inside
    organs["prv_cord"] = organs["spinal_cord"].grown(5)
    organs["prv_brainstem"] = organs["brainstem"].grown(3)
    body = body.placed()
    iso = middle_of(body.organs["ptv_low"])
    shift = build.shift[2]
    return Case(
        site="head-and-neck",
        anatomy=body,
        rois=listed(body, DRAWN + (MORE if total else ()), iso, total),
        prescription=Prescription((("ptv_high", 68.0), ("ptv_mid", 60.0), ("ptv_low", 50.0)), 34),
        beams=(Beam("Arc 1 CW", 181, 179, "CW", 10), Beam("Arc 2 CCW", 179, 181, "CC", 350)),
        isocentre=iso,
        spared=SPARED,
        dose_model=arcs,
        window=(shift - 104, shift + 116),
        field_of_view=430.0,
        supports=(*couch_layers(body.outline), *mask_layers(body.outline, shift - 40)),
        label="Tonsil " + ("sin" if side > 0 else "dxt"),
        technique="VMAT",
        body_part="HEADNECK",
    )
