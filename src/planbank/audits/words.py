"""What went wrong with a copy or a return, in words (R107, R109).

Comes in: a code and what it is about. Goes out: a sentence that says what happened and what to do. A code of
`ASK` keeps a return from being filed until a person decided.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

COPIES: dict[str, str | Promise] = {
    "refused": _("An object of the case cannot be de-identified safely. Choose another case."),
    "missing": _("Bytes of the case are not in the archive. The integrity check tells the administrator."),
    "empty": _("Nothing of the case is here that could go."),
    "restricted": _("The patient withdrew, is restricted or was removed from the protocol."),
    "closed": _("The study was closed before all of it went."),
    "not-made": _("It is not made, or was withdrawn."),
    "not-confirmed": _("The node was not confirmed yet."),
    "switched-off": _("The node or its institution is switched off."),
    "protocol-closed": _("The protocol is not active."),
    "no-agreement": _("There is no agreement in force between the protocol and this centre."),
    "status": _("The node refused an object."),
    "nothing-accepted": _("The node takes objects of none of these kinds."),
    "not-accepted": _("The node does not take objects of this kind."),
    "no-answer": _("The node did not answer. It is tried again by itself."),
    "unreachable": _("The node cannot be reached. It is tried again by itself."),
    "settings": _("The bank's own certificate or key for forwarding cannot be used."),
}
RETURNS: dict[str, str | Promise] = {
    "disagree": _("It refers to the copy of %(by)s, and yet carries the identity of the copy of %(other)s."),
    "wrong-copy": _("It was drawn on the copy of %(by)s, and came from %(other)s."),
    "frame-changed": _(
        "The planning system made a new frame of reference. %(fit)s of %(of)s drawn planes lie on images of"
        " the copy."
    ),
    "other-images": _(
        "It is drawn on images that are not of the copy: the planning system may have resampled them."
        " %(fit)s of %(of)s drawn planes lie on images of the copy."
    ),
    "only-id": _("Nothing but the patient ID leads to the copy."),
    "no-observer": _("Its label names no observer of this centre. Ask for the code in the label."),
    "several-observers": _("It names several observers: %(names)s. Each has to send a file of their own."),
    "closed": _("It came after the study was closed."),
    "withdrawn": _("Its copy was withdrawn."),
    "unreadable": _("It cannot be read to its end."),
    "nothing-drawn": _("Nothing is drawn in it."),
    "empty": _("Nothing is drawn in: %(names)s."),
    "missing": _("These were asked for and are not in it: %(names)s."),
    "unknown-names": _("These names are not in the study's list: %(names)s."),
    "second-version": _("It replaces an earlier one, which is kept."),
}
ASK = frozenset(
    {
        *("disagree", "wrong-copy", "frame-changed", "other-images", "only-id", "no-observer"),
        *("several-observers", "closed", "withdrawn", "unreadable"),
    }
)


def copy_words(code: str) -> str:
    """The sentence of a copy's problem; empty for none."""
    return str(COPIES.get(code) or (_("It could not be handed over (%s).") % code if code else ""))


def return_words(problem: Mapping[str, Any]) -> str:
    """The sentence of a return's problem."""
    text = str(RETURNS.get(problem["code"], problem["code"]))
    return text % problem if "%(" in text else text
