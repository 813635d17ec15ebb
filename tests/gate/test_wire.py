"""One TCP connection: deadlines, ends, and a farewell that arrives."""

from __future__ import annotations

import socket
import struct
import threading
import time
from typing import TYPE_CHECKING

import pytest

from planbank.errors import PeerGone, PeerSlow, ProtocolBroken
from planbank.gate.pdu import PduType
from planbank.gate.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Iterator

Pair = tuple[Wire, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    """A wire and the socket at its other end, over TCP."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        peer = socket.create_connection(listener.getsockname())
        ours, _ = listener.accept()
    wire = Wire(ours, send_seconds=20)
    wire.allot(1 << 16)
    yield wire, peer
    peer.close()
    ours.close()


def test_a_pdu_in_many_pieces_is_one_pdu(pair: Pair) -> None:
    wire, peer = pair
    body = bytes(range(250))

    def send() -> None:
        for byte in struct.pack(">BxI", 4, 250) + body:
            peer.sendall(bytes((byte,)))

    sender = threading.Thread(target=send)
    sender.start()
    assert wire.read_header(20) == (PduType.DATA, 250)
    assert bytes(wire.read_body(250, 20)) == body
    sender.join()


def test_bodies_share_one_buffer(pair: Pair) -> None:
    wire, peer = pair
    peer.sendall(b"aaaabbbb")
    first = wire.read_body(4, 20)
    second = wire.read_body(4, 20)
    assert bytes(second) == b"bbbb"
    assert first.obj is second.obj


@pytest.mark.parametrize("begun", [b"", b"\4\0\0"])
def test_silence_ends_by_deadline(pair: Pair, begun: bytes) -> None:
    wire, peer = pair
    peer.sendall(begun)
    with pytest.raises(PeerSlow):
        wire.read_header(0.05)


def test_a_trickle_ends_by_deadline(pair: Pair) -> None:
    wire, peer = pair
    ended = threading.Event()

    def trickle() -> None:
        while not ended.is_set():
            peer.sendall(b"\0")
            time.sleep(0.005)

    sender = threading.Thread(target=trickle)
    sender.start()
    with pytest.raises(PeerSlow):
        wire.read_body(1 << 16, 0.1)
    ended.set()
    sender.join()


@pytest.mark.parametrize("begun", [b"", b"\4\0\0"])
def test_a_closed_connection_is_told_from_silence(pair: Pair, begun: bytes) -> None:
    wire, peer = pair
    peer.sendall(begun)
    peer.close()
    with pytest.raises(PeerGone):
        wire.read_header(20)


def test_a_reset_connection_is_a_gone_peer(pair: Pair) -> None:
    wire, peer = pair
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()
    with pytest.raises(PeerGone):
        wire.read_header(20)
    with pytest.raises(PeerGone):
        for _ in range(1000):
            wire.send(bytes(65536))


def test_an_unknown_type_is_a_broken_protocol(pair: Pair) -> None:
    wire, peer = pair
    peer.sendall(b"GET / HTTP/1.1\r\n\r\n")
    with pytest.raises(ProtocolBroken):
        wire.read_header(20)


def test_a_peer_that_takes_nothing_ends_by_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        peer = socket.create_connection(listener.getsockname())
        ours, _ = listener.accept()
    wire = Wire(ours, send_seconds=0.1)
    with pytest.raises(PeerSlow):
        wire.send(bytes(1 << 26))
    peer.close()
    ours.close()


def test_the_last_words_arrive_though_bytes_were_left_unread(pair: Pair) -> None:
    wire, peer = pair
    peer.sendall(bytes(300_000))
    wire.send(b"farewell")
    closing = threading.Thread(target=wire.close)
    closing.start()
    assert peer.recv(100) == b"farewell"
    assert peer.recv(100) == b""
    peer.close()
    closing.join()


def test_another_thread_can_end_the_waiting_and_a_word_still_goes_out(pair: Pair) -> None:
    wire, peer = pair
    interrupt = threading.Timer(0.05, wire.interrupt)
    interrupt.start()
    with pytest.raises(PeerGone):
        wire.read_header(20)
    wire.send(b"goodbye")
    assert peer.recv(100) == b"goodbye"
    interrupt.join()


def test_another_thread_can_hang_up(pair: Pair) -> None:
    wire, peer = pair
    hang_up = threading.Timer(0.05, wire.hang_up)
    hang_up.start()
    with pytest.raises(PeerGone):
        wire.read_header(20)
    assert peer.recv(100) == b""
    hang_up.join()


def test_each_pdu_leaves_at_once(pair: Pair) -> None:
    wire, _ = pair
    assert wire._sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
