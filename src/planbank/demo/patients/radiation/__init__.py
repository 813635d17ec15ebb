"""Plausible dose: arcs, tangential fields and scanned protons, by distances to target and skin.

Comes in: a case and a grid. Goes out: one dose per beam in Gy. Plausible to the eye, not a dose calculation.
"""
