"""One association from its first byte to its last: what difficult peers get (receive.md)."""

from __future__ import annotations

import json
import logging
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planbank.gate.logs import JsonLines
from tests.gate.raw_peer import (
    ABORT,
    ASSOCIATE_RJ,
    ASSOCIATE_RQ,
    CT,
    DATA,
    EXPLICIT,
    IMPLICIT,
    RELEASE_RQ,
    SUCCESS,
    VERIFICATION,
    Peer,
    RefusedError,
    associate_request,
    command_set,
    item,
    pdu,
    pdv,
    small_data_set,
    store_request,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.gate.conftest import Gate, Transit

UID = "1.2.3.4"
PART = small_data_set(CT, UID, pixels=500_000)
FIND = "1.2.840.10008.5.1.4.1.2.2.1"


def lines(caplog: pytest.LogCaptureFixture) -> list[dict]:
    """The association lines so far."""
    found = [json.loads(JsonLines().format(record)) for record in caplog.records]
    return [line for line in found if line["message"] == "association"]


def wait_for_line(caplog: pytest.LogCaptureFixture, count: int = 1) -> dict:
    for _ in range(2000):
        if len(lines(caplog)) >= count:
            return lines(caplog)[-1]
        time.sleep(0.01)
    raise AssertionError("the association never ended")


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({"called": "SOMEBODY"}, (1, 1, 7)),
        ({"calling": "../../TPS"}, (1, 1, 3)),
        ({"calling": "A/B"}, (1, 1, 3)),
        ({"calling": ""}, (1, 1, 3)),
    ],
)
def test_a_title_that_does_not_belong_is_rejected_and_told(
    gate: Gate, transit: Transit, changes: dict, answer: tuple[int, int, int]
) -> None:
    with Peer("127.0.0.1", gate.port, **changes) as peer:
        with pytest.raises(RefusedError) as caught:
            peer.associate([(CT, [EXPLICIT])])
        assert peer.is_closed()
    kind, body = caught.value.args
    assert (kind, tuple(body[1:])) == (ASSOCIATE_RJ, answer)
    [(header, _)] = transit.parcels()
    [event] = transit.events()
    assert (event["what"], event["status"]) == ("association", "/".join(map(str, answer)))
    assert not set(header.calling_ae) & set("/.")


def test_unknown_senders_are_marked_and_known_ones_too(gate: Gate, transit: Transit) -> None:
    transit.admit("DEMO_TPS")
    for calling in ("DEMO_TPS", "STRANGER"):
        with Peer("127.0.0.1", gate.port, calling=calling) as peer:
            peer.associate([(CT, [EXPLICIT])])
            peer.store(1, CT, UID, small_data_set(CT, UID))
            peer.release()
    assert {(h.calling_ae, h.sender_known) for h, _ in transit.objects()} == {
        ("DEMO_TPS", True),
        ("STRANGER", False),
    }


def test_unknown_senders_are_refused_where_the_site_says_so(gate: Gate, transit: Transit) -> None:
    transit.admit("DEMO_TPS", unknown="refuse")
    with Peer("127.0.0.1", gate.port, calling="STRANGER") as peer, pytest.raises(RefusedError) as caught:
        peer.associate([(CT, [EXPLICIT])])
    assert caught.value.args[1][1:] == bytes((1, 1, 3))
    with Peer("127.0.0.1", gate.port) as peer:
        assert peer.associate([(CT, [EXPLICIT])])


def test_a_new_list_of_senders_drops_no_association(gate: Gate, transit: Transit) -> None:
    transit.admit("DEMO_TPS")
    with Peer("127.0.0.1", gate.port) as open_before:
        open_before.associate([(CT, [EXPLICIT])])
        transit.admit("OTHER", unknown="refuse")
        with Peer("127.0.0.1", gate.port) as peer, pytest.raises(RefusedError):
            peer.associate([(CT, [EXPLICIT])])
        assert open_before.store(1, CT, UID, small_data_set(CT, UID)) == SUCCESS
        open_before.release()


def test_a_declined_context_is_an_event_and_the_rest_goes_on(gate: Gate, transit: Transit) -> None:
    with Peer("127.0.0.1", gate.port) as peer:
        peer.associate([(FIND, [IMPLICIT]), (CT, ["1.2.840.113619.5.2"]), (CT, [EXPLICIT, IMPLICIT])])
        assert peer.results == {1: 3, 3: 4, 5: 0}
        assert peer.store(5, CT, UID, small_data_set(CT, UID)) == SUCCESS
        peer.release()
    events = transit.events()
    assert sorted((e["what"], e["status"], e["sop_class_uid"]) for e in events) == [
        ("context", "3", FIND),
        ("context", "4", CT),
    ]
    assert all(e["reason"].endswith(".") for e in events)


