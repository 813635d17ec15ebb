"""contours: how structures that several people drew differ (R112, R156).

Comes in: contours of ROIs in one frame of reference, mm. Goes out: volumes, overlaps, distances between
surfaces, what has to be drawn anew, and the consensus of many. Volumes and overlaps are exact for the bodies
that the contours bound; distances are between points on surfaces, with the error that their spacing leaves.
"""

from __future__ import annotations

from planbank.contours.body import body_of_contours
from planbank.contours.comparison import Comparison, SliceComparison, compare
from planbank.contours.consensus import Consensus, majority, staple
from planbank.contours.panel import Agreement, agreement

__all__ = [
    "Agreement",
    "Comparison",
    "Consensus",
    "SliceComparison",
    "agreement",
    "body_of_contours",
    "compare",
    "majority",
    "staple",
]
