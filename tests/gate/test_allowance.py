"""The quota of quarantine: senders that nobody registered get A700 beyond it (model.md, Quarantine)."""

from __future__ import annotations

import os
import subprocess
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planbank.errors import ObjectRefused
from planbank.gate.allowance import Allowance, Pending
from planbank.gate.limits import Limits
from tests.gate.raw_peer import CT, EXPLICIT, SUCCESS, Peer, small_data_set

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.gate.conftest import Gate, Transit

OUT_OF_RESOURCES = 0xA700
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TWO_FILES = Limits(quarantine_files_per_address=2, quarantine_files=3)


def tell(
    transit: Transit, addresses: Mapping[str, tuple[int, int]] | None = None, settled: datetime = NOW
) -> None:
    """As the back end does."""
    addresses = addresses or {}
    content = {
        "version": 1,
        "settled": settled.isoformat(),
        "files": sum(files for files, _ in addresses.values()),
        "bytes": sum(size for _, size in addresses.values()),
        "addresses": {address: list(counts) for address, counts in addresses.items()},
    }
    transit.back_end.publish("quarantine", content)


def put(allowance: Allowance, address: str, size: int, limits: Limits) -> bool:
    """Whether an object was taken."""
    try:
        with allowance.room(address, limits) as grow:
            grow(size)
    except ObjectRefused as refused:
        assert refused.status == OUT_OF_RESOURCES
        return False
    return True


@pytest.fixture
def allowance(transit: Transit) -> Allowance:
    return Allowance(transit.tray, lambda: NOW)


def test_files_are_counted_by_address_and_in_all(allowance: Allowance) -> None:
    assert [put(allowance, "10.0.0.1", 5, TWO_FILES) for _ in range(3)] == [True, True, False]
    assert [put(allowance, "10.0.0.2", 5, TWO_FILES) for _ in range(2)] == [True, False]


def test_bytes_are_counted_while_they_come(allowance: Allowance) -> None:
    """One object cannot overstep the quota by its own size."""
    limits = Limits(quarantine_bytes_per_address=100)
    with allowance.room("10.0.0.1", limits) as grow:
        grow(60)
        with pytest.raises(ObjectRefused), allowance.room("10.0.0.1", limits) as other:
            other(41)
        grow(40)
    assert not put(allowance, "10.0.0.1", 1, limits)
    assert put(allowance, "10.0.0.2", 100, limits)


def test_an_object_that_was_not_kept_leaves_no_trace(allowance: Allowance) -> None:
    limits = Limits(quarantine_files=1, quarantine_bytes=10)
    for _ in range(5):
        with pytest.raises(ValueError, match="gone"), allowance.room("10.0.0.1", limits) as grow:
            grow(9)
            raise ValueError("gone")
    assert put(allowance, "10.0.0.1", 10, limits)


def test_what_the_back_end_counted_counts(transit: Transit, allowance: Allowance) -> None:
    tell(transit, {"10.0.0.1": (1, 5), "10.0.0.2": (1, 5)})
    assert [put(allowance, "10.0.0.1", 5, TWO_FILES) for _ in range(2)] == [True, False]
    tell(transit)
    assert put(allowance, "10.0.0.2", 5, TWO_FILES)


def test_what_came_since_counts_until_it_is_settled(transit: Transit) -> None:
    """Also while the back end is away: no file, no time that passes, makes room."""
    at = NOW
    allowance = Allowance(transit.tray, lambda: at)
    assert put(allowance, "10.0.0.1", 5, TWO_FILES)
    assert put(allowance, "10.0.0.1", 5, TWO_FILES)
    at = NOW + timedelta(days=3)
    assert not put(allowance, "10.0.0.1", 5, TWO_FILES)
    tell(transit, settled=NOW - timedelta(seconds=1))
    assert not put(allowance, "10.0.0.1", 5, TWO_FILES)
    tell(transit, settled=NOW + timedelta(minutes=1))
    assert put(allowance, "10.0.0.1", 5, TWO_FILES)


def test_processes_count_together(transit: Transit) -> None:
    pending = Pending(2)
    allowances = []
    for seat in range(2):
        pending.take_seat(seat)
        mine = Pending.__new__(Pending)
        mine.__dict__.update(pending.__dict__)
        allowances.append(Allowance(transit.tray, lambda: NOW, mine))
    assert [put(allowances[n % 2], "10.0.0.1", 5, TWO_FILES) for n in range(3)] == [True, True, False]
    pending.take_seat(0)  # a child that died is replaced
    assert pending.of("10.0.0.1") == (1, 5)


