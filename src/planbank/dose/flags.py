"""What a reader of a DVH must know about it, as codes with their meaning.

Comes in: nothing. Goes out: FLAGS, code -> sentence; a DVH carries the codes.
"""

from __future__ import annotations

FLAGS: dict[str, str] = {
    "empty": "The ROI holds no closed contour; there is nothing to calculate.",
    "outside": "All of the ROI lies outside the dose grid.",
    "partly-outside": "Part of the ROI lies outside the dose grid; it is counted apart and has no dose.",
    "lone-slice": "Planes without a neighbour take the structure set's slice spacing.",
    "spacing-assumed": "No slice spacing could be told; 1 mm was assumed, so the volume is not right.",
    "gap": "Planes are missing within the ROI; the gap is not filled.",
    "every-nth-slice": "The ROI is drawn on every second (or later) slice and taken as continuous.",
    "points": "Points have no volume and are left out.",
    "open-contours": "Open contours enclose nothing and are left out.",
    "degenerate-contours": "Contours of fewer than three points are left out.",
    "not-planar": "Contours that do not lie in the ROI's planes are left out.",
    "crossing": "Contours cross; the even-odd rule decides what is inside.",
    "repeated": "A contour is drawn twice and counted once.",
    "gy-rbe": "The dose is weighted for biological effect: Gy(RBE).",
    "unreadable": "Contours whose points cannot be read are left out.",
    "other-frame": "ROI and dose name different frames of reference; the numbers hold if those coincide.",
}
"""Code -> what it means."""
