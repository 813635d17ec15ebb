"""Wildcard patterns: `*` any run of characters, `?` exactly one, everything else literal (R56, R61).

Comes in: a pattern and names. Goes out: whether they match. A pattern is matched segment by
segment without ever going back, so that `*a*a*a*` costs no more than the name is long.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field

MAX_LENGTH = 256


def normal(name: str) -> str:
    """A name as it is compared: NFC, non-breaking spaces as spaces, outer spaces trimmed (model.md)."""
    return unicodedata.normalize("NFC", name).replace("\u00a0", " ").strip()


def folded(name: str, case_sensitive: bool = False) -> str:
    """A name as it is compared, without regard to case unless told otherwise (R59)."""
    name = normal(name)
    return name if case_sensitive else unicodedata.normalize("NFC", name.casefold())


@dataclass(frozen=True)
class Pattern:
    """A pattern made ready; compare with `matches`.

    Case is folded unless `case_sensitive` (R209). Raises ValueError for a pattern of more than
    256 characters or an empty one.
    """

    text: str
    case_sensitive: bool = False
    _segments: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        text = self._folded(self.text)
        if not text:
            raise ValueError("A pattern cannot be empty; * stands for any name.")
        if len(text) > MAX_LENGTH:
            raise ValueError(f"A pattern has at most {MAX_LENGTH} characters.")
        object.__setattr__(self, "_segments", tuple(text.split("*")))

    def matches(self, name: str) -> bool:
        """Whether the whole name fits."""
        name = self._folded(name)
        first, *rest = self._segments
        if not rest:
            return len(name) == len(first) and _fits(first, name, 0)
        last = rest.pop()
        if len(name) < len(first) + len(last) or not _fits(first, name, 0):
            return False
        if not _fits(last, name, len(name) - len(last)):
            return False
        place, end = len(first), len(name) - len(last)
        for segment in rest:
            place = _find(segment, name, place, end)
            if place < 0:
                return False
        return True

    @property
    def is_literal(self) -> bool:
        """Whether it stands for one name only."""
        return len(self._segments) == 1 and "?" not in self.text

    def _folded(self, text: str) -> str:
        return folded(text, self.case_sensitive)


def _fits(segment: str, name: str, at: int) -> bool:
    if "?" not in segment:
        return name.startswith(segment, at)
    return len(name) - at >= len(segment) and all(
        mine in ("?", name[at + k]) for k, mine in enumerate(segment)
    )


def _find(segment: str, name: str, start: int, end: int) -> int:
    """Behind the first place between start and end where the segment fits, or -1."""
    if "?" not in segment:
        found = name.find(segment, start, end)
        return found + len(segment) if found >= 0 else -1
    for at in range(start, end - len(segment) + 1):
        if _fits(segment, name, at):
            return at + len(segment)
    return -1
