"""Storage commitment on one association (R21; PS3.4 Annex J): what the gate takes, refuses and reports."""

from __future__ import annotations

import errno
from io import BytesIO
from typing import TYPE_CHECKING

import pydicom
import pytest
from pynetdicom import AE, evt

from planbank.gate.reports import encode_report
from tests.gate.commitment_peers import (
    CT,
    action,
    action_request,
    answer_to,
    eventually,
    only_request,
)
from tests.gate.raw_peer import (
    EXPLICIT,
    IMPLICIT,
    SUCCESS,
    VERIFICATION,
    Peer,
    read_command_set,
    small_data_set,
)
from tests.requests import STORAGE_COMMITMENT, WELL_KNOWN, request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pydicom.dataset import Dataset
    from pynetdicom.events import Event

    from tests.gate.conftest import Gate, Transit

BIG_ENDIAN = "1.2.840.10008.1.2.2"
COMMIT, PLAIN = 3, 1


@pytest.fixture
def peer(gate: Gate, transit: Transit) -> Iterator[Peer]:
    """A registered sender; context 1 is CT, 3 storage commitment."""
    transit.admit()
    with Peer("127.0.0.1", gate.port) as peer:
        assert peer.associate([(CT, [EXPLICIT]), (STORAGE_COMMITMENT, [EXPLICIT])]) == {
            1: EXPLICIT,
            3: EXPLICIT,
        }
        yield peer


def ask(peer: Peer, data: bytes | None = None, **changes: str | int) -> int:
    peer.send_command(COMMIT, action_request(**changes))  # type: ignore[arg-type]
    peer.send_data(COMMIT, action() if data is None else data)
    return peer.receive_status()


def receive_report(peer: Peer) -> tuple[dict[int, bytes], Dataset]:
    """The next N-EVENT-REPORT-RQ and its data set."""
    command = peer.receive_command()
    data, ends = b"", False
    while not ends:
        _, body = peer.receive_pdu()
        data += body[6:]
        ends = body[5] == 2
    return command, pydicom.dcmread(BytesIO(data), force=True)


def respond(peer: Peer, command: dict[int, bytes], status: int = SUCCESS) -> None:
    message = int.from_bytes(command[0x0110], "little")
    elements = {0x0002: STORAGE_COMMITMENT, 0x0100: 0x8100, 0x0120: message, 0x0800: 0x0101, 0x0900: status}
    peer.send_command(COMMIT, elements | {0x1000: WELL_KNOWN})


def test_a_request_is_a_parcel_and_the_answer_comes_on_the_same_association(
    peer: Peer, transit: Transit
) -> None:
    assert ask(peer) == SUCCESS
    [(header, data)] = transit.requests()
    assert data == action()
    assert (header.calling_ae, header.transfer_syntax_uid) == ("DEMO_TPS", EXPLICIT)
    transit.back_end.answers.publish(answer_to(header, failed=((CT, "1.2.4", 0x0112),)))
    command, told = receive_report(peer)
    assert command[0x1002] == b"\2\0"
    assert told.TransactionUID == "1.2.9"
    assert [i.ReferencedSOPInstanceUID for i in told.ReferencedSOPSequence] == ["1.2.3"]
    [failed] = told.FailedSOPSequence
    assert (failed.ReferencedSOPInstanceUID, failed.FailureReason) == ("1.2.4", 0x0112)
    respond(peer, command)
    [word] = eventually(transit.reports)
    assert word == {"request": header.parcel_id, "outcome": "reported", "via": "same"}
    eventually(lambda: transit.back_end.answers.waiting() == [])
    peer.release()
    assert transit.events() == []


def test_the_request_is_durable_before_it_is_answered(peer: Peer, transit: Transit) -> None:
    assert ask(peer) == SUCCESS
    assert len(transit.requests()) == 1, "at this moment"
    assert transit.back_end.answers.is_held(transit.requests()[0][0].parcel_id)


def test_objects_may_come_while_an_answer_is_awaited_and_cross_it(peer: Peer, transit: Transit) -> None:
    assert ask(peer) == SUCCESS
    assert peer.store(PLAIN, CT, "1.2.7", small_data_set(CT, "1.2.7")) == SUCCESS
    header = only_request(transit)
    transit.back_end.answers.publish(answer_to(header))
    command, _ = receive_report(peer)
    assert peer.store(PLAIN, CT, "1.2.8", small_data_set(CT, "1.2.8")) == SUCCESS, "before its response"
    respond(peer, command)
    assert eventually(transit.reports)
    peer.release()
    assert {h.sop_instance_uid for h, _ in transit.objects()} == {"1.2.7", "1.2.8"}


