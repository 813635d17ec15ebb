"""`planbank check`: is everything there that should be, and nothing else?

Comes in: a house. Goes out: faults in words. Nothing is changed.
"""

from __future__ import annotations

from collections.abc import Iterator

from planbank.archive.names import object_key
from planbank.archive.part10 import content_hash, preamble_and_meta
from planbank.dicom.uids import trim
from planbank.errors import ParcelError, ParcelMissing, PlanbankError
from planbank.house import House

_CHUNK = 5000
UNOPENED = ("damaged", "unsigned", "unreadable", "unexpected")  # reasons of register


def check(house: House, *, deep: bool = False) -> Iterator[str]:
    """Yield each fault: rows against objects, transit against quarantine rows, certificates that
    ended, erased data found again, the journal chain and its signed heads.

    `deep` re-reads every object and compares its content hash, and opens every parcel.
    """
    from planbank.journal import chain, heads

    yield from _rows_without_object(house, deep)
    yield from _objects_without_row(house)
    yield from _quarantine(house)
    if deep:
        yield from _parcels(house)
    yield from _certificates(house)
    yield from _erased(house)
    yield from chain.faults()
    yield from heads.faults(house)


def _rows_without_object(house: House, deep: bool) -> Iterator[str]:
    from planbank.catalogue.models import InstanceVersion

    fields = ("content_hash", "sop_class_uid", "sop_instance_uid", "transfer_syntax_uid")
    for digest, *uids in InstanceVersion.objects.order_by("pk").values_list(*fields).iterator(_CHUNK):
        key = object_key(digest)
        if not house.store.exists(key):
            yield f"archive: object {digest[:16]} has a row and is missing"
        elif deep and (fault := _content_fault(house, key, digest, uids)):
            yield fault


def _content_fault(house: House, key: str, digest: str, uids: list[str]) -> str:
    """What is wrong with a stored object: its data set, or the head that goes before it."""
    try:
        head = preamble_and_meta(*map(trim, uids))
        with house.store.open(key) as stream:
            begins_well = stream.read(len(head)) == head
            found = content_hash(stream)
    except (PlanbankError, OSError) as exc:
        return f"archive: object {digest[:16]} cannot be read ({type(exc).__name__})"
    if found != digest:
        return f"archive: object {digest[:16]} has other content than its hash says"
    return "" if begins_well else f"archive: object {digest[:16]} begins with another head than its row says"


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
    """A decision that the clock has still to carry out is no fault."""
    from planbank.catalogue.models import QuarantinedParcel

    rows = QuarantinedParcel.objects.exclude(state=QuarantinedParcel.State.DONE)
    states = dict(rows.values_list("parcel_id", "state"))
    waiting = {p for p, state in states.items() if state == QuarantinedParcel.State.WAITING}
    parcels = set(house.tray.quarantined())
    on_the_way = set(house.tray.waiting())
    yield from (f"quarantine: parcel {p} has no row" for p in sorted(parcels - set(states)))
    yield from (f"quarantine: parcel {p} is missing" for p in sorted(waiting - parcels - on_the_way))


def _erased(house: House) -> Iterator[str]:
    """What was erased and is there again, as after a restored backup; `planbank erase-again` removes it."""
    from planbank.erasure.tombstones import forgotten
    from planbank.services.erase.returned import files_back

    for key in forgotten(house):
        yield f"erasure: {key} of the archive is unknown to the database; run planbank erase-again"
    for file, objects in files_back(house):
        yield f"erasure: {objects} erased objects are back in patient file {file}; run planbank erase-again"


def _certificates(house: House) -> Iterator[str]:
    from planbank.people.expiry import expiries

    for one in expiries(house.settings, house.clock.now()):
        if one.is_over:
            yield f"tls: the certificate of {one.name} ({one.what}) ended on {one.not_after:%Y-%m-%d}"


def _parcels(house: House) -> Iterator[str]:
    """Parcels that do not open, but for those set aside because they do not."""
    from planbank.catalogue.models import QuarantinedParcel

    class Nothing:
        def write(self, data: bytes, /) -> int:
            return len(data)

    known = set(QuarantinedParcel.objects.filter(reason__in=UNOPENED).values_list("parcel_id", flat=True))
    for parcel_id in [*house.tray.waiting(), *house.tray.quarantined()]:
        if parcel_id in known:
            continue
        try:
            house.tray.open(parcel_id, lambda _header: Nothing())
        except ParcelMissing:
            continue  # registered in the meantime
        except ParcelError as exc:
            yield f"transit: parcel {parcel_id}: {exc}"
