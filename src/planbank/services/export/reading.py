"""The ZIP of an export, read anywhere.

Comes in: an export that is laid out. Goes out: its size, what tells its layout from another, and any range
of its bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from planbank.exports.zip_file import Ends, Member, pieces
from planbank.house import House
from planbank.services.export.layout import members_of
from planbank.takeout.models import Export


@dataclass(frozen=True)
class LaidOut:
    """One layout of one export."""

    house: House
    row: Export

    @property
    def tag(self) -> str:
        """The entity tag (RFC 9110, 8.8.3): another layout is another file."""
        return f'"{self.row.pk}-{self.row.layout}"'

    def pieces(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` to before `stop`. Raises ObjectMissing where a file went meanwhile."""
        row = self.row
        whole = Ends(row.members, row.directory, row.directory_size)
        return pieces(lambda at: members_of(row, at), self._opened, whole, start, stop)

    def _opened(self, member: Member) -> BinaryIO:
        for one in self.row.extras:
            if one["name"] == member.name:
                return self.house.store.open(one["key"])
        key = self.row.files.values_list("key", flat=True).get(name=member.name)
        return self.house.store.open(key)
