"""Implicit shapes in millimetres, texture, and contours cut from shapes.

Comes in: centres, radii and knots in patient coordinates. Goes out: signed distances on grids, and polygons.
"""
