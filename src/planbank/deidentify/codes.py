"""Coded entries (PS3.3, section 8.8): kept where the code is a published one, with its published meaning.

Comes in: scheme and value of a code. Goes out: the meaning by the tables of PS3.16 that come with
pydicom, or None: a code of one's own, whose value and meaning may say anything.
"""

from __future__ import annotations

from functools import cache
from typing import cast

CODE_VALUE, SCHEME, MEANING = 0x00080100, 0x00080102, 0x00080104
LONG_CODE_VALUE, URN_CODE_VALUE = 0x00080119, 0x00080120
BESIDES = frozenset(
    (
        *(0x00080103, 0x00080105, 0x00080106, 0x00080107, 0x0008010B, 0x0008010D, 0x0008010F),
        *(0x00080117, 0x00080118, 0x00080122),
    )
)
"""Where a code was taken from: versions, context groups and their makers. A published code needs none."""
_LONGEST_MEANING = 64
_OLD_SNOMED = frozenset(("SRT", "SNM3", "99SDM"))


def meaning_of(scheme: str, value: str) -> str | None:
    """The meaning of a published code, in ASCII and at most 64 characters; None for any other."""
    schemes, old = published()
    if scheme in _OLD_SNOMED:
        scheme, value = "SCT", old.get(value, "")
    meaning = schemes.get(scheme, {}).get(value)
    if meaning is None:
        return None
    return meaning.encode("ascii", "replace").decode("ascii")[:_LONGEST_MEANING].strip()


@cache
def published() -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """Scheme -> value -> meaning, and codes of old SNOMED -> those of today. Takes a second, so on demand."""
    from pydicom.sr._concepts_dict import concepts
    from pydicom.sr._snomed_dict import mapping

    schemes: dict[str, dict[str, str]] = {}
    for scheme, keywords in concepts.items():
        codes = schemes.setdefault(scheme, {})
        for entries in cast("dict[str, dict[str, tuple[str, object]]]", keywords).values():
            codes.update((value, meaning) for value, (meaning, *_) in entries.items())
    return schemes, dict(mapping["SRT"])
