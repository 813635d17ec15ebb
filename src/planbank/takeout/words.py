"""Why a file of an export is not there, in words.

Comes in: a code. Goes out: a sentence, with what to do.
"""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from planbank.delivery.words import words as words_of_nodes

WORDS: dict[str, str | Promise] = {
    "missing": _(
        "Its bytes are not in the archive. The integrity check tells the administrator; try again once"
        " they are back."
    ),
    "changed": _("Its bytes are not those that came in. It is not given out; the administrator is to look."),
    "refused": _("It cannot be de-identified safely, so it is left out. Ask for it as received."),
    "out-of-reach": _("It left the protocol, was withdrawn, or the permission no longer reaches it."),
}


def words(code: str) -> str:
    """The sentence of a code, also of a node's; empty for none."""
    return str(WORDS.get(code, "")) or words_of_nodes(code)
