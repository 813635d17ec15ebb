"""C-STORE into the transit area: what is kept, what is refused, and that nothing else is left."""

from __future__ import annotations

import errno
import hashlib
import os
import random
import zlib
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planbank.transit.folder import FolderTray
from tests.gate.data_sets import encode, uids
from tests.gate.raw_peer import CT, EXPLICIT, SUCCESS, Peer, small_data_set, store_request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.gate.conftest import Gate, Transit

UID = "1.2.3.4.5"
OUT_OF_RESOURCES, MISMATCH, CANNOT_UNDERSTAND, NOT_SUPPORTED = 0xA700, 0xA900, 0xC000, 0x0122


@pytest.fixture
def peer(gate: Gate) -> Iterator[Peer]:
    with Peer("127.0.0.1", gate.port) as connected:
        connected.associate([(CT, [EXPLICIT])])
        yield connected


def assert_only(transit: Transit, *uids: str) -> None:
    """Exactly these objects are there, and no unfinished file."""
    assert [header.sop_instance_uid for header, _ in transit.objects()] == list(uids)
    assert transit.left_behind() == []


def test_a_parcel_holds_the_very_bytes_and_who_sent_them(transit: Transit, peer: Peer) -> None:
    data = small_data_set(CT, UID, pixels=500_000)
    assert peer.store(1, CT, UID, data) == SUCCESS
    [(header, kept)] = transit.objects()
    assert kept == data
    assert (header.sop_class_uid, header.sop_instance_uid, header.transfer_syntax_uid) == (CT, UID, EXPLICIT)
    assert (header.calling_ae, header.called_ae, header.address) == ("DEMO_TPS", "PLANBANK", "127.0.0.1")
    assert len(header.association_id) == 32
    assert header.received_at.endswith("+00:00")
    assert not header.sender_known


def test_objects_of_one_association_share_its_id(transit: Transit, peer: Peer) -> None:
    for number in range(3):
        assert peer.store(1, CT, f"{UID}.{number}", small_data_set(CT, f"{UID}.{number}")) == SUCCESS
    assert len({header.association_id for header, _ in transit.objects()}) == 1
    assert len({header.parcel_id for header, _ in transit.objects()}) == 3


@pytest.mark.parametrize("uid", [UID + "\0", UID + " ", UID + "  ", UID + "\0\0"])
def test_padding_is_trimmed(transit: Transit, peer: Peer, uid: str) -> None:
    assert peer.store(1, CT, uid, small_data_set(CT, UID)) == SUCCESS
    assert_only(transit, UID)


def test_leading_zeros_are_kept(transit: Transit, peer: Peer) -> None:
    assert peer.store(1, CT, "1.02.003", small_data_set(CT, "1.02.003")) == SUCCESS
    assert_only(transit, "1.02.003")


@pytest.mark.parametrize(
    "uid",
    [
        "",
        "1." + "2" * 68,
        "../../etc/passwd",
        "1/2",
        "1..2",
        "1.2.A",
        "1.2\r\n",
        " 1.2",
        "1\\2",
        "\xe6",
        "1.2\0.3",
    ],
)
def test_a_malformed_uid_is_refused_and_leaves_nothing(transit: Transit, peer: Peer, uid: str) -> None:
    assert peer.store(1, CT, uid, small_data_set(CT, uid)) == MISMATCH
    assert_only(transit)
    [event] = transit.events()
    assert (event["what"], event["status"], event["sop_class_uid"]) == ("object", "A900", CT)
    assert event["sop_instance_uid"] == ""
    assert peer.store(1, CT, UID, small_data_set(CT, UID)) == SUCCESS
    assert_only(transit, UID)


def test_a_command_without_uids_is_refused(transit: Transit, peer: Peer) -> None:
    peer.send_command(1, {0x0100: 1, 0x0110: 1, 0x0800: 1})
    peer.send_data(1, small_data_set(CT, UID))
    assert peer.receive_status() == MISMATCH
    assert_only(transit)


def test_a_class_that_was_not_agreed_for_the_context_is_refused(transit: Transit, peer: Peer) -> None:
    other = "1.2.840.10008.5.1.4.1.1.481.5"
    assert peer.store(1, other, UID, small_data_set(other, UID)) == NOT_SUPPORTED
    assert_only(transit)


