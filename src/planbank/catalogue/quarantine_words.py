"""Why something was set aside, in words (look.md, section 5).

Comes in: the reason code that register wrote. Goes out: how grave it is, what happened, what to do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import Promise

UNKNOWN, OTHER_ADDRESS = "unknown-sender", "known-name-other-address"
OTHER_CERTIFICATE = "known-name-other-certificate"
NO_INSTITUTION = "no-institution-for-called-ae"
ERASED = "erased"
UNREGISTERED = (UNKNOWN, OTHER_ADDRESS, OTHER_CERTIFICATE)
SUSPICIOUS = (OTHER_ADDRESS, OTHER_CERTIFICATE)
SENDER_REASONS = (*UNREGISTERED, NO_INSTITUTION)


@dataclass(frozen=True)
class Reason:
    """Why something was set aside: how grave, what happened, what to do."""

    level: str
    title: str | Promise
    todo: str | Promise


REASONS: dict[str, Reason] = {
    UNKNOWN: Reason(
        "warn", _("Nobody registered this sender"), _("Ask who runs it, then release or delete.")
    ),
    OTHER_ADDRESS: Reason("bad", _("Known name, other address"), _("Not trusted on the name alone.")),
    OTHER_CERTIFICATE: Reason(
        "bad", _("Known name, not its certificate"), _("Not trusted on name and address alone.")
    ),
    NO_INSTITUTION: Reason(
        "warn", _("Called by a name that leads to no institution"), _("Say whose these are.")
    ),
    "unsigned": Reason(
        "bad",
        _("Nobody known signed it"),
        _("It did not come in through the gate or the site. Find out how."),
    ),
    "damaged": Reason(
        "bad", _("Changed or cut short after it was sealed"), _("Ask the sender to send it again.")
    ),
    "unreadable": Reason(
        "bad",
        _("Sealed for a key that is not here"),
        _("Put the key back into the key folder; what opens then is let in by itself."),
    ),
    "unexpected": Reason(
        "bad", _("It could not be filed"), _("Tell the system administrator; nothing is lost.")
    ),
    ERASED: Reason(
        "warn",
        _("Erased here before"),
        _(
            "This patient or plan was erased, so it is not taken in again by itself. Delete it; or ask for "
            "the erasure to be lifted, and release it then."
        ),
    ),
    "malformed": Reason("warn", _("Not readable as DICOM"), _("Send it again from the system it came from.")),
}
_UNNAMED = Reason("warn", _("Set aside"), _("Look at the journal, then decide."))


def reason_in_words(code: str) -> Reason:
    """The words for a reason code; a neutral sentence for a code without words."""
    return REASONS.get(code, _UNNAMED)
