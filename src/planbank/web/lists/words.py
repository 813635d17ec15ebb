"""What DICOM writes, as people read it.

Comes in: header values as sent. Goes out: plain text. What cannot be read stays as it was sent.
"""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext as _

from planbank.dicom.uids import class_name
from planbank.pipeline.models import State

_STATES = {State.DONE: "ok", State.FAILED: "bad"}
_CAPITALS = {"sop": "SOP", "uid": "UID", "rt": "RT"}
_UNKNOWN_CLASS = class_name("0")


def person(name: str) -> str:
    """A person name (PS3.5, 6.2.1.1): the family name, a comma, the rest in the order of speech.

    The first group that is filled: alphabetic, ideographic or phonetic.
    """
    group = next((part for part in name.split("=") if part.strip(" ^")), "")
    family, given, middle, prefix, suffix = ([p.strip() for p in group.split("^")] + [""] * 5)[:5]
    rest = " ".join(part for part in (prefix, given, middle, suffix) if part)
    return ", ".join(part for part in (family, rest) if part)


def day(text: str) -> str:
    """A DA value (19500101) as 1950-01-01."""
    plain = text.strip()
    if len(plain) == 8 and plain.isascii() and plain.isdigit():
        try:
            return date(int(plain[:4]), int(plain[4:6]), int(plain[6:])).isoformat()
        except ValueError:
            return text
    return text


def header_name(keyword: str) -> str:
    """The name of a header value: series_description is 'Series description'."""
    words = [_CAPITALS.get(word, word) for word in keyword.split("_")]
    text = " ".join(words)
    return text[:1].upper() + text[1:]


def kind_of_object(sop_class_uid: str) -> str:
    """A SOP class in words; the UID itself where nobody knows it."""
    name = class_name(sop_class_uid)
    return sop_class_uid if name == _UNKNOWN_CLASS else name


def syntax_name(transfer_syntax_uid: str) -> str:
    """A transfer syntax in words; the UID itself where nobody knows it."""
    name = class_name(transfer_syntax_uid)
    return transfer_syntax_uid if name == _UNKNOWN_CLASS else name


def work_state(state: str | None) -> tuple[str, str]:
    """(state of the kit, word) of an outcome; None where the work was not due yet."""
    if state is None:
        return "idle", _("Not yet")
    return _STATES.get(State(state), "idle"), str(State(state).label)


def relation_word(relation: str) -> str:
    """How an arrival relates to what the institution had."""
    return {
        "new": _("new"),
        "again": _("sent again"),
        "re-exported": _("re-exported"),
        "version": _("new version"),
    }.get(relation, relation)
