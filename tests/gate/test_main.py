"""`python -m planbank.gate FILE` as a process: what it loads, how it dies, what it leaves."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.gate.raw_peer import (
    CT,
    EXPLICIT,
    IMPLICIT,
    SUCCESS,
    VERIFICATION,
    Peer,
    small_data_set,
    store_request,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.gate.conftest import Transit

FOREIGN = ("django", "psycopg", "psycopg2", "numpy", "numba", "pydicom", "pynetdicom", "pydantic", "sqlite3")
UID = "1.2.3.4"

Process = "subprocess.Popen[str]"


@pytest.fixture
def start(tmp_path: Path, transit: Transit) -> Iterator[Callable[..., Process]]:
    """Starts gate processes on `transit` and waits for their port."""
    started = []

    def run(preexec: Callable[[], None] | None = None, **config: object) -> Process:
        file = transit.write_config(tmp_path / f"gate{len(started)}.json", **config)
        process = subprocess.Popen(
            [sys.executable, "-m", "planbank.gate", str(file)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=preexec,
        )
        started.append(process)
        while (transit.back_end.read("gate") or {}).get("pid") != process.pid:
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.01)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def port(transit: Transit) -> int:
    return transit.back_end.read("gate")["port"]


def store(transit: Transit, uid: str, pixels: int = 0) -> int:
    with Peer("127.0.0.1", port(transit)) as peer:
        peer.associate([(CT, [EXPLICIT])])
        status = peer.store(1, CT, uid, small_data_set(CT, uid, pixels=pixels))
        peer.release()
        return status


def test_it_receives_logs_and_ends_in_order(start: Callable[..., Process], transit: Transit) -> None:
    process = start()
    assert store(transit, UID) == SUCCESS
    process.send_signal(signal.SIGTERM)
    written, errors = process.communicate()
    assert (process.returncode, errors) == (0, "")
    lines = [json.loads(line) for line in written.splitlines()]
    assert [line["message"] for line in lines] == ["listening", "association", "stopped"]
    assert (lines[1]["stored"], lines[1]["end"]) == (1, "released")
    assert [header.sop_instance_uid for header, _ in transit.objects()] == [UID]


def test_a_running_gate_has_nothing_foreign_mapped(start: Callable[..., Process], transit: Transit) -> None:
    process = start()
    assert store(transit, UID) == SUCCESS
    with Path(f"/proc/{process.pid}/maps").open() as maps:
        mapped = {line.split()[-1] for line in maps if "/" in line}
    loaded = [path for path in mapped if any(f"/{name}" in path for name in FOREIGN)]
    assert loaded == []
    assert any("pyrage" in path for path in mapped)  # so the list is that of a gate at work


def test_a_gate_at_work_has_imported_nothing_foreign(tmp_path: Path, transit: Transit) -> None:
    """Every module of a process that served an association and sealed an object."""
    file = transit.write_config(tmp_path / "gate.json")
    program = f"""
