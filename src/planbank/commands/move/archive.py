"""The archive copied from one store into another, every object read again from there.

Comes in: two stores. Goes out: how many were copied, and which differ. Everything is compared byte for
byte by its hash. Begun again, it goes on: what is there already is only compared.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice

from planbank.archive.store import Store

PIECE = 1 << 20
AT_ONCE = 8
PORTION = 500


@dataclass
class Moved:
    """What a copy came to; `differing` are keys under which the target holds other bytes."""

    copied: int = 0
    there: int = 0
    size: int = 0
    differing: list[str] = field(default_factory=list)


def copy_archive(source: Store, target: Store, tell: Callable[[int], object] = lambda _n: None) -> Moved:
    """Copy every key: of what is derived, copies of audits wait for their observers. Raises StoreError."""
    moved = Moved()
    keys = source.keys("")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while portion := list(islice(keys, PORTION)):
            for key, size, new, same in pool.map(lambda key: _copy(source, target, key), portion):
                moved.copied += new
                moved.there += not new
                moved.size += size
                if not same:
                    moved.differing.append(key)
            target.settle()
            tell(moved.copied + moved.there)
    return moved


def _copy(source: Store, target: Store, key: str) -> tuple[str, int, bool, bool]:
    part = target.part()
    digest, size = hashlib.sha256(), 0
    try:
        with source.open(key) as stream:
            while piece := stream.read(PIECE):
                digest.update(piece)
                size += len(piece)
                part.write(piece)
        new = part.keep(key)
    finally:
        part.drop()
    return key, size, new, _digest(target, key) == digest.digest()


def _digest(store: Store, key: str) -> bytes:
    digest = hashlib.sha256()
    with store.open(key) as stream:
        while piece := stream.read(PIECE):
            digest.update(piece)
    return digest.digest()
