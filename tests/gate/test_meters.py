"""The gate's numbers: counted once, whatever process did it, and readable by Prometheus."""

from __future__ import annotations

import os
import threading

from hypothesis import given
from hypothesis import strategies as st

from planbank.gate.crowd import Crowd
from planbank.gate.meters import Meters
from tests.gate.prometheus import read
from tests.gate.raw_peer import CT

DOSE = "1.2.840.10008.5.1.4.1.1.481.2"


def test_each_thing_stands_in_its_own_number() -> None:
    meters = Meters()
    meters.object(0, CT, 1000, 0.004)
    meters.object(0, DOSE, 500, 0.2)
    meters.object(0xA700, CT, 0, 9.0)
    meters.object(0x0001, "1.2.3", 0, 9.0)
    meters.refusal("context")
    meters.refusal("something new")
    meters.opened()
    meters.opened()
    meters.closed()
    meters.ended("released")
    found = read(meters.text())
    assert found['objects_total{status="0000",kind="CT"}'] == 1
    assert found['objects_total{status="0000",kind="RTDOSE"}'] == 1
    assert found['objects_total{status="A700",kind="CT"}'] == 1
    assert found['objects_total{status="other",kind="other"}'] == 1
    assert found["received_bytes_total"] == 1500
    assert found['refusals_total{what="context"}'] == 1
    assert found['refusals_total{what="other"}'] == 1
    assert found["open_associations"] == 1
    assert found['associations_total{end="released"}'] == 1
    assert found['parcel_seconds_bucket{le="0.005"}'] == 1
    assert found['parcel_seconds_bucket{le="0.25"}'] == 2
    assert found['parcel_seconds_bucket{le="+Inf"}'] == found["parcel_seconds_count"] == 2
    assert abs(found["parcel_seconds_sum"] - 0.204) < 1e-6


def test_nothing_in_it_comes_from_a_peer() -> None:
    meters = Meters()
    meters.object(0, 'x"} 5\n', 1, 0.1)
    meters.refusal('y"\n')
    meters.ended("z\n")
    text = meters.text()
    assert not set('xyz"') & {line[-1] for line in text.splitlines() if not line.startswith("#")}
    assert 'x"}' not in text


@given(st.lists(st.floats(0, 100), max_size=50))
def test_the_histogram_adds_up(seconds: list[float]) -> None:
    meters = Meters()
    for one in seconds:
        meters.object(0, CT, 0, one)
    found = read(meters.text())
    buckets = [value for name, value in found.items() if name.startswith("parcel_seconds_bucket")]
    assert buckets == sorted(buckets)
    assert buckets[-1] == len(seconds)
    for bound in (0.005, 0.25, 10.0):
        expected = sum(1 for one in seconds if one <= bound)
        assert found[f'parcel_seconds_bucket{{le="{bound}"}}'] == expected


def test_processes_are_added_and_none_is_counted_twice() -> None:
    """Counters outlive their process, what it had open does not."""
    meters, crowd = Meters(2), Crowd(2)
    for seat in (0, 1, 1):  # the second one of seat 1 takes the place of one that died
        if (pid := os.fork()) == 0:
            meters.take_seat(seat)
            crowd.take_seat(seat)
            meters.object(0, CT, 10, 0.1)
            meters.opened()
            crowd.enter("10.0.0.1")
            os._exit(0)
        os.waitpid(pid, 0)
    found = read(meters.text(crowd))
    assert found['objects_total{status="0000",kind="CT"}'] == 3
    assert (found["open_associations"], found["processes"], found["connections"]) == (2, 2, 2)
    for counts in (meters, crowd):
        counts.clear(1)
    found = read(meters.text(crowd))
    assert found['objects_total{status="0000",kind="CT"}'] == 3
    assert (found["open_associations"], found["processes"], found["connections"]) == (1, 1, 1)


def test_threads_lose_nothing() -> None:
    meters = Meters()
    threads = [
        threading.Thread(target=lambda: [meters.object(0, CT, 3, 0.001) for _ in range(2000)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read(meters.text())["received_bytes_total"] == 3 * 8000