def test_everything_else_a_peer_negotiates_is_put_up_with(gate: Gate) -> None:
    uid = CT.encode()
    counted = len(uid).to_bytes(2, "big") + uid
    more = item(0x53, b"\0\x05\0\x05") + item(0x54, counted + b"\1\1") + item(0x56, counted + b"\1\1\1")
    more += item(0x58, b"\1\1\0\4user\0\0") + item(0x99, b"?")
    with Peer("127.0.0.1", gate.port, max_pdu=0) as peer:
        peer.associate([(CT, [EXPLICIT])], user_items=more)
        kinds = [kind for kind, _ in peer.user_items]
        assert 0x53 not in kinds  # no asynchronous window: one operation at a time
        assert dict(peer.user_items)[0x54] == counted + b"\1\0"
        assert peer.peer_max_pdu == 131072
        assert peer.store(1, CT, UID, small_data_set(CT, UID)) == SUCCESS
        peer.release()


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (b"\1\0\xff\xff\xff\xff", 6),  # an A-ASSOCIATE-RQ of 4 GB
        (b"\1\0\0\4\0\1", 6),
        (pdu(ASSOCIATE_RQ, bytes(20)), 6),
        (pdu(ASSOCIATE_RQ, associate_request([(CT, [EXPLICIT])])[:-1]), 6),
        (pdu(DATA, pdv(1, b"data", command=True, last=True)), 2),
        (pdu(RELEASE_RQ, bytes(4)), 2),
        (b"GET / HTTP/1.1\r\nHost: gate\r\n\r\n", 1),
        (b"\x16\3\1\2\0\1\0\1\xfc\3\3", 1),  # a TLS hello
    ],
)
def test_what_is_no_request_is_aborted_at_its_header(
    gate: Gate, transit: Transit, sent: bytes, reason: int
) -> None:
    with Peer("127.0.0.1", gate.port) as peer:
        peer.send_bytes(sent)
        kind, body = peer.receive_pdu()
        assert (kind, body) == (ABORT, bytes((0, 0, 2, reason)))
        assert peer.is_closed()
    assert [event["status"] for event in transit.events()] == ["aborted"]
    assert transit.objects() == []


def test_a_second_request_is_aborted(gate: Gate) -> None:
    with Peer("127.0.0.1", gate.port) as peer:
        peer.associate([(CT, [EXPLICIT])])
        peer.send_pdu(ASSOCIATE_RQ, associate_request([(CT, [EXPLICIT])]))
        assert peer.receive_pdu() == (ABORT, bytes((0, 0, 2, 2)))


def test_a_pdu_longer_than_announced_is_aborted_and_nothing_is_left(gate: Gate, transit: Transit) -> None:
    with Peer("127.0.0.1", gate.port) as peer:
        peer.associate([(CT, [EXPLICIT])])
        peer.send_command(1, store_request(CT, UID))
        peer.send_data(1, PART[:200_000], last=False)
        peer.send_bytes(b"\4\0" + (peer.peer_max_pdu + 1).to_bytes(4, "big"))
        assert peer.receive_pdu() == (ABORT, bytes((0, 0, 2, 6)))
        assert peer.is_closed()
    assert transit.objects() == []
    assert transit.left_behind() == []


