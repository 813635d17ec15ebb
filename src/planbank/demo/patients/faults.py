"""What goes wrong in real submissions, made on purpose.

Comes in: a complete `Draft`. Goes out: the same draft with one fault.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Literal

import numpy as np

from .draft import Draft
from .objects.dose import plan_dose
from .objects.study import reference

Fault = Literal[
    "missing-slice",
    "empty-roi",
    "dose-without-plan",
    "no-dose",
    "two-doses",
    "beam-dose-missing",
    "per-fraction-dose",
    "replan",
    "dangling-images",
    "other-frame",
]

FAULTS: dict[Fault, str] = {
    "missing-slice": "One CT slice within the patient is not sent; the structure set still refers to it.",
    "empty-roi": "An organ was named but never drawn: its ROI has no contour.",
    "dose-without-plan": "The plan is not sent; the dose that refers to it is.",
    "no-dose": "CT, structure set and plan are sent, the dose is not.",
    "two-doses": "The dose of the plan and the dose of each beam are sent: adding all would count twice.",
    "beam-dose-missing": "Only doses of single beams are sent, and the last beam's is missing.",
    "per-fraction-dose": "The dose is that of one fraction though the plan has many.",
    "replan": "Three weeks later a second scan, structure set, plan and dose for what is left.",
    "dangling-images": "The contours refer to images that were never sent; only the frame of reference fits.",
    "other-frame": "The dose lies in another frame of reference than plan and images.",
}

# The organ that was forgotten, by site.
FORGOTTEN = {
    "head-and-neck": "submandibular_l",
    "breast": "lad",
    "prostate": "penile_bulb",
    "proton": "chiasm",
}


def apply_fault(draft: Draft, fault: Fault) -> None:
    """Make the fault in place; `empty-roi` and `replan` are made while drafting and change nothing here."""
    maker = _MAKERS.get(fault)
    if maker is not None:
        maker(draft)


def _missing_slice(draft: Draft) -> None:
    del draft.ct.slices[len(draft.ct.slices) * 2 // 5]


def _dose_without_plan(draft: Draft) -> None:
    draft.plan = None


def _no_dose(draft: Draft) -> None:
    draft.doses.clear()


def _two_doses(draft: Draft) -> None:
    draft.doses.extend(draft.beam_doses())


def _beam_dose_missing(draft: Draft) -> None:
    draft.doses[:] = draft.beam_doses()[:-1]


def _per_fraction_dose(draft: Draft) -> None:
    if draft.plan is None:
        return
    total = np.asarray(sum(draft.beams[1:], draft.beams[0]), dtype=np.float32)
    each = total / np.float32(draft.case.prescription.fractions)
    draft.doses[:] = [plan_dose(draft.case, draft.study, draft.grid, each, draft.drawn, draft.plan)]


def _dangling_images(draft: Draft) -> None:
    frame = draft.drawn.ds.ReferencedFrameOfReferenceSequence[0]
    series = frame.RTReferencedStudySequence[0].RTReferencedSeriesSequence[0]
    series.SeriesInstanceUID = draft.study.uid("series", "never sent")
    others = {}
    for index, item in enumerate(series.ContourImageSequence):
        others[item.ReferencedSOPInstanceUID] = draft.study.uid("never sent", index)
        item.ReferencedSOPInstanceUID = others[item.ReferencedSOPInstanceUID]
    for roi in draft.drawn.ds.ROIContourSequence:
        for contour in roi.get("ContourSequence") or []:
            for item in contour.get("ContourImageSequence") or []:
                item.ReferencedSOPInstanceUID = others[item.ReferencedSOPInstanceUID]


def _other_frame(draft: Draft) -> None:
    for dose in draft.doses:
        dose.FrameOfReferenceUID = draft.study.uid("frame", "another")


_MAKERS: dict[Fault, Callable[[Draft], None]] = {
    "missing-slice": _missing_slice,
    "dose-without-plan": _dose_without_plan,
    "no-dose": _no_dose,
    "two-doses": _two_doses,
    "beam-dose-missing": _beam_dose_missing,
    "per-fraction-dose": _per_fraction_dose,
    "dangling-images": _dangling_images,
    "other-frame": _other_frame,
}


def add_replan(first: Draft, second: Draft) -> None:
    """Append the second draft to the first; its plan names the first as its predecessor."""
    if first.plan is None or second.plan is None:
        raise ValueError("a replan needs both plans")
    before = copy.deepcopy(reference(first.plan))
    before.RTPlanRelationship = "PREDECESSOR"
    second.plan.ReferencedRTPlanSequence = [before]
    first.later = second.objects()
