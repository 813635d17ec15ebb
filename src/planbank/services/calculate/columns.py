"""What a DVH of the engine comes to in the columns that every stored one has.

Comes in: a DVH. Goes out: values by column (catalogue.models.dvh.DvhNumbers).
"""

from __future__ import annotations

from typing import Any

from planbank.dose import curve, engine


def columns_of(found: engine.Dvh) -> dict[str, Any]:
    """Volumes (cm3), doses (Gy), flags and curve; the algorithm is the caller's to name."""
    names = ("volume_cc", "outside_cc", "min_gy", "mean_gy", "max_gy", "edge_gy")
    held = {name: getattr(found, name) for name in names}
    return held | {"flags": list(found.flags), "curve": curve.pack(found.curve)}
