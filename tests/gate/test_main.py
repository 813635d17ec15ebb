"""`python -m planbank.gate FILE` as a process: what it loads, how it dies, what it leaves."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
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
    RefusedError,
    small_data_set,
    store_request,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.gate.conftest import Pki, Transit

FOREIGN = ("django", "psycopg", "psycopg2", "numpy", "numba", "pydicom", "pynetdicom", "pydantic", "sqlite3")
UID = "1.2.3.4"

Process = "subprocess.Popen[str]"


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


# --- several processes


def children(process: Process) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]


def until(condition: Callable[[], object]) -> None:
    for _ in range(2000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it never came to pass")


def open_associations(transit: Transit) -> list[dict[str, str]]:
    return (transit.back_end.read("associations") or {"open": []})["open"]


def held(pid: int) -> int:
    """How many established connections a process holds."""
    links = [str(fd.readlink()) for fd in Path(f"/proc/{pid}/fd").iterdir()]
    sockets = {link[8:-1] for link in links if link.startswith("socket:[")}
    rows = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return sum(1 for row in rows if row.split()[3] == "01" and row.split()[9] in sockets)


def owners(process: Process) -> list[int]:
    """How many established connections each child holds, fewest first."""
    return sorted(held(pid) for pid in children(process))


def test_processes_share_the_port_and_the_list_of_associations(
    start: Callable[..., Process], transit: Transit
) -> None:
    process = start(processes=2)
    until(lambda: len(children(process)) == 2)
    with ExitStack() as stack:
        for number in range(6):
            peer = stack.enter_context(Peer("127.0.0.1", port(transit), calling=f"TPS{number}"))
            peer.associate([(CT, [EXPLICIT])])
            uid = f"{UID}.{number}"
            assert peer.store(1, CT, uid, small_data_set(CT, uid)) == SUCCESS
        until(lambda: len(open_associations(transit)) == 6)
        assert {entry["calling_ae"] for entry in open_associations(transit)} == {f"TPS{n}" for n in range(6)}
        assert sum(owners(process)) == 6
        assert min(owners(process)) > 0  # who has less to do comes first
    until(lambda: not open_associations(transit))
    assert len(transit.objects()) == 6
    process.send_signal(signal.SIGTERM)
    written, errors = process.communicate()
    assert (process.returncode, errors) == (0, "")
    messages = [json.loads(line)["message"] for line in written.splitlines()]
    assert (messages.count("association"), messages.count("stopped")) == (6, 2)


def test_a_dead_process_is_replaced_and_nothing_of_it_is_left(
    start: Callable[..., Process], transit: Transit
) -> None:
    process = start(processes=2)
    until(lambda: len(children(process)) == 2)
    before = children(process)
    with Peer("127.0.0.1", port(transit)) as one, Peer("127.0.0.1", port(transit)) as two:
        for peer in (one, two):
            peer.associate([(CT, [EXPLICIT])])
        until(lambda: len(open_associations(transit)) == 2)
        one.send_command(1, store_request(CT, UID))
        one.send_data(1, small_data_set(CT, UID, pixels=100_000)[:60_000], last=False)
        until(transit.left_behind)
        victim = max(before, key=held)  # connections made at once may meet in one process
        kept = 2 - held(victim)
        os.kill(victim, signal.SIGKILL)
        until(lambda: len(children(process)) == 2 and victim not in children(process))
        until(lambda: len(open_associations(transit)) == kept)
        for pid in children(process):
            if pid in before:
                os.kill(pid, signal.SIGKILL)
        until(lambda: not transit.left_behind())
    assert store(transit, UID) == SUCCESS
    assert process.poll() is None


def test_the_children_end_with_a_killed_parent_and_the_port_is_free(
    start: Callable[..., Process], transit: Transit
) -> None:
    process = start(processes=2)
    until(lambda: len(children(process)) == 2)
    orphans, taken = children(process), port(transit)
    with Peer("127.0.0.1", taken) as peer:
        peer.associate([(CT, [EXPLICIT])])
        process.kill()
        process.wait()
        assert peer.is_closed()
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in orphans))
    start(processes=2, port=taken)
    assert store(transit, UID) == SUCCESS


def test_an_object_in_hand_comes_in_before_the_processes_end(
    start: Callable[..., Process], transit: Transit
) -> None:
    process = start(processes=2)
    data = small_data_set(CT, UID, pixels=400_000)
    with Peer("127.0.0.1", port(transit)) as peer:
        peer.associate([(CT, [EXPLICIT])])
        peer.send_command(1, store_request(CT, UID))
        peer.send_data(1, data[:200_000], last=False)
        until(transit.left_behind)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        peer.send_data(1, data[200_000:])
        assert peer.receive_status() == SUCCESS
        assert peer.is_closed()
    process.communicate()
    assert process.returncode == 0
    assert [kept for _, kept in transit.objects()] == [data]
    assert open_associations(transit) == []


def test_senders_are_read_anew_in_every_process(start: Callable[..., Process], transit: Transit) -> None:
    start(processes=2)
    for known in (False, True):
        if known:
            transit.admit("DEMO_TPS")
        with ExitStack() as stack:
            for number in range(4):
                peer = stack.enter_context(Peer("127.0.0.1", port(transit)))
                peer.associate([(CT, [EXPLICIT])])
                uid = f"{UID}.{number}.{int(known)}"
                assert peer.store(1, CT, uid, small_data_set(CT, uid)) == SUCCESS
    found = {header.sop_instance_uid[-1]: header.sender_known for header, _ in transit.objects()}
    assert found == {"0": False, "1": True}


def test_a_limit_per_address_counts_all_processes(start: Callable[..., Process], transit: Transit) -> None:
    process = start(processes=2, limits={"connections_per_address": 4})
    until(lambda: len(children(process)) == 2)
    with ExitStack() as stack:
        for _ in range(4):
            peer = stack.enter_context(Peer("127.0.0.1", port(transit)))
            peer.associate([(CT, [EXPLICIT])])
        with Peer("127.0.0.1", port(transit)) as fifth, pytest.raises(RefusedError):
            fifth.associate([(CT, [EXPLICIT])])


def test_plain_and_tls_side_by_side_or_tls_alone(
    start: Callable[..., Process], transit: Transit, pki: Pki
) -> None:
    files = {"certificate": "gate.crt", "key": "gate.key", "ca": "ca.crt"}
    tls = {"port": 0, **{name: str(pki.folder / file) for name, file in files.items()}}
    start(processes=2, tls=tls | {"plain": True})
    published = transit.back_end.read("gate")
    assert store(transit, UID) == SUCCESS
    with Peer("127.0.0.1", published["tls_port"], tls=pki.context()) as peer:
        peer.associate([(CT, [EXPLICIT])])
        assert peer.store(1, CT, UID, small_data_set(CT, UID)) == SUCCESS
        peer.release()
    assert [bool(header.certificate) for header, _ in transit.objects()] == [False, True]
    start(tls=tls)
    assert set(transit.back_end.read("gate")) == {"version", "pid", "tls_port"}


def test_eight_associations_take_less_than_60_mb(start: Callable[..., Process], transit: Transit) -> None:
    process = start(processes=2)
    with ExitStack() as stack:
        peers = [stack.enter_context(Peer("127.0.0.1", port(transit))) for _ in range(8)]
        for peer in peers:
            peer.associate([(CT, [EXPLICIT])])
            peer.send_command(1, store_request(CT, UID))
            peer.send_data(1, small_data_set(CT, UID, pixels=2_000_000)[:1_000_000], last=False)
        until(lambda: len(transit.left_behind()) == 8)
        total = 0
        for pid in (process.pid, *children(process)):
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            total += next(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))
    assert total < 60_000


def test_a_port_in_use_is_said(start: Callable[..., Process], transit: Transit, tmp_path: Path) -> None:
    start()
    file = transit.write_config(tmp_path / "second.json", port=port(transit))
    done = subprocess.run([sys.executable, "-m", "planbank.gate", str(file)], capture_output=True, text=True)
    assert (done.returncode, "in use" in done.stderr) == (2, True)