@pytest.mark.parametrize("end", ["abort", "close", "inside a PDU", "release", "wrong context", "a command"])
def test_an_end_inside_a_data_set_leaves_nothing(
    gate: Gate, transit: Transit, end: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with Peer("127.0.0.1", gate.port) as peer:
        peer.associate([(CT, [EXPLICIT])])
        peer.send_command(1, store_request(CT, UID))
        peer.send_data(1, PART[:400_000], last=False)
        if end == "abort":
            peer.abort()
        elif end == "inside a PDU":
            peer.send_bytes(pdu(DATA, pdv(1, bytes(1000), command=False, last=True))[:500])
        elif end == "release":
            peer.send_pdu(RELEASE_RQ, bytes(4))
        elif end == "wrong context":
            peer.send_data(3, b"data")
        elif end == "a command":
            peer.send_command(1, store_request(CT, UID))
    line = wait_for_line(caplog)
    assert line["end"] in ("aborted by the peer", "closed by the peer", "aborted")
    assert line["stored"] == 0
    assert transit.objects() == []
    assert transit.left_behind() == []


def test_a_stall_inside_a_data_set_ends_by_deadline_and_is_told(
    start_gate: Callable[..., Gate], transit: Transit
) -> None:
    gate = start_gate(limits={"pdu_seconds": 0.1})
    with Peer("127.0.0.1", gate.port) as peer:
        peer.associate([(CT, [EXPLICIT])])
        peer.send_command(1, store_request(CT, UID))
        peer.send_data(1, PART[:1000], last=False)
        assert peer.receive_pdu()[0] == ABORT
        assert peer.is_closed()
    assert transit.objects() == []
    assert transit.left_behind() == []
    assert [(e["what"], e["status"]) for e in transit.events()] == [("object", "aborted")]


def test_silence_ends_by_deadline(start_gate: Callable[..., Gate], transit: Transit) -> None:
    gate = start_gate(limits={"associate_seconds": 0.1})
    with Peer("127.0.0.1", gate.port) as silent, Peer("127.0.0.1", gate.port) as halting:
        halting.send_bytes(pdu(ASSOCIATE_RQ, associate_request([(CT, [EXPLICIT])]))[:100])
        assert silent.is_closed()
        assert halting.is_closed()
    assert transit.parcels() == []


def test_one_line_says_what_came_of_an_association(
    gate: Gate, transit: Transit, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    data = small_data_set(CT, UID)
    with Peer("127.0.0.1", gate.port) as peer:
        peer.associate([(CT, [EXPLICIT])])
        peer.store(1, CT, UID, data)
        peer.store(1, CT, "../1", data)
        peer.release()
    line = wait_for_line(caplog)
    assert (line["end"], line["stored"], line["refused"], line["bytes"]) == ("released", 1, 1, len(data))
    assert (line["calling_ae"], line["called_ae"], line["address"]) == ("DEMO_TPS", "PLANBANK", "127.0.0.1")
    assert line["association"] == transit.objects()[0][0].association_id
    assert UID not in caplog.text
    assert "PHANTOM" not in caplog.text


def test_a_fault_of_the_gate_ends_one_association_and_says_nothing_of_the_data(
    gate: Gate, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    def fault(*_: object) -> None:
        raise RuntimeError("0101011234 HANSEN^JENS")

    monkeypatch.setattr(gate.transit.tray, "put", fault)
    with Peer("127.0.0.1", gate.port) as peer:
        peer.associate([(CT, [EXPLICIT])])
        peer.send_command(1, store_request(CT, UID))
        peer.send_data(1, small_data_set(CT, UID))
        assert peer.receive_pdu()[0] == ABORT
    wait_for_line(caplog)
    written = "".join(JsonLines().format(record) for record in caplog.records)
    assert "RuntimeError" in written
    assert "HANSEN" not in written
    with Peer("127.0.0.1", gate.port) as peer:
        peer.associate([(VERIFICATION, [IMPLICIT])])
        assert peer.echo() == SUCCESS


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=400), st.sampled_from(["at once", "associated", "inside a data set"]))
def test_random_bytes_never_hurt(gate: Gate, transit: Transit, noise: bytes, when: str) -> None:
    with Peer("127.0.0.1", gate.port) as peer:
        if when != "at once":
            peer.associate([(VERIFICATION, [IMPLICIT]), (CT, [EXPLICIT])])
        if when == "inside a data set":
            peer.send_command(3, store_request(CT, UID))
        peer.send_bytes(noise)
    with Peer("127.0.0.1", gate.port) as peer:
        peer.associate([(VERIFICATION, [IMPLICIT])])
        assert peer.echo() == SUCCESS
        peer.release()
    assert transit.objects() == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_dialogue_with_one_byte_changed_never_hurts(
    gate: Gate, transit: Transit, data: st.DataObject
) -> None:
    """Only a whole object is ever kept, and the gate goes on."""
    request = pdu(ASSOCIATE_RQ, associate_request([(CT, [EXPLICIT])]))
    command = pdu(DATA, pdv(1, command_set(store_request(CT, UID)), command=True, last=True))
    stream = bytearray(request + command + pdu(DATA, pdv(1, bytes(100), command=False, last=True)))
    place = data.draw(st.integers(0, len(stream) - 1))
    stream[place] ^= data.draw(st.integers(1, 255))
    with Peer("127.0.0.1", gate.port) as peer:
        peer.send_bytes(bytes(stream))
    with Peer("127.0.0.1", gate.port) as peer:
        peer.associate([(VERIFICATION, [IMPLICIT])])
        assert peer.echo() == SUCCESS
        peer.release()
    for header, kept in transit.objects():
        assert len(kept) == 100
        transit.back_end.delete(header.parcel_id)
