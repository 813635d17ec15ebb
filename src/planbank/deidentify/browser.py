"""The rules as a browser takes them: one JSON object, made from the same tables as the server's own.

Comes in: a profile. Goes out: what static/js/deidentify/tables.js reads. Whatever is not in it is left out
there or refused, never guessed.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from pydicom._dicom_dict import DicomDictionary
from pydicom._uid_dict import UID_dictionary

from planbank.archive.part10 import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from planbank.deidentify import codes, iods, rules
from planbank.deidentify.element import most_values
from planbank.deidentify.values import terms
from planbank.dicom.names import known_names
from planbank.dicom.names.standard import folded

if TYPE_CHECKING:
    from planbank.deidentify.profiles import Profile


@cache
def tables(profile: Profile) -> dict[str, Any]:
    """All of it. Tags are decimal numbers; takes some seconds the first time."""
    schemes, old = codes.published()
    return {
        "options": [{"code": one.code, "meaning": one.meaning} for one in profile.options],
        "implementation": {"uid": IMPLEMENTATION_CLASS_UID, "version": IMPLEMENTATION_VERSION_NAME},
        "dictionary": _dictionary(),
        "actions": {str(tag): code for tag, code in rules.actions(profile).items()},
        "basic": {str(tag): code for tag, code in rules.basic_actions().items()},
        "classes": {
            uid: {"iod": row["iod"], "modules": row["modules"].split()} for uid, row in iods.classes().items()
        },
        "modules": {
            name: [[inside, tag, kind] for (inside, tag), kind in types.items()]
            for name, types in iods.modules().items()
        },
        "formerly": {name: sorted(tags) for name, tags in iods.formerly().items()},
        "terms": sorted(term.decode("ascii") for term in terms() if term),
        "names": sorted({folded(one.name) for one in known_names()}),
        "uids": sorted(UID_dictionary),
        "codes": {
            scheme: {value: meaning for value in values if (meaning := codes.meaning_of(scheme, value))}
            for scheme, values in schemes.items()
        },
        "old": old,
    }


def _dictionary() -> dict[str, list[Any]]:
    """Tag -> VR, most values (0: any number), keyword."""
    found = {}
    for tag, (vr, _vm, _name, _retired, keyword) in DicomDictionary.items():
        if tag >> 16 >= 0x0008 and not tag >> 16 & 1 and len(vr[:2]) == 2 and vr != "NONE":
            found[str(tag)] = [vr[:2], most_values(tag), keyword]
    return found
