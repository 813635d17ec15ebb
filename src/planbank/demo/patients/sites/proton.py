"""Brain tumour by scanned protons: 54 Gy(RBE) in 30 fractions, three fields with a range shifter.

Comes in: a `Build` whose side is the tumour's. Goes out: a `Case`.
"""

from __future__ import annotations

from ..anatomy.body import Build
from ..anatomy.head import head
from ..anatomy.support import couch_layers, mask_layers
from ..geometry.solids import ellipsoid
from ..geometry.texture import mottled
from ..radiation.protons import protons
from .case import Beam, Case, Prescription, listed, middle_of

DRAWN = (
    "body", "gtv_t", "ctv_high", "ptv_high", "brain", "brainstem", "prv_brainstem", "spinal_cord", "chiasm",
    "pituitary", "optic_nerve_l", "optic_nerve_r", "eye_l", "eye_r", "lens_l", "lens_r", "cochlea_l",
    "cochlea_r", "hippocampus_l", "hippocampus_r",
    "lacrimal_gland_l", "lacrimal_gland_r", "cerebellum",
)  # fmt: skip
MORE = ("spinal_canal", "mandible", "oral_cavity", "parotid_l", "parotid_r", "larynx")


def proton(build: Build, *, total: int = 0, shrunk: float = 0.0) -> Case:
    """A temporal glioma on the build's side; `shrunk` takes mm off it."""
    body = head(build)
    side, organs = build.side, body.organs
    brain = organs["brain"]
    lesion = ellipsoid((side * 36, -4, 92), (15, 21, 17)).waved(1.4, 27, build.seed % 5).grown(-shrunk)
    body.paint(lesion.grown(9) & brain, mottled(23, 2, 9, build.seed + 50), edge=6)
    body.organ("gtv_t", lesion & brain, mottled(56, 9, 8, build.seed + 51), edge=3)
    body.paint(lesion.grown(-8), 20, edge=5)
    organs["ctv_high"] = lesion.grown(10 + shrunk) & brain
    organs["ptv_high"] = organs["ctv_high"].grown(3) & body.outline.grown(-4)
    organs["prv_brainstem"] = organs["brainstem"].grown(3)
    body = body.placed()
    iso = middle_of(body.organs["ptv_high"])
    angles = (65.0, 110.0, 160.0) if side > 0 else (295.0, 250.0, 200.0)
    names = ("Anterior oblique", "Lateral", "Posterior oblique")
    shift = build.shift[2]
    return Case(
        site="proton",
        anatomy=body,
        rois=listed(body, DRAWN + (MORE if total else ()), iso, total),
        prescription=Prescription((("ptv_high", 54.0),), 30),
        beams=tuple(Beam(name, angle, energy=165) for name, angle in zip(names, angles, strict=True)),
        isocentre=iso,
        spared=(),
        dose_model=protons,
        window=(shift - 22, shift + 194),
        field_of_view=300.0,
        supports=(*couch_layers(body.outline), *mask_layers(body.outline, shift - 40)),
        label="Glioma " + ("sin" if side > 0 else "dxt"),
        technique="IMPT",
        body_part="HEAD",
        particle="PROTON",
    )
