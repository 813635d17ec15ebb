"""The listener: many at once, too many, and an orderly end."""

from __future__ import annotations

import os
import socket
import threading
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from planbank.gate.server import _plain_address, listen
from tests.gate.raw_peer import (
    ABORT,
    ASSOCIATE_RJ,
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

    from tests.gate.conftest import Gate, Transit

UID = "1.2.3.4"


def associated(gate: Gate, **more: str) -> Peer:
    """A peer whose context 1 is Verification and 3 is CT."""
    peer = Peer("127.0.0.1", gate.port, **more)
    try:
        peer.associate([(VERIFICATION, [IMPLICIT]), (CT, [EXPLICIT])])
    except BaseException:
        peer.sock.close()
        raise
    return peer


def test_silent_connections_a_stall_and_open_associations_hold_up_nobody(
    gate: Gate, transit: Transit
) -> None:
    with ExitStack() as stack:
        for _ in range(60):
            stack.enter_context(Peer("127.0.0.1", gate.port))
        for _ in range(25):
            stack.enter_context(associated(gate))
        stalled = stack.enter_context(associated(gate))
        stalled.send_command(3, store_request(CT, UID))
        stalled.send_bytes(b"\4\0\0\0\x10\0" + bytes(10))
        peer = stack.enter_context(associated(gate))
        assert peer.echo() == SUCCESS
        assert peer.store(3, CT, UID, small_data_set(CT, UID)) == SUCCESS
        peer.release()
    assert len(transit.objects()) == 1


def test_associations_in_parallel_each_get_their_own(gate: Gate, transit: Transit) -> None:
    def send(number: int) -> None:
        with associated(gate, calling=f"TPS{number}") as peer:
            for count in range(5):
                uid = f"1.2.{number}.{count}"
                assert peer.store(3, CT, uid, small_data_set(CT, uid, pixels=50_000)) == SUCCESS
            peer.release()

    threads = [threading.Thread(target=send, args=(number,)) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = {(h.calling_ae, h.sop_instance_uid) for h, _ in transit.objects()}
    assert found == {(f"TPS{n}", f"1.2.{n}.{count}") for n in range(1, 9) for count in range(5)}
    assert all(f"1.2.{h.calling_ae[3:]}." in h.sop_instance_uid for h, _ in transit.objects())


def test_the_same_instance_in_parallel_is_kept_each_time(gate: Gate, transit: Transit) -> None:
    """Behind the gate it is one instance and several arrivals; here nothing is lost."""
    peers = [associated(gate) for _ in range(10)]
    data = small_data_set(CT, UID)
    for peer in peers:
        peer.send_command(3, store_request(CT, UID))
        peer.send_data(3, data)
    assert [peer.receive_status() for peer in peers] == [SUCCESS] * 10
    for peer in peers:
        peer.sock.close()
    assert [kept for _, kept in transit.objects()] == [data] * 10


def test_one_too_many_is_turned_away_and_told(start_gate: Callable[..., Gate], transit: Transit) -> None:
    gate = start_gate(limits={"connections_per_address": 2})
    with associated(gate) as first, associated(gate) as second:
        with Peer("127.0.0.1", gate.port) as third:
            kind, body = third.receive_pdu()
            assert (kind, body[1:]) == (ASSOCIATE_RJ, bytes((2, 3, 2)))
            assert third.is_closed()
        assert first.echo() == second.echo() == SUCCESS
        first.release()
        first.sock.close()
        for _ in range(2000):
            try:
                with associated(gate) as another:
                    assert another.echo() == SUCCESS
                    break
            except RefusedError:
                time.sleep(0.01)  # the first one's thread is still at its farewell
        else:
            raise AssertionError("the place of the first one never came free")
    assert {(e["what"], e["status"]) for e in transit.events()} == {("association", "2/3/2")}


def test_the_silent_give_way_where_it_is_crowded(start_gate: Callable[..., Gate]) -> None:
    gate = start_gate(limits={"connections_per_address": 3})
    with ExitStack() as stack:
        silent = [stack.enter_context(Peer("127.0.0.1", gate.port)) for _ in range(3)]
        for _ in range(2000):
            try:
                peer = stack.enter_context(associated(gate))
                break
            except (RefusedError, OSError):
                time.sleep(0.01)
        assert peer.echo() == SUCCESS
        assert silent[0].is_closed()
        silent[1].associate([(VERIFICATION, [IMPLICIT])])
        assert silent[1].echo() == SUCCESS


def test_open_associations_and_port_are_published(gate: Gate, transit: Transit) -> None:
    published = transit.back_end.read("gate")
    assert published == {"version": 1, "port": gate.port, "pid": os.getpid()}
    with associated(gate) as peer:
        peer.store(3, CT, UID, small_data_set(CT, UID))
        [(header, _)] = transit.objects()
        for _ in range(2000):
            found = transit.back_end.read("associations")["open"]
            if found:
                break
            time.sleep(0.01)
        assert [entry["id"] for entry in found] == [header.association_id]
        assert found[0]["calling_ae"] == "DEMO_TPS"
        peer.release()
    gate.stop()
    assert transit.back_end.read("associations")["open"] == []


def test_stopping_ends_idle_associations_with_a_word(gate: Gate) -> None:
    with associated(gate) as peer, Peer("127.0.0.1", gate.port) as silent:
        gate.stop()
        assert peer.receive_pdu()[0] == ABORT
        assert peer.is_closed()
        assert silent.is_closed()
    with pytest.raises(ConnectionRefusedError):
        Peer("127.0.0.1", gate.port)


def test_stopping_lets_an_object_in_hand_come_in(gate: Gate, transit: Transit) -> None:
    data = small_data_set(CT, UID, pixels=400_000)
    with associated(gate) as peer:
        peer.send_command(3, store_request(CT, UID))
        peer.send_data(3, data[:200_000], last=False)
        gate.server.stop()
        time.sleep(0.3)
        peer.send_data(3, data[200_000:])
        assert peer.receive_status() == SUCCESS
        assert peer.receive_pdu()[0] == ABORT
    gate.thread.join()
    assert [kept for _, kept in transit.objects()] == [data]


def test_stopping_does_not_wait_for_ever(
    gate: Gate, transit: Transit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("planbank.gate.server._OWN_END_SECONDS", 0.1)
    monkeypatch.setattr("planbank.gate.server._GRACE_SECONDS", 0.2)
    with associated(gate) as peer:
        peer.send_command(3, store_request(CT, UID))
        peer.send_data(3, small_data_set(CT, UID, pixels=200_000)[:100_000], last=False)
        gate.stop()
        assert peer.is_closed()
    for _ in range(2000):
        if not transit.left_behind():
            break
        time.sleep(0.01)
    assert transit.left_behind() == []
    assert transit.objects() == []


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="no IPv6 on this machine")
def test_an_ipv6_listener_takes_both() -> None:
    with listen("::", 0) as listener:
        for host in ("::1", "127.0.0.1"):
            peer = socket.create_connection((host, listener.getsockname()[1]))
            accepted, (address, *_) = listener.accept()
            assert _plain_address(address) == host
            peer.close()
            accepted.close()


@pytest.mark.parametrize(
    ("raw", "plain"),
    [("10.1.2.3", "10.1.2.3"), ("::ffff:10.1.2.3", "10.1.2.3"), ("fe80::1%eth0", "fe80::1")],
)
def test_addresses_are_written_one_way(raw: str, plain: str) -> None:
    assert _plain_address(raw) == plain
