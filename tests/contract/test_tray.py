"""What every transit area must do, with real keys: run on the folder and on its twin in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyrage
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planbank.errors import (
    KeyMissing,
    ParcelDamaged,
    ParcelError,
    ParcelMissing,
    ParcelUnreadable,
    ParcelUnsigned,
)
from planbank.transit.folder import FolderTray
from planbank.transit.memory import MemoryTray
from planbank.transit.parcel import Header, new_parcel_id
from planbank.transit.signature import Signer
from planbank.transit.tray import Load
from planbank.transit.unseal import Opener

if TYPE_CHECKING:
    from pathlib import Path

    from planbank.transit.tray import Tray

Make = Callable[..., "Tray"]

EXPLICIT = "1.2.840.10008.1.2.1"
IDENTITY, OTHER_IDENTITY = pyrage.x25519.Identity.generate(), pyrage.x25519.Identity.generate()
GATE, SITE = Signer("gate", Ed25519PrivateKey.generate()), Signer("site", Ed25519PrivateKey.generate())
KEYS: dict[str, Any] = {
    "recipients": [str(IDENTITY.to_public())],
    "signer": GATE,
    "opener": Opener([str(IDENTITY)]),
    "verifiers": {"gate": GATE.verify_key(), "site": SITE.verify_key()},
}
START = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(params=["folder", "memory"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    """Makes transit areas with the usual keys, or others; all of them see the same parcels."""
    memory: list[MemoryTray] = []

    def build(**changed: Any) -> Tray:
        if request.param == "folder":
            return FolderTray(tmp_path / "transit", **(KEYS | changed))
        tray = MemoryTray(**(KEYS | changed))
        if memory:
            for place in ("_incoming", "_aside", "_control"):
                setattr(tray, place, getattr(memory[0], place))
        memory.append(tray)
        return tray

    return build


@pytest.fixture
def tray(make: Make) -> Tray:
    return make()


def header(minute: int = 0, **changed: Any) -> Header:
    at = START + timedelta(minutes=minute)
    usual = Header(
        parcel_id=new_parcel_id(at),
        kind="object",
        association_id="a1",
        calling_ae="TPS_ÆØÅ",
        called_ae="PLANBANK",
        address="192.0.2.7",
        received_at=at.isoformat(),
        sop_class_uid="1.2.840.10008.5.1.4.1.1.481.3",
        sop_instance_uid="1.2.3.4",
        transfer_syntax_uid=EXPLICIT,
        sender_known=True,
    )
    return replace(usual, **changed)


class Taken:
    """A sink that keeps what it is given, and the header it was made for."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.headers: list[Header] = []

    def begin(self, header: Header) -> Taken:
        self.headers.append(header)
        return self

    def write(self, data: bytes) -> int:
        self.data += data
        return len(data)


def opened(tray: Tray, parcel_id: str) -> bytes:
    taken = Taken()
    tray.open(parcel_id, taken.begin)
    return bytes(taken.data)


def test_a_parcel_comes_out_as_it_went_in(tray: Tray) -> None:
    head = header()
    trailer = tray.put(head, [b"some ", b"", memoryview(b"data")])
    assert trailer.size == 9
    assert trailer.content_hash == hashlib.sha256(EXPLICIT.encode() + b"\nsome data").hexdigest()
    assert tray.waiting() == [head.parcel_id]
    taken = Taken()
    result = tray.open(head.parcel_id, taken.begin)
    assert (result.header, result.trailer, result.signer) == (head, trailer, "gate")
    assert taken.headers == [head]
    assert taken.data == b"some data"
    assert tray.waiting() == [head.parcel_id]


def test_an_event_without_data(tray: Tray) -> None:
    head = header(kind="event", transfer_syntax_uid="", sop_class_uid="", sop_instance_uid="")
    assert tray.put(head, []).size == 0
    taken = Taken()
    assert tray.open(head.parcel_id, taken.begin).header == head
    assert taken.headers == [head]
    assert taken.data == b""


