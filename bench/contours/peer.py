"""Run by the peer's own Python: masks in, figures out.

Comes in: a file of masks (npz: pairs a0, b0, a1, b1, ... and their spacing in mm). Goes out: JSON, per
pair Dice, HD95, mean surface distance and surface Dice at 2 mm, and the processor time.
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np
import surface_distance as peer

given = np.load(sys.argv[1])
spacing = given["spacing"].tolist()
begun = time.process_time()
rows = []
for n in range((len(given.files) - 1) // 2):
    one, other = given[f"a{n}"], given[f"b{n}"]
    found = peer.compute_surface_distances(one, other, spacing)
    there, back = peer.compute_average_surface_distance(found)
    areas = found["surfel_areas_gt"].sum(), found["surfel_areas_pred"].sum()
    rows.append(
        [
            float(peer.compute_dice_coefficient(one, other)),
            float(peer.compute_robust_hausdorff(found, 95)),
            float((there * areas[0] + back * areas[1]) / sum(areas)),
            float(peer.compute_surface_dice_at_tolerance(found, 2.0)),
        ]
    )
print(json.dumps({"rows": rows, "cpu": time.process_time() - begun}))
