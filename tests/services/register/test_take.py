"""Batches taken in ahead of their filing: order, faults, what is left (security.md, faults 9 to 15)."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from planbank.archive.names import object_key
from planbank.catalogue.models import Instance, QuarantinedParcel, Submission
from planbank.errors import StoreError
from planbank.house import House
from planbank.services.register import run as room
from planbank.services.register import take
from planbank.services.register.take import Batch
from tests.sending import ct, deposit, register_sender


def test_a_batch_comes_in_the_order_of_receipt_and_its_bytes_are_kept(committed: House) -> None:
    """The latest receipt is current, so order matters; bytes are durable before any row (rule 2)."""
    register_sender()
    ids = [deposit(committed, ct(SOPInstanceUID=f"1.2.{n}")) for n in range(20)]
    ids.insert(7, deposit(committed, b"not DICOM"))
    with ThreadPoolExecutor(8) as pool:
        taken = Batch(committed, pool, ids).taken()
    assert [a.header.parcel_id for a in taken.arrivals] == [i for i in ids if i != ids[7]]
    assert [other.parcel_id for other in taken.others] == [ids[7]]  # type: ignore[union-attr]
    assert all(committed.store.exists(object_key(a.trailer.content_hash)) for a in taken.arrivals)
    assert not Submission.objects.exists()
    assert committed.tray.load().parcels == 21


def test_a_fault_of_the_archive_is_told_and_every_parcel_waits(committed: House) -> None:
    """Fault 14: other parcels of the batch are not lost, nothing is filed."""
    register_sender()
    for n in range(12):
        deposit(committed, ct(SOPInstanceUID=f"1.2.{n}"))
    part, calls = committed.store.part, iter(range(100))

    def fails() -> object:
        if next(calls) == 5:
            raise StoreError("No space left on device.")
        return part()

    committed.store.part = fails  # type: ignore[method-assign, assignment]
    with pytest.raises(StoreError):
        room.register_once(committed)
    assert committed.tray.load().parcels == 12
    assert not Submission.objects.exists()
    assert room.register_once(committed) == 12
    assert Submission.objects.count() == 12


def test_a_parcel_that_goes_away_meanwhile_is_passed_over(committed: House) -> None:
    register_sender()
    gone, stays = deposit(committed, ct()), deposit(committed, ct())
    ids = committed.tray.waiting()
    committed.tray.delete(gone)
    assert room.register(committed, ids) == 2
    assert list(Submission.objects.values_list("parcel_id", flat=True)) == [stays]


def test_what_nobody_foresaw_in_one_parcel_stops_no_other(
    committed: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    register_sender()
    bad, _good = deposit(committed, ct()), deposit(committed, ct())
    unpack = take.unpack

    def breaks(house: House, book: object, parcel_id: str, released: object) -> object:
        if parcel_id == bad:
            raise RecursionError
        return unpack(house, book, parcel_id, released)  # type: ignore[arg-type]

    monkeypatch.setattr(take, "unpack", breaks)
    room.register_once(committed)
    assert QuarantinedParcel.objects.get().reason == "unexpected"
    assert Submission.objects.count() == 1


def test_several_batches_end_as_one(committed: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next batch is taken in while one is filed; the last version sent is current all the same."""
    monkeypatch.setattr(room, "BATCH", 3)
    register_sender()
    for n in range(10):
        deposit(committed, ct(SOPInstanceUID=f"1.2.{n % 4}", SliceThickness=str(n)))
    assert room.register(committed, committed.tray.waiting()) == 10
    assert Submission.objects.count() == 10
    newest = {f"1.2.{n % 4}": n for n in range(10)}
    for instance in Instance.objects.all():
        last = Submission.objects.filter(instance=instance).order_by("parcel_id").last()
        assert last is not None and instance.current_version_id == last.version_id
    assert Instance.objects.count() == len(newest)
    assert committed.tray.load().parcels == 0


def test_told_to_stop_it_ends_after_the_batch_in_hand(
    committed: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "BATCH", 2)
    register_sender()
    for n in range(6):
        deposit(committed, ct(SOPInstanceUID=f"1.2.{n}"))
    stop = threading.Event()
    stop.set()
    assert room.register(committed, committed.tray.waiting(), stop) == 2
    assert committed.tray.load().parcels == 4
    assert Submission.objects.count() == 2
