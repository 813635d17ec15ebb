"""Words of a bundle: what its codes are called on the page.

Comes in: keys of planbank.scene.bundle. Goes out: words in the reader's language.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

WINDOWS: dict[str, str | Promise] = {
    "soft": gettext_lazy("Soft tissue"),
    "lung": gettext_lazy("Lung"),
    "bone": gettext_lazy("Bone"),
    "brain": gettext_lazy("Brain"),
    "mediastinum": gettext_lazy("Mediastinum"),
    "liver": gettext_lazy("Liver"),
    "all": gettext_lazy("Everything"),
    "sent": gettext_lazy("As sent"),
    "own": gettext_lazy("By this image"),
    "bright": gettext_lazy("Brighter"),
}
WHY_EMPTY: dict[str, str | Promise] = {
    "nothing-drawn": gettext_lazy("Nothing is drawn."),
    "unreadable": gettext_lazy("Its contours cannot be read."),
}


def why_empty(code: str) -> str:
    """Why an ROI is listed and not drawn."""
    return str(WHY_EMPTY.get(code, "")) if code else ""


def refusal(found: Mapping[str, Any]) -> str:
    """What cannot be drawn, and why, as a sentence."""
    n = int(found["count"])
    match found["why"]:
        case "images-not-placed":
            text = ngettext(
                "%(n)s image does not say where it lies in the patient.",
                "%(n)s images do not say where they lie in the patient.",
                n,
            )
        case "images-off-grid":
            text = ngettext(
                "%(n)s image does not stand straight above the others and is not shown.",
                "%(n)s images do not stand straight above the others and are not shown.",
                n,
            )
        case "images-same-place":
            text = ngettext(
                "%(n)s image lies where another one does and is not shown.",
                "%(n)s images lie where others do and are not shown.",
                n,
            )
        case "pixels-unreadable":
            text = ngettext(
                "The pixels of %(n)s image cannot be read.", "The pixels of %(n)s images cannot be read.", n
            )
        case "too-many-stacks":
            text = ngettext("%(n)s more stack is not shown.", "%(n)s more stacks are not shown.", n)
        case _:
            text = {
                "images": _("A series cannot be read."),
                "structures": _("A structure set cannot be read."),
            }.get(found["what"], _("A dose cannot be placed or read."))
    return text % {"n": n} if "%(n)s" in text else text
