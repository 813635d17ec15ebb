"""Three invented bodies: head, thorax and pelvis, as layers of tissue in patient coordinates.

Comes in: a `Build` (how this person differs). Goes out: an `Anatomy` (layers to paint, organs to contour).
"""