def test_two_requests_are_reported_one_after_the_other(peer: Peer, transit: Transit) -> None:
    for transaction in ("1.2.11", "1.2.12"):
        assert ask(peer, action(transaction=transaction)) == SUCCESS
    headers = {data: header for header, data in transit.requests()}
    for transaction in ("1.2.11", "1.2.12"):
        header = headers[action(transaction=transaction)]
        transit.back_end.answers.publish(answer_to(header, transaction_uid=transaction))
    told = []
    for _ in range(2):
        command, ds = receive_report(peer)
        told.append(ds.TransactionUID)
        respond(peer, command)
    assert sorted(told) == ["1.2.11", "1.2.12"]
    eventually(lambda: len(transit.reports()) == 2)


@pytest.mark.parametrize(
    ("changes", "data", "status"),
    [
        ({"action_type": 2}, None, 0x0123),
        ({"sop_instance": "1.2.3"}, None, 0x0112),
        ({"sop_class": CT}, None, 0x0118),
        ({}, b"", 0x0115),
        ({}, b"nonsense and more of it", 0x0115),
        ({}, action()[:-3], 0x0115),
        ({}, action() + b"\0", 0x0115),
        ({}, action()[16:], 0x0115),
        ({}, action()[:14], 0x0115),
    ],
    ids=[
        *("another action", "another instance", "another class", "empty", "nonsense", "cut short"),
        *("trailing bytes", "no transaction", "no references"),
    ],
)
def test_a_malformed_request_gets_its_status_and_leaves_nothing(
    peer: Peer, transit: Transit, changes: dict[str, str | int], data: bytes | None, status: int
) -> None:
    assert ask(peer, data, **changes) == status
    assert transit.requests() == [] and transit.left_behind() == []
    assert list((transit.path / "answers").iterdir()) == []
    assert [(e["what"], e["status"]) for e in transit.events()] == [("operation", f"{status:04X}")]
    assert ask(peer) == SUCCESS, "the association goes on"


def test_a_request_without_data_set_or_in_the_wrong_context(peer: Peer, transit: Transit) -> None:
    peer.send_command(COMMIT, action_request() | {0x0800: 0x0101})
    assert peer.receive_status() == 0x0115
    peer.send_command(PLAIN, action_request())
    peer.send_data(PLAIN, action())
    assert peer.receive_status() == 0x0211
    peer.send_command(COMMIT, {0x0002: STORAGE_COMMITMENT, 0x0100: 1, 0x0110: 1, 0x0800: 1, 0x1000: "1.2"})
    peer.send_data(COMMIT, action())
    assert peer.receive_status() == 0x0122, "nothing is stored under this class"
    assert transit.requests() == [] and transit.objects() == []


def test_a_request_that_is_too_long(start_gate: Callable[..., Gate], transit: Transit) -> None:
    transit.admit(limits={"request_bytes": 2000})
    gate = start_gate()
    with Peer("127.0.0.1", gate.port) as peer:
        peer.associate([(CT, [EXPLICIT]), (STORAGE_COMMITMENT, [EXPLICIT])])
        assert ask(peer, action([(CT, f"1.2.{n}") for n in range(100)])) == 0x0213
        assert ask(peer, action([(CT, f"1.2.{n}") for n in range(10)])) == SUCCESS