def test_a_buffer_may_be_used_again_for_the_next_fragment(tray: Tray) -> None:
    def fragments() -> Iterator[memoryview]:
        buffer = bytearray(20_000)
        for number in range(20):
            buffer[:] = bytes([number]) * len(buffer)
            yield memoryview(buffer)

    head = header()
    tray.put(head, fragments())
    assert opened(tray, head.parcel_id) == b"".join(bytes([n]) * 20_000 for n in range(20))


def test_oldest_first(tray: Tray) -> None:
    heads = [header(minute) for minute in (5, 1, 4, 2, 3, 0)]
    for head in heads:
        tray.put(head, [b"x"])
    expected = [head.parcel_id for head in sorted(heads, key=lambda head: head.received_at)]
    assert tray.waiting() == expected
    assert tray.waiting(limit=2) == expected[:2]
    assert tray.waiting(limit=0) == []
    assert tray.waiting(limit=99) == expected


class BrokenError(Exception):
    """Stands for whatever a peer or an archive may raise."""


@pytest.mark.parametrize("error", [BrokenError("peer went away"), OSError(5, "reset"), KeyboardInterrupt()])
@pytest.mark.parametrize("after", [0, 1, 30])
def test_what_the_fragments_raise_passes_and_leaves_nothing(
    tray: Tray, error: BaseException, after: int
) -> None:
    def fragments() -> Iterator[bytes]:
        for _ in range(after):
            yield b"x" * 9000
        raise error

    with pytest.raises(type(error)) as caught:
        tray.put(header(), fragments())
    assert caught.value is error
    assert tray.waiting() == []
    assert tray.load() == Load(0, 0)


@pytest.mark.parametrize(
    "error", [BrokenError("the archive is full"), OSError(28, "full"), KeyboardInterrupt()]
)
@pytest.mark.parametrize("where", ["begin", "write"])
def test_what_the_sink_raises_passes_and_the_parcel_stays(
    tray: Tray, error: BaseException, where: str
) -> None:
    calls: list[str] = []

    class Refusing(Taken):
        def begin(self, header: Header) -> Refusing:
            calls.append("begin")
            if where == "begin":
                raise error
            return self

        def write(self, data: bytes) -> int:
            calls.append("write")
            raise error

    head = header()
    tray.put(head, [b"x" * 100_000])
    with pytest.raises(type(error)) as caught:
        tray.open(head.parcel_id, Refusing().begin)
    assert caught.value is error
    assert calls == (["begin"] if where == "begin" else ["begin", "write"])
    assert opened(tray, head.parcel_id) == b"x" * 100_000


def test_a_sink_that_takes_too_little_is_an_error(tray: Tray) -> None:
    class Short(Taken):
        def write(self, data: bytes) -> int:
            return len(data) - 1

    head = header()
    tray.put(head, [b"x" * 1000])
    with pytest.raises(OSError, match="did not take"):
        tray.open(head.parcel_id, Short().begin)


def test_delete(tray: Tray) -> None:
    waiting, aside = header(), header()
    for head in (waiting, aside):
        tray.put(head, [b"x"])
    tray.quarantine(aside.parcel_id)
    for head in (waiting, aside, waiting):
        tray.delete(head.parcel_id)
    assert tray.waiting() == []
    assert tray.quarantined() == []
    with pytest.raises(ParcelMissing):
        tray.open(waiting.parcel_id, Taken().begin)


def test_quarantine_and_release(tray: Tray) -> None:
    head, other = header(), header()
    tray.put(head, [b"data"])
    tray.put(other, [b"other"])
    tray.quarantine(head.parcel_id)
    assert tray.waiting() == [other.parcel_id]
    assert tray.quarantined() == [head.parcel_id]
    assert opened(tray, head.parcel_id) == b"data"
    tray.release(head.parcel_id)
    assert set(tray.waiting()) == {head.parcel_id, other.parcel_id}
    assert tray.quarantined() == []
    assert opened(tray, head.parcel_id) == b"data"


