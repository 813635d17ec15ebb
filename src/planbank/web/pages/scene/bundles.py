"""Bundles read from the archive, for what the server draws of them itself.

Comes in: rows of Scene. Goes out: descriptions and parts.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import Any

from planbank.catalogue.models import Scene
from planbank.dicom.dose_grid import DoseGrid
from planbank.errors import ObjectMissing, StoreError
from planbank.house import House
from planbank.scene.bundle.opened import Volume, open_contours, open_dose
from planbank.services.scene import DESCRIPTION


def description(house: House, row: Scene) -> dict[str, Any] | None:
    """What the archive says of a bundle; None where it is gone."""
    key = row.parts.filter(name=DESCRIPTION).values_list("key", flat=True).first()
    try:
        with house.store.open(key or "") as stream:
            found: dict[str, Any] = json.loads(stream.read())
            return found
    except (ObjectMissing, StoreError, ValueError):
        return None


@dataclass(frozen=True)
class Opened:
    """A bundle with its parts. Every method raises ObjectMissing where the archive lacks one."""

    house: House
    about: dict[str, Any]
    keys: dict[str, str]

    @classmethod
    def of(cls, house: House, row: Scene) -> Opened | None:
        """None where the archive does not hold its description."""
        about = description(house, row)
        return cls(house, about, dict(row.parts.values_list("name", "key"))) if about else None

    def one(self, kind: str, key: str) -> dict[str, Any] | None:
        """The description of one object."""
        return next((row for row in self.about[kind] if row["key"] == key), None)

    def dose(self, row: dict[str, Any]) -> DoseGrid:
        """A dose in Gy."""
        return open_dose(row, self.part(row["part"]))

    def contours(self, row: dict[str, Any]) -> dict[int, list[Any]]:
        """ROI number -> closed contours in mm."""
        return open_contours(row, self.part(row["part"]))

    def volume(self, row: dict[str, Any]) -> Volume:
        """Images, read slice by slice."""
        return Volume(row, partial(self._range, row["part"]))

    def part(self, name: str) -> bytes:
        """All bytes of a part."""
        with self.house.store.open(self.keys[name]) as stream:
            return stream.read()

    def _range(self, name: str, offset: int, length: int) -> bytes:
        with self.house.store.open(self.keys[name]) as stream:
            stream.seek(offset)
            return stream.read(length)
