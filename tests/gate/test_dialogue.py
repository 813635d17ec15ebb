"""The messages of one association: echo, store, and what is neither."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.gate.raw_peer import (
    ABORT,
    CT,
    EXPLICIT,
    IMPLICIT,
    RELEASE_RP,
    SUCCESS,
    VERIFICATION,
    Peer,
    small_data_set,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.gate.conftest import Gate, Transit

UID = "1.2.3.4"
UNRECOGNISED, NOT_SUPPORTED = 0x0211, 0x0122


@pytest.fixture
def peer(gate: Gate) -> Iterator[Peer]:
    """Context 1 is Verification, 3 is CT."""
    with Peer("127.0.0.1", gate.port) as connected:
        connected.associate([(VERIFICATION, [IMPLICIT]), (CT, [EXPLICIT])])
        yield connected


def test_echo(peer: Peer) -> None:
    assert peer.echo(1) == SUCCESS
    peer.release()


def test_echo_and_store_take_turns(transit: Transit, peer: Peer) -> None:
    for number in range(3):
        assert peer.echo(1) == SUCCESS
        assert peer.store(3, CT, f"1.2.{number}", small_data_set(CT, f"1.2.{number}")) == SUCCESS
    peer.release()
    assert len(transit.objects()) == 3


@pytest.mark.parametrize("field", [0x0010, 0x0020, 0x0021, 0x0100, 0x0110, 0x0130, 0x0140, 0x0150, 0x1234])
@pytest.mark.parametrize("with_data", [False, True])
def test_an_operation_not_offered_is_answered_as_such(peer: Peer, field: int, with_data: bool) -> None:
    peer.send_command(3, {0x0002: CT, 0x0100: field, 0x0110: 5, 0x0800: 1 if with_data else 0x0101})
    if with_data:
        peer.send_data(3, small_data_set(CT, UID, pixels=100_000))
    response = peer.receive_command()
    assert int.from_bytes(response[0x0900], "little") == UNRECOGNISED
    assert int.from_bytes(response[0x0100], "little") == field | 0x8000
    assert int.from_bytes(response[0x0120], "little") == 5
    assert peer.echo(1) == SUCCESS


def test_an_operation_not_offered_is_told_to_the_institution(transit: Transit, peer: Peer) -> None:
    peer.send_command(3, {0x0002: CT, 0x0100: 0x0020, 0x0110: 5, 0x0800: 0x0101})
    peer.receive_command()
    [event] = transit.events()
    assert (event["what"], event["status"], event["sop_class_uid"]) == ("operation", "0211", CT)


def test_echo_belongs_to_verification_and_store_to_storage(transit: Transit, peer: Peer) -> None:
    assert peer.echo(3) == NOT_SUPPORTED
    assert peer.store(1, VERIFICATION, UID, b"data") == NOT_SUPPORTED
    assert transit.objects() == []


def test_a_cancel_has_no_answer(peer: Peer) -> None:
    peer.send_command(3, {0x0100: 0x0FFF, 0x0120: 1, 0x0110: 1, 0x0800: 0x0101})
    assert peer.echo(1) == SUCCESS


@pytest.mark.parametrize(
    ("context_id", "elements"),
    [
        (5, {0x0002: CT, 0x0100: 1, 0x0110: 1, 0x0800: 0x0101}),  # not agreed
        (3, {0x0002: CT, 0x0100: 0x8001, 0x0110: 1, 0x0800: 0x0101}),  # a response
        (3, {0x0002: CT, 0x0100: 1, 0x0800: 0x0101}),  # no message ID
        (3, {0x0002: CT, 0x0100: 1, 0x0110: 1}),
        (3, {}),
    ],
)
def test_a_message_that_cannot_be_answered_ends_the_association(
    transit: Transit, peer: Peer, context_id: int, elements: dict
) -> None:
    peer.send_command(context_id, elements)
    kind, body = peer.receive_pdu()
    assert (kind, body[2]) == (ABORT, 2)
    assert peer.is_closed()
    assert [event["what"] for event in transit.events()] == ["association"]


def test_requests_sent_without_waiting_are_answered_in_order_then_the_release(
    transit: Transit, peer: Peer
) -> None:
    """A release that crosses a response on its way is answered after it."""
    for number in range(4):
        peer.send_command(3, {0x0002: CT, 0x0100: 1, 0x0110: number, 0x0800: 1, 0x1000: f"1.2.{number}"})
        peer.send_data(3, small_data_set(CT, f"1.2.{number}"))
    peer.send_pdu(5, bytes(4))
    answered = [int.from_bytes(peer.receive_command()[0x0120], "little") for _ in range(4)]
    assert answered == [0, 1, 2, 3]
    assert peer.receive_pdu()[0] == RELEASE_RP
    assert len(transit.objects()) == 4


def test_a_peer_with_little_room_reads_its_responses(gate: Gate, transit: Transit) -> None:
    with Peer("127.0.0.1", gate.port, max_pdu=20) as peer:
        peer.associate([(CT, [EXPLICIT])])
        assert peer.store(1, CT, UID, small_data_set(CT, UID)) == SUCCESS
        peer.release()
    assert len(transit.objects()) == 1


@pytest.mark.parametrize("limit", ["idle_seconds", "association_seconds"])
def test_an_association_ends_by_deadline(start_gate: Callable[..., Gate], limit: str) -> None:
    gate = start_gate(limits={limit: 0.1})
    with Peer("127.0.0.1", gate.port) as peer:
        peer.associate([(VERIFICATION, [IMPLICIT])])
        time.sleep(0.2)
        peer.send_bytes(b"")
        if limit == "association_seconds":
            peer.echo()  # the deadline counts between messages
        assert peer.receive_pdu()[0] == ABORT
        assert peer.is_closed()
