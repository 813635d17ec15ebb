"""Why something did not go, in plain words.

Comes in: a code of `rules`, of a line, or a status of PS3.7 C. Goes out: a sentence. Every code that is
stored has its words here; a test holds the two together.
"""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

WORDS: dict[str, Promise] = {
    # of the way there
    "refused": gettext_lazy("The machine is there, but nothing listens at this port."),
    "no-answer": gettext_lazy("No answer came in time."),
    "unreachable": gettext_lazy("It cannot be reached from here."),
    "tls": gettext_lazy("The TLS handshake failed: look at the certificates of both sides."),
    "called-unknown": gettext_lazy("It is a DICOM system, but is not called by this AE title."),
    "calling-unknown": gettext_lazy("It does not know our AE title: register it there."),
    "busy": gettext_lazy("It is busy."),
    "rejected": gettext_lazy("It rejected the association."),
    "not-dicom": gettext_lazy("It did not answer as a DICOM system does."),
    "settings": gettext_lazy("A TLS file of this bank cannot be used; whoever runs it must look."),
    # of one object
    "status": gettext_lazy("It refused the object."),
    "not-accepted": gettext_lazy(
        "It does not take this kind of object in the transfer syntax it came in; nothing is ever converted."
    ),
    "nothing-accepted": gettext_lazy("It takes none of these objects in the transfer syntaxes they came in."),
    "missing": gettext_lazy("The archive does not hold this object any more. Run planbank check."),
    "unreadable": gettext_lazy("The object could not be read for sending."),
    # of what may go
    "not-confirmed": gettext_lazy("The destination has not been confirmed."),
    "switched-off": gettext_lazy("The destination is switched off."),
    "protocol-closed": gettext_lazy("The protocol is not open."),
    "own-institution": gettext_lazy("The data come from the institution of the destination itself."),
    "no-agreement": gettext_lazy(
        "The protocol has no signed agreement in force with the institution of the destination."
    ),
    "no-centre": gettext_lazy("The institution does not take part in the protocol now."),
    "no-patient": gettext_lazy("The data belong to no patient."),
    "restricted": gettext_lazy("The patient is withdrawn from the protocol, or restricted there."),
    "removed": gettext_lazy("It was taken out of the protocol."),
    "came-from-there": gettext_lazy("It came from there: nothing goes back to who sent it."),
    "not-listed": gettext_lazy("The patient is not on the list of participants."),
    "cancelled": gettext_lazy("Somebody cancelled it."),
    "gone": gettext_lazy("There is no such destination any more."),
    # why a forward waits for a click
    "first": gettext_lazy("The first of this centre by this trigger waits for a click."),
    "many": gettext_lazy("More came today than the trigger lets through without a click."),
}
_STATUS = {
    0xA7: gettext_lazy("out of resources"),
    0xA9: gettext_lazy("the data set does not match its SOP class"),
    0xC: gettext_lazy("it cannot understand the object"),
}
_EXACT = {
    0x0110: gettext_lazy("processing failure"),
    0x0111: gettext_lazy("it has this object already"),
    0x0117: gettext_lazy("invalid object instance"),
    0x0122: gettext_lazy("it does not support this SOP class"),
    0x0124: gettext_lazy("not authorised"),
    0x0211: gettext_lazy("unrecognised operation"),
}


def words(code: str) -> str:
    """The sentence of a code; '' for none."""
    return str(WORDS[code]) if code in WORDS else code


def status_words(status: int | None) -> str:
    """A status of a C-STORE response (PS3.4 B.2.3, PS3.7 C) with its number."""
    if status is None:
        return ""
    said = _EXACT.get(status) or _STATUS.get(status >> 8) or _STATUS.get(status >> 12)
    text = str(said) if said else _("a status of its own")
    return f"{text} ({status:04X})"
