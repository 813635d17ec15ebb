"""U: a UID gives way to the one that stands for it in the copy.

Comes in: an element of VR UI. Goes out: KEEP where the Standard itself registered every UID in it
(classes, syntaxes, well-known frames of reference), else a function of the copy's key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydicom._uid_dict import UID_dictionary

from planbank.deidentify.element import KEEP

if TYPE_CHECKING:
    from planbank.deidentify.element import Answer, Found, View

CODE = "U"


def apply(found: Found) -> Answer:
    """Replace each UID, one to one within the copy. Objects outside the set are mapped by the same key."""
    uids = tuple(uid_text(part) for part in found.value.split(b"\\"))
    if all(not uid or uid in UID_dictionary for uid in uids):
        # Written anew: nothing may hide in the padding.
        return KEEP if found.value.rstrip(b"\0") == "\\".join(uids).encode() else "\\".join(uids).encode()
    found.scope.did("UID replaced", found.tag)

    def replaced(view: View) -> bytes:
        return "\\".join(
            uid if not uid or uid in UID_dictionary else view.key.uid(uid) for uid in uids
        ).encode("ascii")

    return replaced


def uid_text(value: bytes) -> str:
    """A UID without its padding; whatever else may stand there is mapped like a UID."""
    return value.decode("latin-1").strip(" \0\t\r\n")
