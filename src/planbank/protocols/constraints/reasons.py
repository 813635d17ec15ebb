"""Why a constraint cannot be evaluated on a plan, in words.

Comes in: a key stored with a verdict. Goes out: words in the reader's language.
"""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

REASONS: dict[str, str | Promise] = {
    "needs-choice": _("somebody has to choose which plan is analysed"),
    "not-added": _("the plans are analysed together, and their doses cannot be added"),
    "not-mapped": _("the structure was not found"),
    "several": _("the structure was found several times; choose one in the matrix"),
    "not-calculated": _("there is no DVH yet"),
    "cannot-calculate": _("the structure cannot be calculated from its parts"),
    "no-prescription": _("there is no prescription"),
    "no-fractions": _("the number of fractions is not known"),
    "no-dose": _("the structure lies outside the dose"),
    "no-volume": _("the structure has no volume"),
    "outside": _("it depends on tissue outside the dose grid"),
    "too-small": _("the structure is smaller than the volume asked for"),
    "undefined": _("the metric has no value here"),
    "doses-differ": _("the doses of the plan come to different answers"),
    "no-arm": _("the arm of the participant is not known"),
}


def reason_in_words(key: str) -> str:
    """Why, in words."""
    return str(REASONS.get(key, REASONS["undefined"])) if key else ""
