"""Messages out of PDUs: however the peer cuts them up, and where it breaks the rules."""

from __future__ import annotations

import socket
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planbank.errors import PeerAborted, PeerReleased, PeerSlow, ProtocolBroken
from planbank.gate.limits import Limits
from planbank.gate.messages import Messages
from planbank.gate.wire import Wire
from tests.gate.raw_peer import (
    ABORT,
    ASSOCIATE_RQ,
    CT,
    DATA,
    RELEASE_RP,
    RELEASE_RQ,
    command_set,
    pdu,
    pdv,
    store_request,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

COMMAND = command_set(store_request(CT, "1.2.3"))
Listen = "Callable[..., tuple[Messages, socket.socket]]"


def connected(limits: Limits, peer_max_pdu: int = 0) -> tuple[Messages, socket.socket, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        peer = socket.create_connection(listener.getsockname())
        ours, _ = listener.accept()
    return Messages(Wire(ours, send_seconds=20), limits, peer_max_pdu), peer, ours


@pytest.fixture
def hear() -> Iterator[Callable[..., tuple[Messages, socket.socket]]]:
    """Gives messages over a real connection on which the peer has said `data`."""
    opened: list[socket.socket] = []

    def start(data: bytes, *, peer_max_pdu: int = 0, **limits: float) -> tuple[Messages, socket.socket]:
        messages, peer, ours = connected(Limits().replaced(limits), peer_max_pdu)
        opened.extend((peer, ours))
        peer.sendall(data)
        return messages, peer

    yield start
    for sock in opened:
        sock.close()


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """The data cut at these places (modulo their length)."""
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[a:b] for a, b in pairwise(edges)]


@given(
    st.lists(st.integers(0, 1 << 20), max_size=5),
    st.lists(st.integers(0, 1 << 20), max_size=8),
    st.lists(st.booleans(), min_size=16, max_size=16),
    st.binary(min_size=1, max_size=3000),
)
def test_however_a_message_is_cut_it_is_the_same(
    command_cuts: list[int], data_cuts: list[int], joined: list[bool], data: bytes
) -> None:
    """Several PDVs in a PDU, a command over several PDVs, empty PDVs: all legal (PS3.8 Annex E)."""
    fragments = []
    for whole, is_command, places in ((COMMAND, True, command_cuts), (data, False, data_cuts)):
        parts = cut(whole, places)
        for number, part in enumerate(parts):
            last = number == len(parts) - 1
            fragments.append(pdv(3, part, command=is_command, last=last))
    stream, body = b"", b""
    for fragment, join in zip(fragments, joined, strict=False):
        body += fragment
        if not join:
            stream, body = stream + pdu(DATA, body), b""
    if body:
        stream += pdu(DATA, body)

    messages, peer, ours = connected(Limits())
    with peer, ours:
        peer.sendall(stream)
        context_id, command = messages.next_command()
        assert (context_id, command.sop_class_uid, command.sop_instance_uid) == (3, CT, "1.2.3")
        found = b"".join(bytes(fragment) for fragment in messages.data_set(3).fragments())
        assert found == data


def test_the_next_message_may_begin_in_the_same_pdu(hear: Listen) -> None:
    body = (
        pdv(1, COMMAND, command=True, last=True)
        + pdv(1, b"data", command=False, last=True)
        + pdv(5, COMMAND, command=True, last=True)
    )
    messages, _ = hear(pdu(DATA, body))
    assert messages.next_command()[0] == 1
    messages.data_set(1).drain()
    assert messages.next_command()[0] == 5


def test_what_nobody_took_is_read_over(hear: Listen) -> None:
    data = b"".join(pdu(DATA, pdv(1, b"x" * 9, command=False, last=n == 4)) for n in range(5))
    messages, _ = hear(data + pdu(DATA, pdv(7, COMMAND, command=True, last=True)))
    data_set = messages.data_set(1)
    assert bytes(next(data_set.fragments())) == b"x" * 9
    data_set.drain()
    assert messages.next_command()[0] == 7


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (pdu(RELEASE_RQ, bytes(4)), PeerReleased),
        (pdu(ABORT, bytes(4)), PeerAborted),
        (pdu(RELEASE_RQ, b""), ProtocolBroken),
        (pdu(RELEASE_RP, bytes(4)), ProtocolBroken),
        (pdu(ASSOCIATE_RQ, bytes(80)), ProtocolBroken),
        (pdu(DATA, b""), ProtocolBroken),
        (pdu(DATA, pdv(1, b"data", command=False, last=True)), ProtocolBroken),
        (pdu(DATA, pdv(1, b"\0\0\0", command=True, last=True)), ProtocolBroken),
        (pdu(DATA, pdv(1, bytes(9000), command=True, last=False)) * 2, ProtocolBroken),
        (
            pdu(
                DATA,
                pdv(1, COMMAND[:8], command=True, last=False) + pdv(3, COMMAND[8:], command=True, last=True),
            ),
            ProtocolBroken,
        ),
    ],
)
def test_instead_of_a_command(hear: Listen, data: bytes, error: type[Exception]) -> None:
    messages, _ = hear(data)
    with pytest.raises(error):
        messages.next_command()


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (pdu(RELEASE_RQ, bytes(4)), ProtocolBroken),
        (pdu(ABORT, bytes(4)), PeerAborted),
        (pdu(DATA, pdv(1, COMMAND, command=True, last=True)), ProtocolBroken),
        (pdu(DATA, pdv(3, b"data", command=False, last=True)), ProtocolBroken),
    ],
)
def test_instead_of_a_data_set(hear: Listen, data: bytes, error: type[Exception]) -> None:
    messages, _ = hear(data)
    with pytest.raises(error):
        messages.data_set(1).drain()


def test_a_pdu_longer_than_announced_is_refused_at_its_header(hear: Listen) -> None:
    messages, _ = hear(b"\4\0" + (4097).to_bytes(4, "big"), max_pdu=4096)
    with pytest.raises(ProtocolBroken, match="longer than announced"):
        messages.next_command()


def test_an_object_that_drips_for_ever_ends_by_deadline(hear: Listen) -> None:
    drip = pdu(DATA, pdv(1, b"x", command=False, last=False))
    messages, _ = hear(drip * 3, object_seconds=1e-9)
    with pytest.raises(PeerSlow):
        messages.data_set(1).drain()


@pytest.mark.parametrize("peer_max_pdu", [0, 1, 6, 7, 8, 20, 64, 16384, 0xFFFFFFFF])
def test_responses_keep_to_what_the_peer_announced(hear: Listen, peer_max_pdu: int) -> None:
    messages, peer = hear(b"", peer_max_pdu=peer_max_pdu)
    messages.send_command(9, COMMAND)
    command, last = b"", False
    while not last:
        header = peer.recv(6, socket.MSG_WAITALL)
        body = peer.recv(int.from_bytes(header[2:], "big"), socket.MSG_WAITALL)
        assert len(body) <= max(peer_max_pdu, 7) or not peer_max_pdu
        assert int.from_bytes(body[:4], "big") == len(body) - 4
        assert (body[4], body[5] & 1) == (9, 1)
        command += body[6:]
        last = bool(body[5] & 2)
    assert command == COMMAND