def test_a_full_disk(peer: Peer, transit: Transit, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("planbank.transit.folder.write_all", full)
        assert ask(peer) == 0x0213
    assert transit.requests() == []
    assert not list((transit.path / "answers").glob("*.held"))
    assert ask(peer) == SUCCESS


def test_an_unknown_sender_is_offered_no_commitment(gate: Gate, transit: Transit) -> None:
    """What it sent is in quarantine; the rest of the association goes on."""
    with Peer("127.0.0.1", gate.port) as peer:
        peer.associate([(VERIFICATION, [IMPLICIT]), (STORAGE_COMMITMENT, [EXPLICIT])])
        assert peer.results == {1: 0, 3: 1}
        assert peer.echo() == SUCCESS
    [event] = transit.events()
    assert (event["what"], event["status"]) == ("context", "1")


@pytest.mark.parametrize(
    ("proposed", "agreed"),
    [
        ([IMPLICIT], IMPLICIT),
        ([BIG_ENDIAN], BIG_ENDIAN),
        (["1.2.840.10008.1.2.4.50", EXPLICIT], EXPLICIT),
        (["1.2.840.10008.1.2.1.99"], None),
    ],
)
def test_the_transfer_syntaxes_of_commitment(
    gate: Gate, transit: Transit, proposed: list[str], agreed: str | None
) -> None:
    transit.admit()
    with Peer("127.0.0.1", gate.port) as peer:
        accepted = peer.associate([(STORAGE_COMMITMENT, proposed)])
        assert accepted == ({1: agreed} if agreed else {})


def test_without_a_key_to_believe_answers_there_is_no_commitment(
    start_gate: Callable[..., Gate], transit: Transit
) -> None:
    from planbank.transit.folder import FolderTray
    from planbank.transit.signature import Signer

    transit.admit()
    tray = FolderTray(transit.path, recipients=transit.recipients, signer=Signer("gate", transit.key))
    gate = start_gate(tray=tray)
    with Peer("127.0.0.1", gate.port) as peer:
        assert peer.associate([(CT, [EXPLICIT]), (STORAGE_COMMITMENT, [EXPLICIT])]) == {1: EXPLICIT}


def test_an_answer_by_anybody_else_is_not_reported(peer: Peer, transit: Transit) -> None:
    """Whoever may write into the transit area cannot make the gate say that something is safe."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from planbank.transit.folder_answers import FolderAnswers
    from planbank.transit.signature import Signer

    assert ask(peer) == SUCCESS
    header = only_request(transit)
    forger = FolderAnswers(transit.path / "answers", signer=Signer("work", Ed25519PrivateKey.generate()))
    forger.publish(answer_to(header))
    eventually(lambda: not transit.back_end.answers.is_held(header.parcel_id))
    peer.release()
    assert transit.reports() == []


def test_the_sender_says_no_and_is_asked_again_elsewhere(peer: Peer, transit: Transit) -> None:
    assert ask(peer) == SUCCESS
    header = only_request(transit)
    transit.back_end.answers.publish(answer_to(header))
    command, _ = receive_report(peer)
    respond(peer, command, 0x0110)
    eventually(lambda: [word["outcome"] for word in transit.reports()] == ["no-node"])
    peer.release()


def test_a_response_nobody_waits_for_ends_the_association(peer: Peer) -> None:
    respond(peer, {0x0110: b"\1\0"})
    assert peer.receive_pdu()[0] == 7


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG_ENDIAN])
def test_pynetdicom_asks_and_is_told_on_its_own_association(
    gate: Gate, transit: Transit, syntax: str
) -> None:
    transit.admit()
    told: list[tuple[int, Dataset]] = []

    def take(event: Event) -> tuple[int, None]:
        told.append((event.event_type, event.event_information))
        return SUCCESS, None

    ae = AE(ae_title="DEMO_TPS")
    ae.add_requested_context(STORAGE_COMMITMENT, syntax)
    assoc = ae.associate(
        "127.0.0.1", gate.port, ae_title="PLANBANK", evt_handlers=[(evt.EVT_N_EVENT_REPORT, take)]
    )
    assert assoc.is_established
    try:
        ds = request([(CT, "1.2.3")], "1.2.9")
        status, _ = assoc.send_n_action(ds, 1, STORAGE_COMMITMENT, WELL_KNOWN)
        assert status.Status == SUCCESS
        transit.back_end.answers.publish(answer_to(only_request(transit)))
        [(event_type, information)] = eventually(lambda: told)
        assert event_type == 1
        assert information.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == "1.2.3"
        assert "FailedSOPSequence" not in information
        assert eventually(transit.reports)[0]["via"] == "same"
    finally:
        assoc.release()
        assoc.join(5)
        assoc.dul.join(5)


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG_ENDIAN])
def test_a_report_of_many_is_read_by_another_toolkit(transit: Transit, syntax: str) -> None:
    header = type("Header", (), {})()
    for name in ("parcel_id", "association_id", "calling_ae", "called_ae", "received_at"):
        setattr(header, name, "x")
    safe = tuple((CT, f"1.2.{n}") for n in range(400))
    failed = tuple((CT, f"1.3.{n}", 0x0110) for n in range(3))
    data = encode_report(answer_to(header, safe=safe, failed=failed), syntax)
    uid = pydicom.uid.UID(syntax)
    ds = pydicom.filereader.read_dataset(BytesIO(data), uid.is_implicit_VR, uid.is_little_endian)
    assert [i.ReferencedSOPInstanceUID for i in ds.ReferencedSOPSequence] == [i for _, i in safe]
    assert [(i.ReferencedSOPInstanceUID, i.FailureReason) for i in ds.FailedSOPSequence] == [
        (i, reason) for _, i, reason in failed
    ]


def test_the_response_names_what_was_asked(peer: Peer) -> None:
    peer.send_command(COMMIT, action_request())
    peer.send_data(COMMIT, action())
    kind, body = peer.receive_pdu()
    command = read_command_set(body[6:])
    assert kind == 4
    assert command[0x0002].rstrip(b"\0").decode() == STORAGE_COMMITMENT
    assert command[0x1000].rstrip(b"\0").decode() == WELL_KNOWN
    assert (command[0x0100], command[0x1008]) == (b"\x30\x81", b"\1\0")
