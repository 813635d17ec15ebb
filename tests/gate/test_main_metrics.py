"""Metrics of `python -m planbank.gate FILE`: over all its processes, and past the death of one."""

from __future__ import annotations

import os
import signal
import socket
import time
from typing import TYPE_CHECKING
from urllib.request import urlopen

import psutil
import pytest

from tests.gate.prometheus import read as read_metrics
from tests.gate.raw_peer import CT, EXPLICIT, SUCCESS, Peer, small_data_set

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from tests.gate.conftest import Transit

    Process = subprocess.Popen[str]

UID = "1.2.3.4"


def port(transit: Transit) -> int:
    return transit.back_end.read("gate")["port"]


def store(transit: Transit, uid: str) -> int:
    with Peer("127.0.0.1", port(transit)) as peer:
        peer.associate([(CT, [EXPLICIT])])
        status = peer.store(1, CT, uid, small_data_set(CT, uid))
        peer.release()
        return status


def metrics(transit: Transit) -> dict[str, float]:
    number = transit.back_end.read("gate")["metrics_port"]
    with urlopen(f"http://127.0.0.1:{number}/metrics", timeout=10) as answer:
        return read_metrics(answer.read().decode())


@pytest.mark.parametrize("processes", [1, 3])
def test_metrics_of_all_processes_outlive_one_that_is_killed(
    start: Callable[..., Process], transit: Transit, processes: int
) -> None:
    """Counted once, whoever did it; a dead process has nothing open, and its counts stay."""
    gate = start(processes=processes, metrics_port=0)
    kept = 'objects_total{status="0000",kind="CT"}'
    for number in range(6):
        assert store(transit, f"{UID}.{number}") == SUCCESS
    with urlopen(f"http://127.0.0.1:{transit.back_end.read('gate')['metrics_port']}/healthz") as answer:
        assert answer.read() == b"ok\n"
    with Peer("127.0.0.1", port(transit)) as peer:
        peer.associate([(CT, [EXPLICIT])])
        found = metrics(transit)
        assert (found[kept], found["open_associations"], found["processes"]) == (6, 1, processes)
        if processes == 1:
            return
        server_pids = [p.pid for p in psutil.Process(gate.pid).children()][:processes]
        for pid in server_pids:
            os.kill(pid, signal.SIGKILL)
    until = time.monotonic() + 30
    while (found := metrics(transit))["processes"] < processes or found["open_associations"]:
        assert time.monotonic() < until, found
        time.sleep(0.02)
    assert found[kept] == 6
    assert store(transit, f"{UID}.7") == SUCCESS
    assert metrics(transit)[kept] == 7


def test_a_taken_port_of_metrics_does_not_stop_the_gate(
    start: Callable[..., Process], transit: Transit
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        start(metrics_port=taken.getsockname()[1])
        assert store(transit, UID) == SUCCESS
        assert "metrics_port" not in transit.back_end.read("gate")
