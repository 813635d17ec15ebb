"""Reports on an association of their own (R21; PS3.4 J.3.3, PS3.7 D.3.3.4): taken, tried again, given up."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from planbank.gate.clock import machine_time
from planbank.gate.commitment import Requests
from planbank.gate.limits import Limits
from planbank.gate.reporter import Reporter
from tests.gate.commitment_peers import (
    CT,
    action,
    action_request,
    answer_to,
    eventually,
    listening,
    only_request,
)
from tests.gate.raw_peer import EXPLICIT, SUCCESS, Peer
from tests.requests import STORAGE_COMMITMENT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from planbank.transit.parcel import Header
    from tests.gate.conftest import Gate, Pki, Transit

HOST = "127.0.0.1"


def ask_and_leave(port: int, transit: Transit, transaction: str = "1.2.9", **more: Any) -> Header:
    """A sender asks and releases at once, as most do; gives the header of its request."""
    known = {header.parcel_id for header, _ in transit.requests()}
    with Peer(HOST, port, **more) as peer:
        peer.associate([(STORAGE_COMMITMENT, [EXPLICIT])])
        peer.send_command(1, action_request())
        peer.send_data(1, action(transaction=transaction))
        assert peer.receive_status() == SUCCESS
        peer.release()
    [header] = [header for header, _ in transit.requests() if header.parcel_id not in known]
    return header


@contextmanager
def reporting(transit: Transit, **more: Any) -> Iterator[Reporter]:
    """A reporter without a gate, quick to try again."""
    requests = Requests(transit.tray, more.pop("now", machine_time))
    limits = Limits().replaced(more.pop("limits", {}))
    reporter = Reporter(
        requests, lambda: limits, machine_time, **({"pauses": (0.01,), "look_seconds": 0.01} | more)
    )
    reporter.start()
    try:
        yield reporter
    finally:
        reporter.stop()


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind((HOST, 0))
        return int(sock.getsockname()[1])


def test_a_sender_that_left_is_called(gate: Gate, transit: Transit) -> None:
    transit.admit()
    header = ask_and_leave(gate.port, transit)
    with listening() as sender:
        answer = answer_to(header, host=HOST, port=sender.port, failed=((CT, "1.2.4", 0x0119),))
        transit.back_end.answers.publish(answer)
        [(event_type, told)] = eventually(lambda: sender.told)
        assert event_type == 2
        assert (told.TransactionUID, told.FailedSOPSequence[0].FailureReason) == ("1.2.9", 0x0119)
        assert sender.titles == [("PLANBANK", "DEMO_TPS")]
        assert sender.roles == [(False, True)], "the bank is SCP, though it called"
        assert eventually(transit.reports) == [
            {"request": header.parcel_id, "outcome": "reported", "via": "new"}
        ]
        eventually(lambda: transit.back_end.answers.waiting() == [])
    assert len(sender.told) == 1


def test_a_sender_that_says_nothing_of_roles_is_told_all_the_same(transit: Transit) -> None:
    with listening(roles=False) as sender, reporting(transit):
        transit.back_end.answers.publish(answer_to(a_header(), host=HOST, port=sender.port))
        eventually(transit.reports)
    assert len(sender.told) <= 1


def a_header() -> Header:
    from planbank.gate.caller import Caller

    return Caller("a" * 32, HOST, "DEMO_TPS", "PLANBANK").header("commitment", machine_time())


def test_as_long_as_the_association_is_open_nobody_else_reports(gate: Gate, transit: Transit) -> None:
    transit.admit()
    with listening() as sender, reporting(transit), Peer(HOST, gate.port) as peer:
        peer.associate([(STORAGE_COMMITMENT, [EXPLICIT])])
        peer.send_command(1, action_request())
        peer.send_data(1, action())
        assert peer.receive_status() == SUCCESS
        transit.back_end.answers.publish(answer_to(only_request(transit), host=HOST, port=sender.port))
        assert peer.receive_command()[0x0100] == b"\0\1"
        assert sender.told == []
        peer.abort()
        [(_, told)] = eventually(lambda: sender.told)
        assert told.TransactionUID == "1.2.9", "it was never answered on the first one"


def test_a_node_that_is_away_is_tried_again(transit: Transit) -> None:
    port = free_port()
    first, second = a_header(), a_header()
    with reporting(transit) as reporter:
        for header in (first, second):
            transit.back_end.answers.publish(answer_to(header, host=HOST, port=port))
        eventually(lambda: [tries for tries in reporter._nodes.values() if tries.attempts >= 3])
        assert transit.reports() == []
        reporter._nodes.clear()
    with listening() as sender, reporting(transit):
        for header in (first, second):
            transit.tray.answers.forget(header.parcel_id)
            transit.back_end.answers.publish(answer_to(header, host=HOST, port=sender.port))
        eventually(lambda: len(sender.told) == 2)
        eventually(lambda: len(transit.reports()) == 2)


def test_one_report_that_is_refused_holds_up_no_other(transit: Transit) -> None:
    refused, other = a_header(), a_header()
    with listening() as sender:
        taken = sender.take
        sender.status = 0x0110
        with reporting(transit, pauses=(0.01, 600.0)) as reporter:
            transit.back_end.answers.publish(answer_to(refused, host=HOST, port=sender.port))
            eventually(lambda: reporter._refused.get(refused.parcel_id))
            sender.status = 0x0000
            assert taken is not None
            transit.back_end.answers.publish(answer_to(other, host=HOST, port=sender.port))
            eventually(lambda: transit.reports())
    assert transit.reports()[0]["outcome"] == "reported"


def test_given_up_after_the_stated_time_and_enough_attempts(transit: Transit) -> None:
    header = a_header()
    long_ago = (datetime.fromisoformat(header.received_at) - timedelta(days=2)).isoformat()
    with reporting(transit, pauses=(0.0,)):
        answer = answer_to(header, host=HOST, port=free_port(), answered_at=long_ago)
        transit.back_end.answers.publish(answer)
        [word] = eventually(transit.reports)
        eventually(lambda: transit.back_end.answers.waiting() == [])
    assert (word["outcome"], word["attempts"]) == ("given-up", 8)
    assert "cannot be reached" in word["reason"]


def test_a_clock_set_forward_gives_nothing_up_at_once(transit: Transit) -> None:
    header = a_header()
    with reporting(transit, now=lambda: machine_time() + timedelta(days=9), pauses=(0.01, 600.0)) as reporter:
        transit.back_end.answers.publish(answer_to(header, host=HOST, port=free_port()))
        eventually(lambda: [tries for tries in reporter._nodes.values() if tries.attempts == 2])
    assert transit.reports() == []
    assert transit.back_end.answers.waiting() == [header.parcel_id]


@pytest.mark.parametrize("says", [b"", b"HTTP/1.1 400\r\n\r\n", b"\3\0\0\0\0\4\0\1\1\7"])
def test_whatever_answers_there_nothing_is_lost(transit: Transit, says: bytes) -> None:
    """It hangs up, speaks another language, rejects: each is an attempt in vain."""
    with socket.create_server((HOST, 0)) as server, reporting(transit, pauses=(600.0,)) as reporter:
        transit.back_end.answers.publish(answer_to(a_header(), host=HOST, port=server.getsockname()[1]))
        sock, _ = server.accept()
        with sock:
            sock.recv(65536)
            sock.sendall(says)
        eventually(lambda: [tries for tries in reporter._nodes.values() if tries.attempts])
    assert transit.reports() == [] and len(transit.back_end.answers.waiting()) == 1


def test_a_request_by_tls_is_reported_by_tls(
    start_gate: Callable[..., Gate], transit: Transit, pki: Pki
) -> None:
    transit.admit()
    gate = start_gate(tls=pki.tls())
    header = ask_and_leave(gate.port, transit, tls=pki.context())
    assert header.certificate
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*pki.files("DEMO_TPS"))
    context.load_verify_locations(pki.folder / "ca.crt")
    context.verify_mode = ssl.CERT_REQUIRED
    with listening(tls=context) as sender:
        answer = answer_to(header, host=HOST, port=sender.port, secured=True)
        transit.back_end.answers.publish(answer)
        eventually(lambda: sender.told)
        assert eventually(transit.reports)[0]["via"] == "new"


def test_a_request_by_tls_is_never_reported_without(transit: Transit) -> None:
    with listening() as sender, reporting(transit, pauses=(600.0,)) as reporter:
        answer = answer_to(a_header(), host=HOST, port=sender.port, secured=True)
        transit.back_end.answers.publish(answer)
        eventually(lambda: [tries for tries in reporter._nodes.values() if tries.attempts])
        assert sender.told == [] and sender.titles == []


def test_a_gate_of_several_processes_killed_and_started_again_still_reports(
    transit: Transit, tmp_path: Path
) -> None:
    """R21: the process that holds the association dies with it; the answer comes later; one report."""
    transit.admit()
    file = transit.write_config(tmp_path / "gate.json", processes=2)

    def start() -> tuple[subprocess.Popen[bytes], int]:
        gate = subprocess.Popen(
            [sys.executable, "-m", "planbank.gate", str(file)],
            start_new_session=True,
            stderr=subprocess.DEVNULL,
        )
        found = eventually(lambda: (transit.back_end.read("gate") or {}).get("pid") == gate.pid)
        assert found
        return gate, int((transit.back_end.read("gate") or {})["port"])

    gate, port = start()
    try:
        with Peer(HOST, port) as peer:
            peer.associate([(STORAGE_COMMITMENT, [EXPLICIT])])
            peer.send_command(1, action_request())
            peer.send_data(1, action())
            assert peer.receive_status() == SUCCESS
            header = only_request(transit)
            assert transit.back_end.answers.is_held(header.parcel_id)
            os.killpg(gate.pid, signal.SIGKILL)
            gate.wait()
        eventually(lambda: not transit.back_end.answers.is_held(header.parcel_id))
        with listening() as sender:
            transit.back_end.answers.publish(answer_to(header, host=HOST, port=sender.port))
            gate, port = start()
            eventually(lambda: sender.told)
            eventually(transit.reports)
            eventually(lambda: transit.back_end.answers.waiting() == [])
            held = json.dumps([word["outcome"] for word in transit.reports()])
            assert held == '["reported"]'
        assert len(sender.told) == 1
    finally:
        gate.terminate()
        gate.wait(15)