def test_missing_parcels(tray: Tray) -> None:
    absent = header().parcel_id
    for act in (lambda name: tray.open(name, Taken().begin), tray.quarantine, tray.release):
        with pytest.raises(ParcelMissing):
            act(absent)
    tray.delete(absent)


@pytest.mark.parametrize(
    "parcel_id", ["", "x", "../" + "a" * 29, "A" * 32, "a" * 31, "a" * 33, "a" * 32 + "\n", "é" * 32]
)
def test_names_that_are_no_ids_are_refused(tray: Tray, parcel_id: str) -> None:
    acts: list[Callable[[], object]] = [
        lambda: tray.put(header(parcel_id=parcel_id), [b"x"]),
        lambda: tray.open(parcel_id, Taken().begin),
        lambda: tray.delete(parcel_id),
        lambda: tray.quarantine(parcel_id),
        lambda: tray.release(parcel_id),
    ]
    for act in acts:
        with pytest.raises(ParcelError):
            act()
    assert tray.waiting() == []


def test_an_id_is_used_once(tray: Tray) -> None:
    head = header()
    tray.put(head, [b"first"])
    with pytest.raises(FileExistsError):
        tray.put(head, [b"second"])
    assert opened(tray, head.parcel_id) == b"first"


def test_load(tray: Tray) -> None:
    assert tray.load() == Load(0, 0)
    heads = [header(), header()]
    for head in heads:
        tray.put(head, [bytes(10_000)])
    assert tray.load().parcels == 2
    assert tray.load().bytes > 20_000
    tray.quarantine(heads[0].parcel_id)
    assert tray.load().parcels == 1


def test_a_depositor_cannot_open(make: Make) -> None:
    gate = make(opener=None, verifiers=None)
    head = header()
    gate.put(head, [b"data"])
    with pytest.raises(KeyMissing):
        gate.open(head.parcel_id, Taken().begin)


@pytest.mark.parametrize("lacking", [{"recipients": ()}, {"signer": None}])
def test_without_keys_nothing_is_left(make: Make, lacking: dict[str, Any]) -> None:
    tray = make(**lacking)
    with pytest.raises(KeyMissing):
        tray.put(header(), [b"data"])
    assert tray.waiting() == []


def test_keys_that_are_none_are_named_at_once(make: Make) -> None:
    with pytest.raises(KeyMissing):
        make(recipients=["age1nonsense"])


def test_the_key_of_another_house_does_not_open(make: Make) -> None:
    head = header()
    make().put(head, [b"data"])
    taken = Taken()
    with pytest.raises(ParcelUnreadable):
        make(opener=Opener([str(OTHER_IDENTITY)])).open(head.parcel_id, taken.begin)
    assert taken.headers == []


def test_old_and_new_key_while_keys_change(make: Make) -> None:
    before, after, both = header(), header(), header()
    new = str(OTHER_IDENTITY.to_public())
    make().put(before, [b"before"])
    make(recipients=[new]).put(after, [b"after"])
    make(recipients=[*KEYS["recipients"], new]).put(both, [b"both"])
    back_end = make(opener=Opener([str(OTHER_IDENTITY), str(IDENTITY)]))
    assert [opened(back_end, head.parcel_id) for head in (before, after, both)] == [
        b"before",
        b"after",
        b"both",
    ]
    for identity in (IDENTITY, OTHER_IDENTITY):
        assert opened(make(opener=Opener([str(identity)])), both.parcel_id) == b"both"


# --- looked at, and sealed anew


