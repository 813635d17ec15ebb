"""register inside `work`: what it outlives, and what it does not (security.md, faults 14, 15, 17)."""

from __future__ import annotations

import threading

import pytest
from django.db import OperationalError, connection

from planbank.catalogue.models import Submission
from planbank.errors import StoreError
from planbank.house import House
from planbank.services.register import register_forever
from planbank.services.register import run as room
from tests.sending import ct, deposit, register_sender


class Impatient(threading.Event):
    """An event nobody waits for long; `set` from within ends the loop of register."""

    def wait(self, timeout: float | None = None) -> bool:
        return super().wait(0.001)


def run(bank: House, stop: threading.Event) -> list[BaseException]:
    """register in a thread, as `work` runs it; what it raised."""
    raised: list[BaseException] = []

    def register() -> None:
        try:
            register_forever(bank, stop)
        except StoreError as exc:
            raised.append(exc)

    thread = threading.Thread(target=register)
    thread.start()
    thread.join(30)
    assert not thread.is_alive()
    return raised


def failing(bank: House, stop: threading.Event, name: str, times: int, error: Exception) -> None:
    """Let the archive's method `name` fail some times; register is stopped once the tray is empty."""
    method, left = getattr(bank.store, name), [times]

    def fails(*arguments: object) -> object:
        if left[0]:
            left[0] -= 1
            raise error
        return method(*arguments)

    setattr(bank.store, name, fails)
    delete = bank.tray.delete

    def last(parcel_id: str) -> None:
        delete(parcel_id)
        stop.set()

    bank.tray.delete = last  # type: ignore[method-assign]


@pytest.mark.parametrize(
    "error",
    [StoreError("No space left on device."), OSError(28, "No space left on device")],
    ids=["archive", "disk"],
)
def test_a_full_disk_is_waited_out(committed: House, error: Exception) -> None:
    """Fault 14: nothing half registered; what waits is kept when there is room again."""
    register_sender()
    deposit(committed, ct())
    stop = Impatient()
    failing(committed, stop, "part", 3, error)
    assert run(committed, stop) == []
    assert Submission.objects.count() == 1
    assert committed.tray.load().parcels == 0


def test_an_archive_that_trusts_itself_no_more_ends_register(committed: House) -> None:
    """Fault 15: no second try after a failed sync in this process; the parcel waits for a fresh one."""
    register_sender()
    deposit(committed, ct())
    stop = Impatient()
    failing(committed, stop, "settle", 99, StoreError("A folder was not synced."))
    (error,) = run(committed, stop)
    assert "not synced" in str(error)
    assert not Submission.objects.exists()
    assert committed.tray.load().parcels == 1


def test_a_database_that_goes_away_is_waited_out(committed: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fault 17, cut inside a commit: the parcel stays until its rows are committed."""
    register_sender()
    deposit(committed, ct())
    stop, left, find = Impatient(), [3], room.find

    def cut(*arguments: object) -> object:
        if left[0]:
            left[0] -= 1
            raise OperationalError("server closed the connection unexpectedly")
        stop.set()
        return find(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(room, "find", cut)
    assert run(committed, stop) == []
    assert Submission.objects.count() == 1
    assert committed.tray.load().parcels == 0


def test_one_register_at_a_time(committed: House) -> None:
    """Another stands by, and takes over when the first one's session ends."""
    register_sender()
    deposit(committed, ct())
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [room._LOCK])
    stop = Impatient()
    failing(committed, stop, "part", 0, OSError())
    other = threading.Thread(target=register_forever, args=(committed, stop))
    other.start()
    other.join(0.5)
    assert other.is_alive()
    assert committed.tray.load().parcels == 1
    connection.close()
    other.join(30)
    assert not other.is_alive()
    assert committed.tray.load().parcels == 0
