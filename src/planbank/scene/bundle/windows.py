"""The windows a reader can choose of an image.

Comes in: an image and its stored values. Goes out: centre and width of each in its values, under a key
that pages have words for; the first is what the viewer begins with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from planbank.scene.grey import own_window

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planbank.dicom.images import ImagePlane

CT = (
    ("soft", 40.0, 400.0),
    ("lung", -600.0, 1500.0),
    ("bone", 400.0, 1800.0),
    ("brain", 40.0, 80.0),
    ("mediastinum", 50.0, 350.0),
    ("liver", 80.0, 150.0),
    ("all", 500.0, 3000.0),
)
"""Key, centre and width in HU."""


def windows_of(plane: ImagePlane, middle: NDArray[np.float64]) -> list[dict[str, Any]]:
    """CT: what clinics use. Others: between the percentiles of the middle slice. Both: as sent."""
    sent = [("sent", *plane.window)] if plane.window else []
    if plane.modality == "CT":
        found = [*CT, *sent]
    else:
        values = middle * plane.slope + plane.intercept
        low, high = float(values.min()), float(values.max())
        own = own_window(values)
        whole = ("all", (low + high) / 2, max(high - low, 1e-6))
        found = [("own", *own), ("bright", own[0] / 2, own[1] / 2), *sent, whole]
    return [
        {"key": key, "centre": round(float(np.float64(centre)), 4), "width": round(float(width), 4)}
        for key, centre, width in found
    ]
