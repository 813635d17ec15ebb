"""The chain over the journal.

Comes in: committed, unsealed entries. Goes out: seals, each a SHA-256 over the entry and the seal
before it, numbered without gaps. The number, not the id, orders the chain: a transaction that
began early and committed late is sealed late, and nothing already sealed moves.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import connection, transaction

from planbank.journal.models import Entry

GENESIS = "0" * 64
_LOCK = 0x706C616E_6A6E6C  # advisory lock: one sealer at a time, on whatever machine


def seal_of(entry: Entry, number: int, previous: str) -> str:
    """The seal of one entry: SHA-256 over its canonical JSON and the previous seal, in hex."""
    content = {
        "number": number,
        "id": entry.pk,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": [entry.actor_kind, entry.actor],
        "action": entry.action,
        "object": [entry.object_kind, entry.object_id],
        "scope": [entry.institution, entry.protocol, entry.purpose],
        "outcome": entry.outcome,
        "detail": entry.detail,
        "previous": previous,
    }
    return hashlib.sha256(
        json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
    ).hexdigest()


def seal_committed(limit: int = 1000) -> int:
    """Chain up to `limit` entries; returns how many. Safe to call from several processes."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
            if not cursor.fetchone()[0]:
                return 0
        last = Entry.objects.filter(seal_number__isnull=False).order_by("-seal_number").first()
        number, previous = (last.seal_number or 0, last.seal) if last else (0, GENESIS)
        entries = list(Entry.objects.filter(seal_number__isnull=True).order_by("id")[:limit])
        for entry in entries:
            number += 1
            previous = entry.seal = seal_of(entry, number, previous)
            entry.seal_number = number
        Entry.objects.bulk_update(entries, ["seal_number", "seal"])
        return len(entries)


def faults() -> list[str]:
    """What is wrong with the chain, in words; an empty list when all is well."""
    found: list[str] = []
    previous, expected = GENESIS, 1
    for entry in Entry.objects.filter(seal_number__isnull=False).order_by("seal_number").iterator(2000):
        if entry.seal_number != expected:
            found.append(f"journal: seal {expected} is missing, {entry.seal_number} follows")
            expected = entry.seal_number or expected
        if seal_of(entry, expected, previous) != entry.seal:
            found.append(f"journal: entry {entry.pk} (seal {expected}) was changed after it was sealed")
        previous, expected = entry.seal, expected + 1
    return found


@dataclass(frozen=True)
class ChainState:
    """How far the chain reaches: the number, seal and time of the last sealed entry, and what waits."""

    number: int
    seal: str
    sealed_to: datetime | None
    waiting: int


def state() -> ChainState:
    """The chain's end, read by index; what waits is counted no further than 10,000."""
    last = Entry.objects.filter(seal_number__isnull=False).order_by("-seal_number").first()
    waiting = Entry.objects.filter(seal_number__isnull=True).order_by()[:10_000].count()
    if last is None:
        return ChainState(0, "", None, waiting)
    return ChainState(last.seal_number or 0, last.seal, last.at, waiting)


def changed(entries: Iterable[Entry]) -> set[int]:
    """Which of these entries do not fit their seal and the one before it; unsealed ones do."""
    sealed = [entry for entry in entries if entry.seal_number]
    numbers = [(entry.seal_number or 0) - 1 for entry in sealed]
    seals = dict(Entry.objects.filter(seal_number__in=numbers).values_list("seal_number", "seal"))
    seals[0] = GENESIS
    return {
        entry.pk
        for entry, before in zip(sealed, numbers, strict=True)
        if seal_of(entry, before + 1, seals.get(before, "")) != entry.seal
    }