def test_a_look_tells_who_opens_it_for_how_many_and_who_signed(make: Make) -> None:
    new = str(OTHER_IDENTITY.to_public())
    one, both = header(), header()
    make().put(one, [b"data"])
    make(recipients=[*KEYS["recipients"], new], signer=SITE).put(both, [b"data"])
    back_end = make(opener=Opener([str(IDENTITY), str(OTHER_IDENTITY)]))
    looked = back_end.look(one.parcel_id)
    assert (looked.opened_by, looked.sealed_for) == (tuple(KEYS["recipients"]), 1)
    assert (looked.signed_by, looked.signed_with) == ("gate", GATE.verify_key().raw()[0])
    looked = back_end.look(both.parcel_id)
    assert (set(looked.opened_by), looked.sealed_for) == ({*KEYS["recipients"], new}, 2)
    assert (looked.signed_by, looked.signed_with) == ("site", SITE.verify_key().raw()[0])
    back_end.quarantine(one.parcel_id)
    assert back_end.look(one.parcel_id).sealed_for == 1
    assert make(opener=None).look(one.parcel_id).opened_by == ()
    stranger = make(opener=Opener([str(pyrage.x25519.Identity.generate())]), verifiers={})
    looked = stranger.look(one.parcel_id)
    assert (looked.opened_by, looked.sealed_for, looked.signed_by, looked.signed_with) == ((), 1, "", b"")


@pytest.mark.parametrize("size", [0, 1, 65536, 1_000_000])
@pytest.mark.parametrize("aside", [False, True])
def test_sealed_anew_it_holds_the_same_for_other_keys(make: Make, size: int, aside: bool) -> None:
    head, data = header(), bytes(number % 251 for number in range(size))
    old = make()
    trailer = old.put(head, [data])
    if aside:
        old.quarantine(head.parcel_id)
    new = make(recipients=[str(OTHER_IDENTITY.to_public())])
    assert new.reseal(head.parcel_id, SITE) == trailer
    assert (new.waiting(), new.quarantined()) == (([], [head.parcel_id]) if aside else ([head.parcel_id], []))
    with pytest.raises(ParcelUnreadable):
        old.open(head.parcel_id, Taken().begin)
    taken = Taken()
    result = make(opener=Opener([str(OTHER_IDENTITY)])).open(head.parcel_id, taken.begin)
    assert (result.header, result.trailer, result.signer) == (head, trailer, "site")
    assert taken.data == data
    assert make(opener=Opener([str(OTHER_IDENTITY)])).reseal(head.parcel_id) == trailer, "and back"


def test_what_cannot_be_sealed_anew_stays_as_it_was(make: Make) -> None:
    tray, head = make(), header()
    tray.put(head, [bytes(500_000)])
    other = make(opener=Opener([str(OTHER_IDENTITY)]))
    with pytest.raises(ParcelUnreadable):
        other.reseal(head.parcel_id)
    with pytest.raises(ParcelUnsigned):
        make(verifiers={}).reseal(head.parcel_id)
    with pytest.raises(KeyMissing):
        make(opener=None).reseal(head.parcel_id)
    for lacking in ({"recipients": ()}, {"signer": None}):
        with pytest.raises(KeyMissing):
            make(**lacking).reseal(head.parcel_id)
    with pytest.raises(ParcelMissing):
        tray.reseal(header().parcel_id)
    with pytest.raises(ParcelMissing):
        tray.look(header().parcel_id)
    assert opened(tray, head.parcel_id) == bytes(500_000)


def test_who_signed_is_told(make: Make) -> None:
    head = header()
    make(signer=SITE).put(head, [b"data"])
    assert make().open(head.parcel_id, Taken().begin).signer == "site"


@pytest.mark.parametrize(
    "signer", [Signer("gate", Ed25519PrivateKey.generate()), Signer("stranger", Ed25519PrivateKey.generate())]
)
def test_a_stranger_who_knows_the_public_key_is_refused(make: Make, signer: Signer) -> None:
    head = header()
    make(signer=signer).put(head, [b"forged"])
    taken = Taken()
    with pytest.raises(ParcelUnsigned):
        make().open(head.parcel_id, taken.begin)
    assert taken.headers == []