import json, sys, threading
from planbank.gate import __main__ as gate, config
from pathlib import Path
server = gate.build(config.load(Path({str(file)!r})))
thread = threading.Thread(target=server.serve)
thread.start()
print(server.port, flush=True)
sys.stdin.readline()
server.stop()
thread.join()
print(json.dumps(sorted(sys.modules)))
"""
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with Peer("127.0.0.1", int(process.stdout.readline())) as peer:
        peer.associate([(CT, [EXPLICIT]), (VERIFICATION, ["1.2.3"])])
        assert peer.store(1, CT, UID, small_data_set(CT, UID)) == SUCCESS
        peer.release()
    written, _ = process.communicate("\n")
    modules = json.loads(written)
    assert "planbank.gate.store" in modules
    assert {name.partition(".")[0] for name in modules} & set(FOREIGN) == set()
    assert "planbank.transit.unseal" not in modules  # the private half stays behind the gate
    assert [len(transit.objects()), len(transit.events())] == [1, 1]


def test_killed_inside_a_data_set_nothing_is_left_after_the_next_start(
    start: Callable[..., Process], transit: Transit
) -> None:
    process = start()
    with Peer("127.0.0.1", port(transit)) as peer:
        peer.associate([(CT, [EXPLICIT])])
        assert peer.store(1, CT, UID, small_data_set(CT, UID)) == SUCCESS
        peer.send_command(1, store_request(CT, UID + ".1"))
        peer.send_data(1, small_data_set(CT, UID + ".1", pixels=2_000_000)[:1_900_000], last=False)
        while not transit.left_behind():
            time.sleep(0.01)
        process.kill()
        process.wait()
        assert peer.is_closed()
    start()
    assert transit.left_behind() == []
    assert [header.sop_instance_uid for header, _ in transit.objects()] == [UID]
    assert transit.back_end.read("associations")["open"] == []


def test_no_room_on_the_disk_refuses_the_large_and_takes_the_small(
    start: Callable[..., Process], transit: Transit
) -> None:
    """The file-size limit of the process stands for a full disk: writes fail in the middle."""
    start(preexec=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000)))
    assert store(transit, UID + ".1", pixels=1_000_000) == 0xA700
    assert transit.left_behind() == []
    assert store(transit, UID + ".2", pixels=1000) == SUCCESS
    assert [header.sop_instance_uid for header, _ in transit.objects()] == [UID + ".2"]
    assert [event["status"] for event in transit.events()] == ["A700"]


def test_memory_stays_flat_however_large_the_object(start: Callable[..., Process], transit: Transit) -> None:
    process = start()

    def peak_kb() -> int:
        with Path(f"/proc/{process.pid}/status").open() as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))

    assert store(transit, UID + ".1", pixels=1_000_000) == SUCCESS
    before = peak_kb()
    with Peer("127.0.0.1", port(transit)) as peer:
        peer.send_bytes(b"\1\0\xff\xff\xff\xff")
        assert peer.is_closed()
    assert store(transit, UID + ".2", pixels=64_000_000) == SUCCESS
    assert peak_kb() - before < 4000
    assert peak_kb() < 60_000


def test_a_clock_file_moves_the_time_of_arrival(
    start: Callable[..., Process], transit: Transit, tmp_path: Path
) -> None:
    clock = tmp_path / "clock"
    clock.write_text(str(400 * 86400))
    start(clock_file=str(clock))
    assert store(transit, UID) == SUCCESS
    [(header, _)] = transit.objects()
    assert int(header.received_at[:4]) > time.gmtime().tm_year


def test_two_gates_share_a_transit_area(start: Callable[..., Process], transit: Transit) -> None:
    """While one is inside an object, the start of another sweeps nothing of it away."""
    start()
    with Peer("127.0.0.1", port(transit)) as peer:
        peer.associate([(CT, [EXPLICIT]), (VERIFICATION, [IMPLICIT])])
        data = small_data_set(CT, UID, pixels=1_000_000)
        peer.send_command(1, store_request(CT, UID))
        peer.send_data(1, data[:500_000], last=False)
        while not transit.left_behind():
            time.sleep(0.01)
        start()
        peer.send_data(1, data[500_000:])
        assert peer.receive_status() == SUCCESS
    assert [kept for _, kept in transit.objects()] == [data]


@pytest.mark.parametrize(
    ("change", "named"),
    [({"port": "x"}, "port"), ({"recipients": ["age1x"]}, "age"), ({"sign_key": "/no/such/file"}, "file")],
)
def test_what_keeps_it_from_starting_is_said(
    tmp_path: Path, transit: Transit, change: dict[str, object], named: str
) -> None:
    file = transit.write_config(tmp_path / "gate.json", **change)
    done = subprocess.run([sys.executable, "-m", "planbank.gate", str(file)], capture_output=True, text=True)
    assert done.returncode == 2
    assert named in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_in_use_is_said(start: Callable[..., Process], transit: Transit, tmp_path: Path) -> None:
    start()
    file = transit.write_config(tmp_path / "second.json", port=port(transit))
    done = subprocess.run([sys.executable, "-m", "planbank.gate", str(file)], capture_output=True, text=True)
    assert (done.returncode, "in use" in done.stderr) == (2, True)


def test_it_wants_exactly_one_file() -> None:
    done = subprocess.run([sys.executable, "-m", "planbank.gate"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "usage" in done.stderr