def test_an_empty_data_set_is_refused(transit: Transit, peer: Peer) -> None:
    assert peer.store(1, CT, UID, b"") == CANNOT_UNDERSTAND
    peer.send_command(1, store_request(CT, UID) | {0x0800: 0x0101})
    assert peer.receive_status() == CANNOT_UNDERSTAND
    assert_only(transit)
    assert [event["status"] for event in transit.events()] == ["C000", "C000"]


def test_the_reason_stands_in_the_response(peer: Peer) -> None:
    peer.send_command(1, store_request(CT, UID))
    peer.send_data(1, b"")
    response = peer.receive_command()
    assert response[0x0902].rstrip() == b"The data set is empty."
    assert int.from_bytes(response[0x0120], "little") == 7


def test_an_object_longer_than_the_limit_is_refused_and_the_next_one_kept(
    transit: Transit, start_gate: Callable[..., Gate]
) -> None:
    gate = start_gate(limits={"object_bytes": 100_000})
    with Peer("127.0.0.1", gate.port) as peer:
        peer.associate([(CT, [EXPLICIT])])
        assert peer.store(1, CT, UID, small_data_set(CT, UID, pixels=900_000)) == OUT_OF_RESOURCES
        assert peer.store(1, CT, UID, small_data_set(CT, UID, pixels=50_000)) == SUCCESS
        peer.release()
    assert_only(transit, UID)


class FullDisk(FolderTray):
    """A transit area whose disk has room for small objects only."""

    def put(self, header: Any, fragments: Any) -> Any:
        def room() -> Any:
            left = 300_000
            for fragment in fragments:
                left -= len(fragment)
                if left < 0:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                yield fragment

        return super().put(header, room())


def test_a_full_disk_refuses_one_object_and_takes_the_next_smaller_one(
    transit: Transit, start_gate: Callable[..., Gate]
) -> None:
    transit.tray.__class__ = FullDisk
    with Peer("127.0.0.1", start_gate().port) as peer:
        peer.associate([(CT, [EXPLICIT])])
        peer.send_command(1, store_request(CT, UID))
        peer.send_data(1, small_data_set(CT, UID, pixels=3_000_000))
        response = peer.receive_command()
        assert int.from_bytes(response[0x0900], "little") == OUT_OF_RESOURCES
        assert response[0x0902].rstrip() == b"The disk is full."
        assert peer.store(1, CT, UID + ".1", small_data_set(CT, UID + ".1", pixels=1000)) == SUCCESS
        peer.release()
    assert_only(transit, UID + ".1")
    [event] = transit.events()
    assert (event["status"], event["reason"]) == ("A700", "The disk is full.")