def test_a_depositor_cannot_sign_as_another(make: Make) -> None:
    head = header()
    make(signer=SITE).put(head, [b"data"])
    with pytest.raises(ParcelUnsigned):
        make(verifiers={"site": GATE.verify_key()}).open(head.parcel_id, Taken().begin)
    with pytest.raises(ParcelUnsigned):
        make(verifiers={"gate": SITE.verify_key()}).open(head.parcel_id, Taken().begin)


def test_a_header_for_another_id_is_damage(make: Make) -> None:
    tray = make()
    head = header()
    other = header()
    tray.put(head, [b"data"])
    if isinstance(tray, MemoryTray):
        tray._incoming[other.parcel_id] = tray._incoming.pop(head.parcel_id)
    else:
        assert isinstance(tray, FolderTray)
        tray._incoming.joinpath(f"{head.parcel_id}.parcel").rename(
            tray._incoming / f"{other.parcel_id}.parcel"
        )
    taken = Taken()
    with pytest.raises(ParcelDamaged):
        tray.open(other.parcel_id, taken.begin)
    assert taken.headers == []


def test_publish_and_read(tray: Tray) -> None:
    assert tray.read("senders") is None
    assert tray.changed("senders") == 0.0
    tray.publish("senders", {"senders": [{"ae": "TPS", "networks": ["192.0.2.0/24"]}], "note": "æøå"})
    assert tray.read("senders") == {"senders": [{"ae": "TPS", "networks": ["192.0.2.0/24"]}], "note": "æøå"}
    first = tray.changed("senders")
    assert first > 0
    assert tray.changed("senders") == first
    assert tray.read("open-associations") is None


def test_changed_grows_with_every_publication(tray: Tray) -> None:
    seen = []
    for number in range(20):
        tray.publish("senders", {"number": number})
        seen.append(tray.changed("senders"))
    assert seen == sorted(set(seen))
    assert tray.read("senders") == {"number": 19}


def test_what_is_no_json_changes_nothing(tray: Tray) -> None:
    tray.publish("senders", {"good": True})
    before = tray.changed("senders")
    with pytest.raises(TypeError):
        tray.publish("senders", {"bad": object()})
    assert tray.read("senders") == {"good": True}
    assert tray.changed("senders") == before


@pytest.mark.parametrize(
    "name", ["", "Senders", "../senders", "a/b", "a.json", "-a", "1a", "a_b", "a\n", "a" * 65]
)
def test_bad_names_are_refused(tray: Tray, name: str) -> None:
    for act in (lambda: tray.publish(name, {}), lambda: tray.read(name), lambda: tray.changed(name)):
        with pytest.raises(ValueError, match="name"):
            act()


def test_many_threads_deposit(tray: Tray) -> None:
    heads = [header(number) for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda head: tray.put(head, [head.parcel_id.encode()] * 500), heads))
    assert tray.waiting() == [head.parcel_id for head in heads]
    for head in heads:
        assert opened(tray, head.parcel_id) == head.parcel_id.encode() * 500


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fragments=st.lists(st.binary(max_size=5000), max_size=12))
def test_any_fragments_come_back(tray: Tray, fragments: list[bytes]) -> None:
    head = header()
    assert tray.put(head, fragments).size == sum(map(len, fragments))
    assert opened(tray, head.parcel_id) == b"".join(fragments)


STEPS = (-161, -160, -1, 0, 1, 500)
AROUND = sorted({max(0, edge + step) for edge in (160, 8192, 65536, 131072) for step in STEPS})


@pytest.mark.parametrize("size", AROUND)
def test_sizes_around_the_blocks_of_age(tray: Tray, size: int) -> None:
    head = header()
    data = bytes(number % 251 for number in range(size))
    assert tray.put(head, [data]).size == size
    assert opened(tray, head.parcel_id) == data