@pytest.mark.parametrize("content", [{}, {"version": 1}, {"addresses": []}, {"settled": "soon"}])
def test_a_file_that_cannot_be_read_leaves_the_last_one(
    transit: Transit, allowance: Allowance, content: dict[str, object]
) -> None:
    tell(transit, {"10.0.0.1": (2, 5)})
    assert not put(allowance, "10.0.0.1", 5, TWO_FILES)
    transit.back_end.publish("quarantine", content)
    assert not put(allowance, "10.0.0.1", 5, TWO_FILES)
    assert put(allowance, "10.0.0.2", 5, TWO_FILES)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 60)), max_size=40))
def test_never_more_than_the_quota_is_taken(transit: Transit, sent: list[tuple[str, int]]) -> None:
    limits = Limits(
        quarantine_files=12,
        quarantine_bytes=200,
        quarantine_files_per_address=5,
        quarantine_bytes_per_address=90,
    )
    transit.back_end.publish(
        "quarantine", {"settled": NOW.isoformat(), "files": 0, "bytes": 0, "addresses": {}}
    )
    allowance = Allowance(transit.tray, lambda: NOW)
    kept = [(address, size) for address, size in sent if put(allowance, address, size, limits)]
    for address in "abc":
        own = [size for name, size in kept if name == address]
        assert len(own) <= 5
        assert sum(own) <= 90
    assert len(kept) <= 12
    assert sum(size for _, size in kept) <= 200


def test_many_at_once_stay_within_it(allowance: Allowance) -> None:
    limits, kept = Limits(quarantine_files_per_address=20), []

    def send() -> None:
        kept.extend(1 for _ in range(30) if put(allowance, "10.0.0.1", 7, limits))

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 0 < len(kept) <= 20


def storescu(gate: Gate, ae_title: str, file: Path) -> subprocess.CompletedProcess[str]:
    call = ["storescu", "-v", "-aet", ae_title, "-aec", "PLANBANK", "127.0.0.1", str(gate.port), str(file)]
    return subprocess.run(call, env={**os.environ, "TCP_NODELAY": "1"}, capture_output=True, text=True)


def test_storescu_of_a_stranger_hears_a700_and_a_known_sender_goes_on(
    start_gate: Callable[..., Gate], transit: Transit, phantom: Path
) -> None:
    """A700, nothing left, one event with the reason; registered senders have no quota."""
    gate = start_gate(limits={"quarantine_files_per_address": 2})
    transit.admit("DEMO_TPS")
    files = sorted(phantom.rglob("CT*.dcm"))[:3]
    assert [storescu(gate, "STRANGER", file).returncode for file in files[:2]] == [0, 0]
    refused = storescu(gate, "STRANGER", files[2])
    assert "Refused: OutOfResources" in refused.stdout + refused.stderr
    [event] = transit.events()
    assert (event["what"], event["status"]) == ("object", "A700")
    assert event["reason"] == "The quarantine is full for this address: register the sender."
    assert len(transit.objects()) == 2
    assert transit.left_behind() == []
    assert storescu(gate, "DEMO_TPS", files[2]).returncode == 0
    tell(transit, settled=datetime.now(UTC) + timedelta(minutes=1))  # somebody decided about them
    assert storescu(gate, "STRANGER", files[2]).returncode == 0


def test_the_association_goes_on_after_it(start_gate: Callable[..., Gate], transit: Transit) -> None:
    gate = start_gate(limits={"quarantine_bytes_per_address": 10_000})
    with Peer("127.0.0.1", gate.port) as peer:
        peer.associate([(CT, [EXPLICIT])])
        large = small_data_set(CT, "1.2.3.1", pixels=50_000)
        assert peer.store(1, CT, "1.2.3.1", large) == OUT_OF_RESOURCES
        assert peer.store(1, CT, "1.2.3.2", small_data_set(CT, "1.2.3.2")) == SUCCESS
        peer.release()
    assert [header.sop_instance_uid for header, _ in transit.objects()] == ["1.2.3.2"]