def test_a_failed_sync_is_no_success_and_is_not_tried_again(
    transit: Transit, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, synced = os.fsync, []

    def fails_once(fd: int) -> None:
        synced.append(fd)
        if len(synced) == 1:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        real(fd)

    monkeypatch.setattr("planbank.transit.folder.os.fsync", fails_once)
    peer.send_command(1, store_request(CT, UID))
    peer.send_data(1, small_data_set(CT, UID))
    response = peer.receive_command()
    assert int.from_bytes(response[0x0900], "little") == OUT_OF_RESOURCES
    assert response[0x0902].rstrip() == b"The object could not be written safely."
    assert_only(transit)
    assert peer.store(1, CT, UID, small_data_set(CT, UID)) == SUCCESS
    assert_only(transit, UID)


def test_a_parcel_that_cannot_be_sealed_is_no_success(
    transit: Transit, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("planbank.transit.seal.HEADER_LIMIT", 10)
    assert peer.store(1, CT, UID, small_data_set(CT, UID)) == OUT_OF_RESOURCES
    monkeypatch.undo()
    assert peer.store(1, CT, UID, small_data_set(CT, UID)) == SUCCESS
    assert_only(transit, UID)


def test_success_is_said_only_after_the_parcel_lies_there(
    transit: Transit, start_gate: Callable[..., Gate]
) -> None:
    there_at_success = []

    class Watching(Peer):
        def receive_status(self) -> int:
            status = super().receive_status()
            there_at_success.append(len(transit.back_end.waiting()))
            return status

    with Watching("127.0.0.1", start_gate().port) as peer:
        peer.associate([(CT, [EXPLICIT])])
        for number in range(5):
            peer.store(1, CT, f"{UID}.{number}", small_data_set(CT, f"{UID}.{number}"))
    assert there_at_success == [1, 2, 3, 4, 5]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(min_size=1, max_size=100_000), st.integers(1, 16384))
def test_any_bytes_come_through_as_they_were(transit: Transit, peer: Peer, noise: bytes, size: int) -> None:
    """As the value of an element, in fragments of any size; the content hash is that of model.md, Arrival."""
    data = encode([*uids(CT, UID), (0x7FE0, 0x10, "OB", noise)], "explicit")
    peer.send_command(1, store_request(CT, UID))
    for at in range(0, len(data), size):
        peer.send_data(1, data[at : at + size], last=at + size >= len(data))
    assert peer.receive_status() == SUCCESS
    [parcel_id] = transit.back_end.waiting()
    sink = BytesIO()
    opened = transit.back_end.open(parcel_id, lambda _: sink)
    transit.back_end.delete(parcel_id)
    assert sink.getvalue() == data
    assert opened.trailer.size == len(data)
    assert opened.trailer.content_hash == hashlib.sha256(EXPLICIT.encode() + b"\n" + data).hexdigest()


# --- what difficult peers get (receive.md): C000 or A900, and nothing left

GOOD = small_data_set(CT, UID, pixels=300_000)
PIXELS = GOOD.index(b"OW")


@pytest.mark.parametrize(
    ("data", "status"),
    [
        pytest.param(random.Random(4).randbytes(400_000), CANNOT_UNDERSTAND, id="random bytes"),
        pytest.param(GOOD[:-1], CANNOT_UNDERSTAND, id="truncated element"),
        pytest.param(GOOD[: PIXELS + 2], CANNOT_UNDERSTAND, id="truncated head"),
        pytest.param(
            GOOD[: PIXELS + 4] + 0xFFFFFFF0.to_bytes(4, "little") + bytes(4),
            CANNOT_UNDERSTAND,
            id="element of 4 GB with 4 bytes",
        ),
        pytest.param(GOOD + b"trailing", CANNOT_UNDERSTAND, id="trailing bytes"),
        pytest.param(GOOD + b"\0", CANNOT_UNDERSTAND, id="a trailing byte"),
        pytest.param(small_data_set(CT, UID + ".9", pixels=300_000), MISMATCH, id="another instance"),
        pytest.param(small_data_set(CT + ".1", UID, pixels=300_000), MISMATCH, id="another class"),
        pytest.param(small_data_set(CT, "1." + "2" * 68), MISMATCH, id="UID of 70 characters"),
        pytest.param(encode(uids(CT, UID)[:1], "explicit"), MISMATCH, id="no SOP Instance UID"),
        pytest.param(encode(uids(CT, UID)[1:], "explicit"), MISMATCH, id="no SOP Class UID"),
        pytest.param(encode([(0x10, 0x10, "PN", b"A ")], "explicit"), MISMATCH, id="neither"),
    ],
)
def test_a_malformed_data_set_is_refused_and_the_association_goes_on(
    transit: Transit, peer: Peer, data: bytes, status: int
) -> None:
    assert peer.store(1, CT, UID, data) == status
    assert_only(transit)
    [event] = transit.events()
    assert (event["what"], event["status"], event["sop_instance_uid"]) == ("object", f"{status:04X}", UID)
    assert peer.store(1, CT, UID, GOOD) == SUCCESS
    assert_only(transit, UID)


def test_no_study_series_or_patient_is_kept(transit: Transit, peer: Peer) -> None:
    """A planning system may do it; behind the gate it gives a finding."""
    assert peer.store(1, CT, UID, encode(uids(CT, UID), "explicit")) == SUCCESS
    assert_only(transit, UID)


def test_a_deflate_bomb_is_refused_and_leaves_nothing(gate: Gate, transit: Transit) -> None:
    begin = encode(uids(CT, UID), "explicit") + b"\xe0\x7f\x10\x00OW\0\0\xf0\xff\xff\x0f"
    engine = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = engine.compress(begin) + b"".join(engine.compress(bytes(1 << 20)) for _ in range(255))
    bomb += engine.flush()
    with Peer("127.0.0.1", gate.port) as peer:
        peer.associate([(CT, ["1.2.840.10008.1.2.1.99"])])
        assert peer.store(1, CT, UID, bomb) == CANNOT_UNDERSTAND
        assert_only(transit)
        peer.release()


def test_the_same_uid_with_other_content_is_kept_too(transit: Transit, peer: Peer) -> None:
    """Which version it is, register says; here none is lost."""
    other = small_data_set(CT, UID, pixels=100)
    assert [peer.store(1, CT, UID, data) for data in (GOOD, other, GOOD)] == [SUCCESS] * 3
    assert [kept for _, kept in transit.objects()] == [GOOD, other, GOOD]
