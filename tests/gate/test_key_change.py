"""A running gate seals and signs with new keys, and drops no association for it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from planbank.transit.agekeys import new_key
from planbank.transit.folder import FolderTray
from planbank.transit.keys import KeyFolder
from planbank.transit.look import Look
from planbank.transit.rotation import add_escrow, rotate_signer, rotate_transit
from planbank.transit.unseal import Opener
from tests.gate.raw_peer import CT, EXPLICIT, SUCCESS, Peer, small_data_set

AT = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture
def keys(tmp_path: Path) -> KeyFolder:
    folder = KeyFolder(tmp_path / "keys")
    folder.ensure(parcels_exist=False)
    return folder


@pytest.fixture
def back_end(tmp_path: Path, keys: KeyFolder) -> FolderTray:
    opener = Opener.load(keys.file("transit.key"))
    return FolderTray(tmp_path / "transit", opener=opener, verifiers=keys.verifiers())


@pytest.fixture
def gate(tmp_path: Path, keys: KeyFolder, back_end: FolderTray) -> Iterator[int]:
    """The port of a gate with two processes."""
    config = {
        "host": "127.0.0.1",
        "port": 0,
        "ae_title": "PLANBANK",
        "transit": str(tmp_path / "transit"),
        "recipients": str(keys.file("transit.pub")),
        "sign_key": str(keys.file("gate.sign")),
        "processes": 2,
    }
    file = tmp_path / "gate.json"
    file.write_text(json.dumps(config))
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "planbank.gate", str(file)], stdout=log, stderr=log)
    try:
        while (back_end.read("gate") or {}).get("pid") != process.pid:
            assert process.poll() is None, (tmp_path / "log").read_text()
            time.sleep(0.01)
        yield back_end.read("gate")["port"]  # type: ignore[index]
    finally:
        process.terminate()
        process.wait(20)


class Void:
    def write(self, data: bytes, /) -> int:
        return len(data)


def stored(peers: list[Peer], back_end: FolderTray, number: int) -> list[Look]:
    """Each peer stores one object on the association it has; how the parcels look, which all open."""
    before = set(back_end.waiting())
    for place, peer in enumerate(peers):
        uid = f"1.2.3.{number}.{place}"
        assert peer.store(1, CT, uid, small_data_set(CT, uid)) == SUCCESS
    new = sorted(set(back_end.waiting()) - before)
    assert len(new) == len(peers)
    for parcel_id in back_end.waiting():
        back_end.open(parcel_id, lambda _header: Void())
    return [back_end.look(parcel_id) for parcel_id in new]


def test_new_keys_within_open_associations(gate: int, keys: KeyFolder, back_end: FolderTray) -> None:
    with ExitStack() as stack:
        peers = [stack.enter_context(Peer("127.0.0.1", gate)) for _ in range(6)]
        for peer in peers:
            peer.associate([(CT, [EXPLICIT])])
        first = stored(peers, back_end, 1)
        assert {look.sealed_for for look in first} == {1}
        new = rotate_transit(keys, AT)
        assert {look.opened_by for look in stored(peers, back_end, 2)} == {(new.public,)}
        rotate_signer(keys, "gate")
        signed_with = {look.signed_with for look in stored(peers, back_end, 3)}
        assert signed_with == {keys.signer("gate").verify_key().raw()[0]} != {first[0].signed_with}
        add_escrow(keys, new_key(AT).public, "", AT)
        assert {look.sealed_for for look in stored(peers, back_end, 4)} == {2}
        for peer in peers:
            peer.release()


def test_a_key_file_that_vanishes_or_breaks_stops_nothing(
    gate: int, keys: KeyFolder, back_end: FolderTray
) -> None:
    with Peer("127.0.0.1", gate) as peer:
        peer.associate([(CT, [EXPLICIT])])
        first = stored([peer], back_end, 1)
        for name in ("transit.pub", "gate.sign"):
            keys.file(name).write_text("junk\n")
        assert stored([peer], back_end, 2) == first
        for name in ("transit.pub", "gate.sign"):
            keys.file(name).unlink()
        assert stored([peer], back_end, 3) == first
        peer.release()
