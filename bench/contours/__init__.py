"""Contours compared: balls whose distances are known, and a study of twenty observers.

`python -m bench.contours` prints the errors of planbank and of surface-distance (voxels of 1 x 1 mm and the
slice spacing) on the same drawn balls, and the processor time of a study of clinical size.
"""
