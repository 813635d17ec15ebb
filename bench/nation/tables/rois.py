"""Which ROIs a structure set of a site holds, and how each looks as a curve.

Comes in: the sites of `studies.SITES`. Goes out: keys of the demonstration's names, and a handful of
packed DVH curves for each kind of ROI.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np

from planbank.dose.curve import pack

GY = {"breast": 40.05, "prostate": 78.0, "head-and-neck": 68.0, "proton": 54.0}
FRACTIONS = {"breast": 15, "prostate": 39, "head-and-neck": 34, "proton": 30}
CURVES = 12  # of each ROI of each site

_BRAIN = (
    "body brain brainstem chiasm pituitary optic_nerve_l optic_nerve_r eye_l eye_r lens_l lens_r cochlea_l "
    "cochlea_r hippocampus_l hippocampus_r spinal_cord gtv_t ctv_high ptv_high"
)
ROIS: dict[str, list[str]] = {
    "breast": [
        "body",
        "lung_l",
        "lung_r",
        "heart",
        "lad",
        "left_ventricle",
        "breast_r",
        "spinal_canal",
        "liver",
        "humeral_head_l",
        "oesophagus",
        "thyroid",
        "ctv_bed",
        "ctv_high",
        "ptv_high",
    ],
    "prostate": [
        "body",
        "bladder",
        "rectum",
        "femoral_head_l",
        "femoral_head_r",
        "penile_bulb",
        "bowel_cavity",
        "sigmoid",
        "anal_canal",
        "urethra",
        "markers",
        "gtv_t",
        "ctv_high",
        "ctv_low",
        "ptv_high",
        "ptv_low",
    ],
    "head-and-neck": [
        "body",
        "spinal_cord",
        "prv_cord",
        "brainstem",
        "parotid_l",
        "parotid_r",
        "submandibular_l",
        "submandibular_r",
        "mandible",
        "oral_cavity",
        "larynx",
        "pharynx",
        "oesophagus",
        "thyroid",
        "cochlea_l",
        "cochlea_r",
        "gtv_t",
        "gtv_n",
        "ctv_high",
        "ctv_low",
        "ptv_high",
        "ptv_low",
    ],
    "proton": _BRAIN.split(),
}


def curves(seed: int) -> Iterator[tuple[str, int, int, float, float, float, float, bytes]]:
    """Site, number of the ROI, draw, volume (cc), least, mean and highest dose (Gy), packed curve."""
    rng = random.Random(seed)
    for site, keys in ROIS.items():
        for number, key in enumerate(keys, 1):
            for draw in range(CURVES):
                target = key.startswith(("gtv", "ctv", "ptv"))
                volume = rng.lognormvariate(5.0 if target or key == "body" else 3.5, 0.8)
                top = GY[site] * (rng.uniform(1.01, 1.07) if target else rng.uniform(0.2, 1.02))
                low = GY[site] * rng.uniform(0.85, 0.96) if target else top * rng.uniform(0.0, 0.1)
                shape = rng.uniform(0.5, 3.0)
                doses = np.arange(int(top * 100) + 2) * 0.01
                part = 1.0 - np.clip((doses - low) / (top - low), 0.0, 1.0) ** (6.0 if target else shape)
                mean = float(low + part[doses >= low].sum() * 0.01)
                yield site, number, draw, volume, low, mean, top, pack(volume * part)
