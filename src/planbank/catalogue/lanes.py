"""Lanes: what must run in order.

Comes in: the number of a patient file. Goes out: the name of the lane in which all work on it runs.
"""

from __future__ import annotations


def lane_of(patient_file_id: int) -> str:
    """All work on one patient file runs in order."""
    return f"file:{patient_file_id}"
