"""Synthetic patients: DICOM that looks like radiotherapy and belongs to nobody.

Comes in: a site and a seed. Goes out: CT, structure set, plan (photon or proton), dose and record as pydicom
data sets whose references are complete, or lack just what the chosen fault says.
"""

from __future__ import annotations

from .cohort import TRIGGER, make_cohort
from .faults import FAULTS, Fault
from .objects.study import part10
from .patient import SITES, Site, Size, SyntheticPatient, make_patient

__all__ = [
    "FAULTS",
    "SITES",
    "TRIGGER",
    "Fault",
    "Site",
    "Size",
    "SyntheticPatient",
    "make_cohort",
    "make_patient",
    "part10",
]
