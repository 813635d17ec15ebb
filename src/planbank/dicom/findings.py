"""What is odd about an object, as codes that other rooms explain and count.

Comes in: a code and what it is about. Goes out: a `Finding`, and for every code a sentence
that says what is the matter and how to put it right.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: `code` is a key of FINDINGS, `about` names the part it is about (never a patient)."""

    code: str
    about: str = ""

    @property
    def severity(self) -> Severity:
        """How much it matters."""
        return FINDINGS[self.code][0]

    @property
    def says(self) -> str:
        """The finding in words."""
        said = FINDINGS[self.code][1]
        return f"{said} ({self.about})" if self.about else said

    @property
    def fix(self) -> str:
        """What to do about it; empty where nothing needs doing."""
        return FINDINGS[self.code][2]


FINDINGS: dict[str, tuple[Severity, str, str]] = {
    "value-unreadable": (
        "warning",
        "A value could not be read and is taken as absent.",
        "Look at the named attribute in the system that wrote the object.",
    ),
    "plan-no-label": (
        "info",
        "The plan has no label.",
        "Name the plan and send it again.",
    ),
    "plan-no-date": ("info", "The plan has no date.", ""),
    "plan-no-beams": (
        "warning",
        "The plan holds no beams.",
        "Send the plan again with its beams, if it is a treatment plan.",
    ),
    "plan-no-fractions": (
        "warning",
        "The number of fractions is not given.",
        "Enter the fractionation in the planning system and send the plan again.",
    ),
    "plan-no-meterset": ("info", "A treatment beam has no monitor units.", ""),
    "plan-no-structure-set": (
        "warning",
        "The plan names no structure set.",
        "Send a plan made on a structure set, or link one by hand.",
    ),
    "plan-no-prescription": (
        "warning",
        "The plan holds no prescription; relative metrics stay empty.",
        "Give the prescription in the protocol, or enter it in the planning system.",
    ),
    "prescription-from-beams": (
        "info",
        "The prescription is the sum of the beam doses of the fraction groups, not a stated prescription.",
        "Give the prescription in the protocol, if it matters.",
    ),
    "beam-unknown": ("warning", "A fraction group names a beam that the plan does not hold.", ""),
    "beam-no-number": ("warning", "A beam has no number; nothing can refer to it.", ""),
    "image-no-geometry": (
        "warning",
        "The image does not say where it lies in the patient.",
        "Contours and dose cannot be shown on it.",
    ),
    "structure-set-no-rois": ("warning", "The structure set holds no ROIs.", ""),
    "structure-set-no-frame": (
        "warning",
        "The structure set names no frame of reference; the plan's explicit reference is used.",
        "",
    ),
    "roi-not-listed": (
        "warning",
        "There are contours for an ROI that the structure set does not list.",
        "They are left out, because nobody knows what they are.",
    ),
    "roi-number-twice": ("warning", "Two ROIs carry the same number; the first one counts.", ""),
    "contour-unreadable": (
        "error",
        "A contour's points cannot be read and are left out.",
        "Send the structure set again; its volumes are not right.",
    ),
    "dose-no-geometry": (
        "error",
        "The dose does not say where it lies in the patient.",
        "Send the dose again.",
    ),
    "dose-no-scaling": (
        "error",
        "The dose has no grid scaling: no values.",
        "Send the dose again.",
    ),
    "dose-no-plan": ("warning", "The dose names no plan.", "Link it by hand, or send it with its plan."),
    "dose-no-summation": (
        "warning",
        "The dose does not say what it sums up; it is taken as that of the whole plan.",
        "Check it in the planning system.",
    ),
    "dose-offsets-odd": (
        "warning",
        "The dose's frame offsets are neither relative nor positions; they are read as relative.",
        "",
    ),
    "dose-frames-unordered": (
        "info",
        "The frames of the dose are in no order along the patient; they were put in order by position.",
        "",
    ),
    "dose-unit-unknown": ("warning", "The dose's unit is unknown; no DVH is calculated.", ""),
    "dose-negative": ("warning", "The dose holds negative values.", ""),
    "dose-per-fraction": (
        "warning",
        "The total dose is far below the prescription and near that of one fraction: per-fraction dose?",
        "Export the dose of the whole plan.",
    ),
    "dose-far-from-prescription": (
        "warning",
        "The total dose is far from the prescription.",
        "Check that plan, dose and prescription belong together.",
    ),
}
"""Code -> severity, what is the matter, how to put it right."""
