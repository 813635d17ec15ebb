"""Signed heads of the chain, kept in the archive: a journal cut off at its end is found out.

Comes in: how far the chain reaches. Goes out: files `journal/<number>-<digest>.json`, put once, each with
number, seal and time of the last sealed entry, signed with the site's key (Ed25519). Who has the database in
hand can shorten the journal or make the whole chain anew, and cannot do so to these files without the key.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

from planbank.errors import JournalCut, KeyMissing, ParcelDamaged, ParcelUnsigned
from planbank.house import House
from planbank.journal.chain import ChainState, state
from planbank.journal.models import Entry
from planbank.transit.keys import KeyFolder
from planbank.transit.signature import BLOCK_BYTES, VerifyKey, signed

PREFIX, BY = "journal/", "site"
EVERY = timedelta(minutes=5)
LOOK_EVERY = timedelta(minutes=10)  # another clock may have signed, or a person said what is lost
_PURPOSE = b"planbank journal head 1\n"
_KEY = re.compile(r"journal/(\d{15})-[0-9a-f]{16}(-lost)?\.json")


@dataclass(frozen=True)
class Head:
    """The end of the chain as it was: number and seal of its last entry, when it was signed.

    `lost_from`: a person said that what stood after this number is lost (a database put back from a
    backup); heads signed before that, and beyond this number, count no more.
    """

    number: int
    seal: str
    at: datetime
    lost_from: int | None = None

    def to_json(self) -> bytes:
        told: dict[str, Any] = {"version": 1, "number": self.number, "seal": self.seal}
        told["at"] = self.at.astimezone(UTC).isoformat()
        if self.lost_from is not None:
            told["lost_from"] = self.lost_from
        return json.dumps(told, separators=(",", ":")).encode()

    @classmethod
    def from_json(cls, body: bytes) -> Head:
        """Raises ParcelDamaged where it is no head."""
        try:
            told = json.loads(body)
            at = datetime.fromisoformat(told["at"])
            return cls(int(told["number"]), str(told["seal"]), at, told.get("lost_from"))
        except (ValueError, KeyError, TypeError) as exc:
            raise ParcelDamaged("It is no head of the journal.") from exc


class Notary:
    """Signs the head now and then, in the process `clock`; remembers the last one it saw."""

    def __init__(self) -> None:
        self._last: Head | None = None
        self._look_at: datetime | None = None

    def __call__(self, house: House) -> bool:
        """Sign where the chain has grown and the last head is old enough; True where it did.

        Raises KeyMissing without the site's key, JournalCut where the chain lost its end: then nothing is
        signed until a person says that it is lost (`planbank journal-lost`).
        """
        end, now = state(), house.clock.now()
        if self._look_at is None or self._look_at <= now:
            self._last, self._look_at = newest(house), now + LOOK_EVERY
        last = self._last
        if last is not None:
            _agree(last, end)
            if end.number == last.number or now - last.at < EVERY:
                return False
        if not end.number:
            return False
        self._last = sign(house, end, now)
        return True


def sign(house: House, end: ChainState, at: datetime, lost_from: int | None = None) -> Head:
    """Put the signed end of the chain into the archive. Raises KeyMissing."""
    head = Head(end.number, end.seal, at, lost_from)
    body = head.to_json()
    digest = hashlib.sha256(_PURPOSE + body).digest()
    block = KeyFolder(house.keys).signer(BY).block(digest)
    kind = "" if lost_from is None else "-lost"
    house.store.put(f"{PREFIX}{head.number:015d}-{digest.hex()[:16]}{kind}.json", body + block)
    return head


def newest(house: House) -> Head | None:
    """The head that reaches furthest of those that count. Raises KeyMissing without the public key."""
    return _newest(house)[0]


def faults(house: House) -> list[str]:
    """What is wrong between the last signed head and the journal, in words. Raises KeyMissing.

    The last one says all: it is a hash over every entry before it, which `chain.faults` computes anew.
    """
    head, found = _newest(house)
    if head is None:
        return found
    end, when = state().number, f"{head.at:%Y-%m-%d %H:%M}"
    if head.number > end:
        found.append(
            f"journal: it ends at seal {end}, but seal {head.number} was signed on {when}: entries are "
            "missing at its end. If a backup was put back, say so with planbank journal-lost"
        )
    elif _seals({head.number}).get(head.number) != head.seal:
        found.append(f"journal: seal {head.number} is not the one that was signed on {when}")
    return found


def lost(house: House) -> int:
    """Say that what the signed heads tell beyond the journal's end is lost; returns how many entries.

    For a database put back from a backup. The statement is itself signed and kept.
    """
    last, end = newest(house), state()
    if last is None or last.number <= end.number:
        return 0
    sign(house, end, house.clock.now(), lost_from=last.number)
    return last.number - end.number


def _newest(house: House) -> tuple[Head | None, list[str]]:
    """The head that counts and reaches furthest; what is wrong with those beyond it."""
    keys = [(m[1], bool(m[2]), m[0]) for m in map(_KEY.fullmatch, house.store.keys(PREFIX)) if m]
    if not keys:
        return None, []
    verifiers = KeyFolder(house.keys).verifiers()
    if BY not in verifiers:
        raise KeyMissing("site.pub is not here; the journal's heads cannot be verified.")
    found: set[str] = set()
    # Statements of a loss first: they say which heads count no more.
    words = [
        head for _n, is_word, key in keys if is_word and (head := _read(house, key, verifiers[BY], found))
    ]
    for _number, _word, key in sorted(keys, reverse=True):
        head = _read(house, key, verifiers[BY], found)
        if head and not any(head.at < word.at and head.number > word.number for word in words):
            return head, sorted(found)
    return None, sorted(found)


def _agree(last: Head, end: ChainState) -> None:
    if end.number < last.number or _seals({last.number}).get(last.number) != last.seal:
        raise JournalCut(f"It ends at {end.number}; seal {last.number} was signed.")


def _seals(numbers: set[int]) -> dict[int, str]:
    rows = Entry.objects.filter(seal_number__in=numbers).values_list("seal_number", "seal")
    return {number: seal for number, seal in rows if number is not None}


def _read(house: House, key: str, site: VerifyKey, faults: set[str]) -> Head | None:
    """A file's head; where it is none, the reason goes into `faults`."""
    with house.store.open(key) as stream:
        content = stream.read()
    body = content[:-BLOCK_BYTES]
    try:
        proof = signed(BytesIO(content), {BY: site})
        if proof.digest != hashlib.sha256(_PURPOSE + body).digest():
            raise ParcelDamaged("It was changed after it was signed.")
        return Head.from_json(body)
    except (ParcelDamaged, ParcelUnsigned) as exc:
        faults.add(f"journal: {key} of the archive: {exc.detail}")
        return None
