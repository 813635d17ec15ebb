"""`planbank check`: is everything there that should be, and nothing else?

Comes in: a house. Goes out: faults in words. Nothing is changed.
"""

from __future__ import annotations

from collections.abc import Iterator

from planbank.archive.names import object_key
from planbank.archive.part10 import content_hash
from planbank.errors import ParcelError, PlanbankError
from planbank.house import House

_CHUNK = 5000


def check(house: House, *, deep: bool = False) -> Iterator[str]:
    """Yield each fault: rows against objects, transit against quarantine rows, the journal chain.

    `deep` re-reads every object and compares its content hash, and opens every parcel.
    """
    from planbank.journal.chain import faults

    yield from _rows_without_object(house, deep)
    yield from _objects_without_row(house)
    yield from _quarantine(house)
    if deep:
        yield from _parcels(house)
    yield from faults()


def _rows_without_object(house: House, deep: bool) -> Iterator[str]:
    from planbank.catalogue.models import InstanceVersion

    rows = InstanceVersion.objects.order_by("pk").values_list("content_hash", flat=True)
    for digest in rows.iterator(_CHUNK):
        key = object_key(digest)
        if not house.store.exists(key):
            yield f"archive: object {digest[:16]} has a row and is missing"
        elif deep and (fault := _hash_fault(house, key, digest)):
            yield fault


def _hash_fault(house: House, key: str, digest: str) -> str:
    try:
        with house.store.open(key) as stream:
            found = content_hash(stream)
    except (PlanbankError, OSError) as exc:
        return f"archive: object {digest[:16]} cannot be read ({type(exc).__name__})"
    return "" if found == digest else f"archive: object {digest[:16]} has other content than its hash says"


def _objects_without_row(house: House) -> Iterator[str]:
    """An object whose parcel still waits is no fault: register was ended between the two."""
    from planbank.catalogue.models import InstanceVersion

    def unknown(chunk: list[str]) -> list[str]:
        known = InstanceVersion.objects.filter(content_hash__in=chunk)
        return sorted(set(chunk) - set(known.values_list("content_hash", flat=True)))

    waiting = house.tray.load().parcels
    chunk: list[str] = []
    missing: list[str] = []
    for key in house.store.keys("objects/"):
        chunk.append(key.rsplit("/", 1)[-1])
        if len(chunk) == _CHUNK:
            missing += unknown(chunk)
            chunk = []
    missing += unknown(chunk)
    if len(missing) > waiting:
        yield from (f"archive: object {digest[:16]} has no row" for digest in missing)


def _quarantine(house: House) -> Iterator[str]:
    from planbank.catalogue.models import QuarantinedParcel

    rows = set(
        QuarantinedParcel.objects.filter(state=QuarantinedParcel.State.WAITING).values_list(
            "parcel_id", flat=True
        )
    )
    parcels = set(house.tray.quarantined())
    waiting = set(house.tray.waiting())
    yield from (f"quarantine: parcel {p} has no row" for p in sorted(parcels - rows))
    yield from (f"quarantine: parcel {p} is missing" for p in sorted(rows - parcels - waiting))


def _parcels(house: House) -> Iterator[str]:
    class Nothing:
        def write(self, data: bytes, /) -> int:
            return len(data)

    for parcel_id in house.tray.waiting():
        try:
            house.tray.open(parcel_id, lambda _header: Nothing())
        except ParcelError as exc:
            yield f"transit: parcel {parcel_id}: {exc}"
