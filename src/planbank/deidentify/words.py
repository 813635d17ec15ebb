"""The name rule in a file-to-file run (model.md, Levels): which names may stay as they are.

Comes in: names of ROIs, beams, plans. Goes out: whether each is a word of the field (TG-263, the
bundled Danish and English names) or stands in the list that a person gave.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from planbank.dicom.names import is_standard
from planbank.dicom.names.standard import folded
from planbank.errors import DeidentifyError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class Words:
    """The vocabulary of a run: the bundled names and those a person wants kept."""

    def __init__(self, also: Iterable[str] = ()) -> None:
        self._also = frozenset(folded(name) for name in also) - {""}
        self._asked: dict[str, bool] = {}

    def allows(self, name: str) -> bool:
        """Whether a name tells of nobody. An empty one does not."""
        known = self._asked.get(name)
        if known is None:
            known = self._asked[name] = folded(name) in self._also or not name.strip() or is_standard(name)
        return known


def words_in(path: Path) -> Words:
    """The vocabulary with the names of a file, one a line, UTF-8.

    Raises DeidentifyError where the file cannot be read.
    """
    try:
        return Words(path.read_text("utf-8-sig").splitlines())
    except (OSError, UnicodeDecodeError) as exc:
        raise DeidentifyError("The file of names to keep cannot be read as UTF-8 text.") from exc
