"""Every finding in words: what happened, what is safe, what to do (look.md, Words).

Comes in: a finding's code, what it is about and its numbers. Goes out: `Words` in the reader's
language. A code without words here fails a test; docs/reference/findings.md is held to this list.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from planbank.catalogue.finding_kinds import ALL_KEPT, KEPT, NO_ACTION, State, Words
from planbank.catalogue.finding_words_of_objects import OF_OBJECTS

WORDS: dict[str, Words] = {
    # register
    "no-patient-id": Words(
        "warn",
        _("The object has no Patient ID."),
        _("It is filed under your institution, with no patient."),
        _("Enter the patient in the planning system and send it again."),
    ),
    "no-study-uid": Words("info", _("The object has no Study Instance UID."), KEPT, NO_ACTION),
    "no-series-uid": Words("info", _("The object has no Series Instance UID."), KEPT, NO_ACTION),
    "odd-uid": Words(
        "info",
        _("A UID is not formed as DICOM asks."),
        KEPT,
        _("Tell the vendor of the system that made it. Links still work."),
    ),
    "charset-guessed": Words(
        "info",
        _("Some text does not fit the character set it claims."),
        KEPT,
        _("If letters look wrong, ask the administrator to set a character set for this sender."),
    ),
    "patient-differs-in-study": Words(
        "warn",
        _("One study came with two different Patient IDs."),
        _("Both are stored, each under its own patient."),
        _("Find out which ID is right. If one was a mistake, ask a key user to remove it."),
    ),
    # names: what a protocol says of structures, by the rules of the day (R68)
    "types-missing": Words(
        "warn",
        _("{about} asks for {names}, not found in this plan."),
        ALL_KEPT,
        _("If it has another name, a key user maps it. If it was not drawn, draw it and send again."),
    ),
    "types-forbidden": Words(
        "warn",
        _("{about} must not have {names}, which this plan has."),
        ALL_KEPT,
        _("Remove it from the structure set and send it again, or ask a key user."),
    ),
    # constraints: the dose that a protocol asks for (R151, R203)
    "constraint-not-met": Words(
        "bad",
        _("{about}: this plan has {value} {unit}."),
        ALL_KEPT,
        _("Mend the plan and send it again; this then closes itself. Or ask a key user of the protocol."),
    ),
    "constraint-tolerated": Words(
        "warn",
        _("{about}: this plan has {value} {unit}, an acceptable variation."),
        ALL_KEPT,
        NO_ACTION,
    ),
    "constraint-cannot": Words(
        "info",
        _("{about}: this cannot be evaluated on this plan."),
        ALL_KEPT,
        _("The protocol's page of constraints says why: a name without a rule, a dose that is not here."),
    ),
    # link
    "no-dose-received": Words(
        "warn",
        _("No dose received; the DVH waits for it."),
        _("Plan, structures and images that came are stored and linked."),
        _("Send the RTDOSE of the plan. This finding then closes itself."),
    ),
    "structure-set-not-received": Words(
        "warn",
        _("The structure set of the plan has not been received."),
        ALL_KEPT,
        _("Send the RTSTRUCT that the plan was made on."),
    ),
    "structure-set-by-frame": Words(
        "info",
        _("The plan names no structure set; the only one on its frame of reference is used."),
        ALL_KEPT,
        _("Check that it is the right one."),
    ),
    "structure-set-by-frame-other-named": Words(
        "warn",
        _("The structure set the plan names did not come; the only one on its frame is used."),
        ALL_KEPT,
        _("Send the structure set the plan was made on. The link then corrects itself."),
    ),
    "structure-set-ambiguous": Words(
        "warn",
        _("{count} structure sets lie on the plan's frame of reference, and the plan names none of them."),
        ALL_KEPT,
        _("Send the plan with its reference, or the structure set it names."),
    ),
    "images-missing": Words(
        "warn",
        _("{missing} of {of} images that the structure set was drawn on have not been received."),
        _("Contours and DVH do not need them; the pictures do."),
        _("Send the whole image series again."),
    ),
    "trigger-roi-has-contours": Words(
        "warn",
        _("The trigger ROI of {protocol} has contours, so the plan was not filed there."),
        ALL_KEPT,
        _("Empty the ROI and send the structure set again, or ask a key user of the protocol."),
    ),
    "trigger-near-miss": Words(
        "warn",
        _("An empty ROI looks like {name}, which files plans in {protocol}."),
        _("The plan is stored and not filed."),
        _("If it was meant, add the plan to the protocol by hand, or mend the name and send it again."),
    ),
    "trigger-no-centre": Words(
        "warn",
        _("The plan asks to be filed in {protocol}, in which your institution does not take part."),
        _("The plan is stored and not filed."),
        _("Ask a key user of the protocol to add your institution. The plan is filed when it comes again."),
    ),
    "trigger-refused": Words(
        "warn",
        _("The plan asks to be filed in {protocol} and was not: {reason}"),
        _("The plan is stored and not filed."),
        _("Ask a key user of the protocol."),
    ),
    "images-incomplete": Words(
        "warn",
        _("{missing} of {of} images are missing near {where}."),
        _("The images that came are stored. Contours and DVH do not need the others; the pictures do."),
        _("Send the missing images, or the whole series again. This finding then closes itself."),
    ),
    "images-incomplete-somewhere": Words(
        "warn",
        _("{missing} of {of} images are missing; where cannot be told, perhaps at an end."),
        _("The images that came are stored. Contours and DVH do not need the others; the pictures do."),
        _("Send the whole series again. This finding then closes itself."),
    ),
    "images-repeated": Words(
        "info",
        _("Several images lie at the same place and nothing tells them apart; whether some miss is open."),
        ALL_KEPT,
        NO_ACTION,
    ),
    "contours-off-images": Words(
        "warn",
        _("{off} of {of} images lie elsewhere than the contours that were drawn on them."),
        _("Contours are kept where they are; pictures and DVH go by position, not by the reference."),
        _("Check the export of the structure set: contours and images may be of different scans."),
    ),
    "structures-beyond-images": Words(
        "warn",
        _("Structures are drawn on {planes} planes up to {mm} mm beyond the images."),
        _("Contours and DVH are kept and calculated where they are; pictures end with the images."),
        _("Send the images that continue there, or check that the structure set belongs to this scan."),
    ),
    "isocentre-beyond-images": Words(
        "warn",
        _("An isocentre of the plan lies {mm} mm beyond the images."),
        ALL_KEPT,
        _("Check that the plan belongs to this scan; send the images that continue there."),
    ),
    "dose-off-images": Words(
        "warn",
        _("The dose lies {mm} mm off the images and nowhere meets them."),
        ALL_KEPT,
        _("Check that dose and images belong to one plan; export the dose again."),
    ),
    "images-by-series": Words(
        "info",
        _("No image the structure set names came; its series did, and is used."),
        ALL_KEPT,
        _("Usual after the images were re-exported. Check that it is the same scan."),
    ),
    "images-by-frame": Words(
        "info",
        _("None of the {of} images it names came; images on the same frame of reference are used."),
        _("Contours are matched to images by position."),
        _("Usual after the images were re-exported. Check that it is the same scan."),
    ),
    "images-ambiguous": Words(
        "warn",
        _("{count} image series lie on the frame of the structure set, and it names none of them."),
        ALL_KEPT,
        _("Send the structure set with its references, or the images it names."),
    ),
    "images-not-received": Words(
        "warn",
        _("The images of the structure set have not been received."),
        _("Contours and DVH do not need them; the pictures do."),
        _("Send the planning CT."),
    ),
    "plan-not-received": Words(
        "warn",
        _("The plan that an object belongs to has not been received."),
        KEPT,
        _("Send the RTPLAN. The object then joins it by itself."),
    ),
    "dose-of-plans-not-all-received": Words(
        "warn",
        _("The dose is the sum of several plans; {count} of them did not come."),
        ALL_KEPT,
        _("Send the other plans too."),
    ),
    "dose-by-frame": Words(
        "info",
        _("The dose names no plan; the only one on its frame of reference is taken."),
        ALL_KEPT,
        _("Check that they belong together."),
    ),
    "dose-belongs-nowhere": Words(
        "warn",
        _("The dose names no plan, and none can be told from its frame of reference."),
        KEPT,
        _("Export the dose together with its plan."),
    ),
    # which dose
    "dose-waiting-for-beams": Words(
        "warn",
        _("The dose is not whole yet: waiting for {about}."),
        _("What came is stored and not added up."),
        _("Send the missing beam or fraction doses, or the dose of the whole plan."),
    ),
    "dose-sum-mixed": Words(
        "warn",
        _("Doses of different types are not added: {about}."),
        ALL_KEPT,
        _("Export one dose for the whole plan."),
    ),
    "dose-several-plan": Words(
        "info",
        _("{count} doses claim to be the plan's dose; there is a DVH of each."),
        ALL_KEPT,
        _("Ignore the ones that were exported by mistake, or send only the right one."),
    ),
    "dose-not-used": Words("info", _("A dose is stored without a DVH: {about}."), ALL_KEPT, NO_ACTION),
    "dose-per-fraction": Words(
        "warn",
        _("The dose is near that of one fraction. Is it a per-fraction dose?"),
        _("The DVH shows the dose as it was sent; nothing is scaled."),
        _("Export the dose of the whole course."),
    ),
    "dose-far-from-prescription": Words(
        "warn",
        _("The dose is far from the prescription."),
        _("The DVH shows the dose as it was sent; nothing is scaled."),
        _("Check that plan, dose and prescription belong together."),
    ),
    "dose-relative": Words(
        "warn",
        _("The dose is relative and there is no prescription to scale it with."),
        ALL_KEPT,
        _("Export the dose in Gy."),
    ),
    "dose-other-frame": Words(
        "warn",
        _("Dose and structures lie on different frames of reference; no DVH is calculated."),
        ALL_KEPT,
        _("Export dose and structures of the same plan."),
    ),
    # calculate
    "tps-dvh-not-in-its-unit": Words(
        "warn",
        _("The DVH stored by the planning system is labelled Gy but looks like percent of {reference} Gy."),
        _("Our own DVH is not touched by it."),
        _("Tell the vendor. Do not use the stored DVH as it is."),
    ),
    "tps-dvh-differs": Words(
        "warn",
        _("Our DVH and the one stored by the planning system differ beyond tolerance: {about}."),
        _("Both are kept and shown beside each other; ours is used for all metrics."),
        _("Compare them on the page of the plan: contours drawn after the dose show there."),
    ),
    **OF_OBJECTS,
}


@dataclass(frozen=True)
class FindingWords:
    """One finding in the reader's language; `state` is bad, warn or info."""

    state: State
    title: str
    safe: str
    todo: str

    @property
    def word(self) -> str:
        """The word on its badge."""
        words = {"bad": gettext("Needs a fix"), "warn": gettext("Please look")}
        return words.get(self.state, gettext("To know"))


def finding_in_words(code: str, params: Mapping[str, Any], about: str = "") -> FindingWords:
    """The words of one finding with its numbers filled in. A code nobody explained gets neutral ones."""
    found = WORDS.get(code)
    if found is None:
        title = gettext("Something is odd (%(code)s).") % {"code": code}
        return FindingWords("info", title, str(ALL_KEPT), "")
    title = str(found.says)
    if about and "{about}" not in title and not about.startswith("object "):
        title = f"{title} ({about})"
    return FindingWords(found.state, _fill(title, params, about), str(found.safe), str(found.todo))


def _fill(text: str, params: Mapping[str, Any], about: str) -> str:
    """Replace {name} by its value; plain replacement, since a value may hold braces itself."""
    values = {**params, "about": about}
    return re.sub(r"\{(\w+)\}", lambda match: str(values.get(match[1], "?")), text)
