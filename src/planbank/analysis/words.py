"""Decisions in words: which plan is taken and why, or why somebody must choose.

Comes in: a `Decision`. Goes out: a sentence in the reader's language.
"""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from planbank.analysis.decide import Decision

WHY: dict[str, str | Promise] = {
    "every": _("each plan for itself"),
    "latest-approved": _("the latest approved plan"),
    "first-approved": _("the first approved plan"),
    "only-approved": _("the only approved plan"),
    "latest": _("the latest plan"),
    "delivered": _("the delivered plan"),
    "together": _("all approved plans together"),
    "by-hand": _("chosen by hand"),
    "none-approved": _("No plan is approved."),
    "none-delivered": _("No plan has a treatment record."),
    "several-delivered": _("Several plans have treatment records."),
    "no-date": _("Not every plan has a date."),
    "same-day": _("Several plans are of the same day."),
    "structures-differ": _("The plans have different structure sets; say whose are used."),
    "choice-gone": _("A plan that was chosen is no longer there."),
}

CANNOT_ADD: dict[str, str | Promise] = {
    "no-dose": _("A plan has no dose yet, so they are not added."),
    "several-doses": _("A plan has several doses, and none is preferred, so they are not added."),
    "structures": _("The plan has no structure set, or several, so they are not added."),
    "frames": _("The doses lie in different frames of reference, so they are not added."),
    "types": _("Physical and effective dose are never added."),
    "brachy": _("External beams and brachytherapy are never added."),
    "unseen": _("A plan of them is another centre's, which you do not see."),
    "fractions": _("A plan does not say how many fractions it has, so a part of it cannot be taken."),
}


def in_words(decision: Decision) -> str:
    """'the latest approved plan', 'chosen by hand: replanned after fraction 12'."""
    said = str(WHY[decision.why])
    if decision.by_hand and decision.reason:
        said = f"{said}: {decision.reason}"
    if decision.how == "together":
        keys = ", ".join(str(pk) for pk in decision.plan_sets)
        said = gettext("%(why)s (sum of plan sets %(keys)s)") % {"why": said, "keys": keys}
    return said
