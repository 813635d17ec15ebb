"""Tombstones: laid in the archive and in the database, looked at by register, lifted by a person.

Comes in: marks of an erasure. Goes out: files `tombstones/<uid>-<digest>.json`, put once, and rows. A
lifted one has a file `tombstones/<uid>-lifted.json`, so that a restored database knows that too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from planbank.erasure.marks import identity_mark, object_mark
from planbank.erasure.models import Tombstone
from planbank.house import House
from planbank.transit.keys import KeyFolder

PREFIX = "tombstones/"


@dataclass(frozen=True)
class Standing:
    """The marks that stand now and since when; no key is asked for where none stand."""

    marks: dict[str, datetime]
    key: bytes = b""

    @classmethod
    def load(cls, house: House) -> Standing:
        """All marks that nobody lifted. Raises KeyMissing where there are marks and no vault key."""
        rows = dict(Tombstone.objects.filter(lifted_at=None).values_list("mark", "laid_at"))
        return cls(rows, KeyFolder(house.keys).vault_key()) if rows else cls(rows)

    def has_object(self, institution: str, sop_instance_uid: str) -> datetime | None:
        """Since when this institution's object is erased, if it is."""
        return self.marks.get(object_mark(self.key, institution, sop_instance_uid)) if self.marks else None

    def has_identity(self, institution: str, identity: tuple[str, str, str] | None) -> datetime | None:
        """Since when this institution's patient is erased, if they are."""
        if not self.marks or identity is None:
            return None
        return self.marks.get(identity_mark(self.key, institution, identity))


def lay(house: House, uid: UUID, marks: Sequence[str], at: datetime) -> str:
    """Put marks into the archive, then into rows; returns the key. The same marks again change nothing."""
    body: dict[str, Any] = {
        "version": 1,
        "erasure": str(uid),
        "laid_at": at.isoformat(),
        "marks": sorted(set(marks)),
    }
    digest = hashlib.sha256("".join(body["marks"]).encode()).hexdigest()
    key = f"{PREFIX}{uid.hex}-{digest[:16]}.json"
    house.store.put(key, json.dumps(body, separators=(",", ":")).encode())
    _rows(uid, body["marks"], at)
    return key


def lift(house: House, uid: UUID, at: datetime) -> int:
    """Let what this erasure kept out come in again; returns how many marks."""
    house.store.put(_lifted_key(uid), json.dumps({"version": 1, "lifted_at": at.isoformat()}).encode())
    return Tombstone.objects.filter(erasure=uid, lifted_at=None).update(lifted_at=at)


def remember(house: House) -> int:
    """Rows for every file of the archive that has none, as after a restore; returns how many were added."""
    keys = set(house.store.keys(PREFIX))
    known = set(Tombstone.objects.values_list("erasure", flat=True).distinct())
    before = Tombstone.objects.count()
    for key in sorted(k for k in keys if not k.endswith("-lifted.json")):
        uid = UUID(key[len(PREFIX) :][:32])
        if uid not in known:
            body = read(house, key)
            _rows(uid, body["marks"], datetime.fromisoformat(body["laid_at"]))
        if _lifted_key(uid) in keys:
            at = datetime.fromisoformat(read(house, _lifted_key(uid))["lifted_at"])
            Tombstone.objects.filter(erasure=uid, lifted_at=None).update(lifted_at=at)
    return Tombstone.objects.count() - before


def forgotten(house: House) -> list[str]:
    """Keys of files whose erasure has no rows."""
    known = {uid.hex for uid in Tombstone.objects.values_list("erasure", flat=True).distinct()}
    return sorted(k for k in house.store.keys(PREFIX) if k[len(PREFIX) :][:32] not in known)


def read(house: House, key: str) -> dict[str, Any]:
    """One file of tombstones."""
    with house.store.open(key) as stream:
        return json.load(stream)


def _rows(uid: UUID, marks: Sequence[str], at: datetime) -> None:
    rows = [Tombstone(mark=mark, erasure=uid, laid_at=at) for mark in marks]
    Tombstone.objects.bulk_create(rows, ignore_conflicts=True, batch_size=5000)


def _lifted_key(uid: UUID) -> str:
    return f"{PREFIX}{uid.hex}-lifted.json"
