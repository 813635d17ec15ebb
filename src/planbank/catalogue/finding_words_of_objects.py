"""The words of findings that planbank.dicom.findings reads out of the objects themselves.

Comes in: nothing. Goes out: `OF_OBJECTS`, a part of finding_words.WORDS.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from planbank.catalogue.finding_kinds import KEPT, NO_ACTION, SEND_AGAIN, Words

OF_OBJECTS: dict[str, Words] = {
    "value-unreadable": Words(
        "info",
        _("A value could not be read and is taken as absent: {about}."),
        KEPT,
        _("Look at the named attribute in the system that wrote the object."),
    ),
    "plan-no-label": Words(
        "info", _("The plan has no label."), KEPT, _("Name the plan, if you want to find it by name.")
    ),
    "plan-no-date": Words("info", _("The plan has no date."), KEPT, NO_ACTION),
    "plan-no-beams": Words(
        "warn",
        _("The plan holds no beams."),
        KEPT,
        _("Send the plan again with its beams, if it is a treatment plan."),
    ),
    "plan-no-fractions": Words(
        "warn",
        _("The number of fractions is not given."),
        KEPT,
        _("Enter the fractionation in the planning system and send the plan again."),
    ),
    "plan-no-meterset": Words("info", _("A treatment beam has no monitor units: {about}."), KEPT, NO_ACTION),
    "plan-no-structure-set": Words(
        "warn",
        _("The plan names no structure set."),
        KEPT,
        _("Send a plan that was made on a structure set."),
    ),
    "plan-no-prescription": Words(
        "info",
        _("The plan holds no prescription; metrics in percent of it stay empty."),
        KEPT,
        _("Enter the prescription in the planning system, or in the protocol."),
    ),
    "prescription-from-beams": Words(
        "info",
        _("The prescription is the sum of the beam doses; none is stated."),
        KEPT,
        _("Give the prescription in the protocol, if it matters."),
    ),
    "beam-unknown": Words(
        "warn", _("The plan's fractionation names a beam it does not hold: {about}."), KEPT, SEND_AGAIN
    ),
    "beam-no-number": Words("warn", _("A beam has no number; nothing can refer to it."), KEPT, SEND_AGAIN),
    "image-no-geometry": Words(
        "warn",
        _("An image does not say where it lies in the patient."),
        KEPT,
        _("Contours and dose cannot be shown on it."),
    ),
    "structure-set-no-rois": Words("warn", _("The structure set holds no ROIs."), KEPT, SEND_AGAIN),
    "structure-set-no-frame": Words(
        "warn",
        _("The structure set names no frame of reference; the plan's own reference is used."),
        KEPT,
        NO_ACTION,
    ),
    "roi-not-listed": Words(
        "warn",
        _("There are contours for an ROI that the structure set does not list: {about}."),
        _("They are stored and left out of the DVH, because nobody knows what they are."),
        SEND_AGAIN,
    ),
    "roi-number-twice": Words(
        "warn", _("Two ROIs carry the same number; the first counts: {about}."), KEPT, SEND_AGAIN
    ),
    "contour-unreadable": Words(
        "bad",
        _("Contour points cannot be read: {about}."),
        KEPT,
        _("Send the structure set again; its volumes are not right."),
    ),
    "dose-no-geometry": Words(
        "bad", _("The dose does not say where it lies in the patient."), KEPT, SEND_AGAIN
    ),
    "dose-no-scaling": Words("bad", _("The dose has no grid scaling, so no values."), KEPT, SEND_AGAIN),
    "dose-no-summation": Words(
        "warn",
        _("The dose does not say what it sums up; it is taken as that of the whole plan."),
        KEPT,
        _("Check it in the planning system."),
    ),
    "dose-no-plan": Words(
        "info", _("The dose names no plan."), KEPT, _("Export the dose together with its plan.")
    ),
    "dose-frames-unordered": Words(
        "info",
        _("The frames of the dose are in no order along the patient; they were put in order by position."),
        KEPT,
        NO_ACTION,
    ),
    "dose-offsets-odd": Words(
        "warn",
        _("The dose's frame offsets are neither relative nor positions; they are read as relative."),
        KEPT,
        _("Check the position of the dose in the picture."),
    ),
    "dose-unit-unknown": Words(
        "warn", _("The dose's unit is unknown; no DVH is calculated."), KEPT, _("Export the dose in Gy.")
    ),
    "dose-negative": Words(
        "info", _("The dose holds negative values."), KEPT, _("Check the export of the dose.")
    ),
}
