"""Keys change while the bank runs; whatever is killed, and whenever, every parcel can be opened."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pyrage
import pytest

from planbank.errors import HomeError, KeyInUse, KeyMissing, KeysBusy
from planbank.transit import rotation
from planbank.transit.agekeys import fingerprint, new_key, private_text, read_keys
from planbank.transit.folder import FolderTray
from planbank.transit.keys import KeyFolder
from planbank.transit.rotation import add_escrow, bring_back, retire, rotate_signer, rotate_transit
from planbank.transit.seal import Recipients
from planbank.transit.signature import VerifyKey
from planbank.transit.unseal import Opener

if TYPE_CHECKING:
    from planbank.transit.parcel import Header

AT = datetime(2026, 11, 23, 1, 50, tzinfo=UTC)
NewHeader = Callable[[], "Header"]


@pytest.fixture
def keys(tmp_path: Path) -> KeyFolder:
    folder = KeyFolder(tmp_path / "keys")
    folder.ensure(parcels_exist=False)
    return folder


@pytest.fixture
def tray(keys: KeyFolder, tmp_path: Path) -> FolderTray:
    """Gate and back end in one, as running processes have them: made once, before any key changes."""
    return FolderTray(
        tmp_path / "transit",
        recipients=Recipients.load(keys.file("transit.pub")),
        signer=keys.signer("gate"),
        opener=Opener.load(keys.file("transit.key")),
        verifiers=keys.verifiers(),
    )


class Void:
    def write(self, data: bytes, /) -> int:
        return len(data)


def put(tray: FolderTray, new_header: NewHeader) -> str:
    header = new_header()
    tray.put(header, [b"data"])
    return header.parcel_id


def opens(tray: FolderTray, *parcels: str) -> None:
    for parcel_id in parcels:
        tray.open(parcel_id, lambda _header: Void())


def never(_public: bytes) -> int:
    return 0


def test_running_processes_take_the_new_key_up_and_open_the_old_parcels(
    keys: KeyFolder, tray: FolderTray, new_header: NewHeader
) -> None:
    before = put(tray, new_header)
    old = tray.look(before).opened_by
    new = rotate_transit(keys, AT)
    after = put(tray, new_header)
    opens(tray, before, after)
    assert tray.look(after).opened_by == (new.public,)
    assert tray.look(before).opened_by == old
    assert keys.recipients() == [new.public]
    assert read_keys(keys.file("transit.key"))[0].since == AT
    assert keys.ensure(parcels_exist=True) == []


@pytest.mark.parametrize("name", ["gate", "site", "work"])
def test_running_processes_sign_with_the_new_key_and_verify_the_old(
    keys: KeyFolder, tray: FolderTray, new_header: NewHeader, name: str
) -> None:
    signer, verifier = keys.signer(name), VerifyKey.load(keys.file(f"{name}.pub"))
    old = signer.verify_key().raw()
    before = put(tray, new_header)
    assert fingerprint(verifier.raw()[0]) != rotate_signer(keys, name)
    after = put(tray, new_header)
    opens(tray, before, after)
    assert verifier.raw() == signer.verify_key().raw() + old
    assert (tray.look(before).signed_with != tray.look(after).signed_with) is (name == "gate")


def test_an_escrow_key_outlives_rotations_and_opens_what_came_since(
    keys: KeyFolder, tray: FolderTray, new_header: NewHeader, tmp_path: Path
) -> None:
    escrow = new_key(AT)
    before = put(tray, new_header)
    add_escrow(keys, f" {escrow.public}\n", "the safe", AT)
    rotate_transit(keys, AT + timedelta(days=1))
    after = put(tray, new_header)
    alone = FolderTray(tmp_path / "transit", opener=Opener([escrow.secret]), verifiers=keys.verifiers())
    assert (alone.look(before).opened_by, alone.look(after).opened_by) == ((), (escrow.public,))
    opens(alone, after)
    assert tray.look(after).sealed_for == 2
    assert [key.label for key in read_keys(keys.file("transit.pub"))] == ["", "the safe"]
    tray.reseal(before)
    opens(alone, before)


def test_what_is_no_escrow_key_is_refused_and_no_secret_is_shown(keys: KeyFolder) -> None:
    escrow, inside = new_key(AT), read_keys(keys.file("transit.key"))[0]
    add_escrow(keys, escrow.public, "", AT)
    before = keys.file("transit.pub").read_bytes()
    for wrong, error in (
        (escrow.secret, KeyMissing),
        (escrow.secret.lower(), KeyMissing),
        (escrow.public, KeyInUse),
        (inside.public, KeyInUse),
        ("age1junk", KeyMissing),
        ("", KeyMissing),
    ):
        with pytest.raises(error) as caught:
            add_escrow(keys, wrong, "", AT)
        assert not wrong or wrong not in str(caught.value)
    for label in ("x" * 81, "two\nlines", "\x1b[31m"):
        with pytest.raises(KeyMissing, match="label"):
            add_escrow(keys, new_key(AT).public, label, AT)
    assert keys.file("transit.pub").read_bytes() == before


def test_a_lost_key_is_brought_back_by_escrow_and_replaced(
    keys: KeyFolder, tray: FolderTray, new_header: NewHeader, tmp_path: Path
) -> None:
    """Fault 24 at its worst: transit.key is gone and no backup is there, but the safe is."""
    escrow = new_key(AT)
    add_escrow(keys, escrow.public, "the safe", AT)
    parcel = put(tray, new_header)
    keys.file("transit.key").unlink()
    with pytest.raises(KeyMissing, match="not here"):
        keys.ensure(parcels_exist=True)
    (tmp_path / "stick.txt").write_bytes(private_text([escrow]))
    assert [key.public for key in bring_back(keys, tmp_path / "stick.txt", AT)] == [escrow.public]
    assert keys.ensure(parcels_exist=True) == []
    opens(tray, parcel)
    rotate_transit(keys, AT)
    opens(tray, parcel, put(tray, new_header))
    assert bring_back(keys, tmp_path / "stick.txt", AT) == []
    with pytest.raises(KeyMissing, match="public key"):
        (tmp_path / "pub.txt").write_text(new_key(AT).public)
        bring_back(keys, tmp_path / "pub.txt", AT)


def test_a_key_is_retired_only_when_nothing_needs_it(
    keys: KeyFolder, tray: FolderTray, new_header: NewHeader
) -> None:
    old = read_keys(keys.file("transit.key"))[0]
    parcel = put(tray, new_header)
    for said in (old.fingerprint, old.fingerprint.replace(" ", "").upper()):
        with pytest.raises(KeyInUse, match="Rotate first"):
            retire(keys, said, never)
    rotate_transit(keys, AT)
    asked: list[bytes] = []

    def needed(public: bytes) -> int:
        asked.append(public)
        return len(asked) % 2

    with pytest.raises(KeyInUse, match="Only it opens 1 parcels"):
        retire(keys, old.fingerprint, needed)
    opens(tray, parcel)
    tray.reseal(parcel)
    assert retire(keys, old.fingerprint, needed) == "transit key"
    assert asked == [old.public.encode()] * 2
    assert old.secret not in keys.file("transit.key").read_text()
    opens(tray, parcel)
    with pytest.raises(KeyMissing, match="No key here"):
        retire(keys, old.fingerprint, never)


def test_signing_keys_and_escrow_keys_are_retired_too(keys: KeyFolder) -> None:
    old = fingerprint(keys.signer("gate").verify_key().raw()[0])
    with pytest.raises(KeyInUse, match="'gate' signs with it"):
        retire(keys, old, never)
    new = rotate_signer(keys, "gate")
    with pytest.raises(KeyInUse, match="Only it verifies 3"):
        retire(keys, old, lambda _public: 3)
    assert "gate" in retire(keys, old, never)
    with pytest.raises(KeyInUse):
        retire(keys, new, never)
    escrow = add_escrow(keys, new_key(AT).public, "", AT)
    assert "escrow" in retire(keys, escrow.fingerprint, never)
    assert len(keys.recipients()) == 1


def test_two_changes_at_once_are_one_and_a_plain_refusal(keys: KeyFolder) -> None:
    before = {path.name: path.read_bytes() for path in keys.path.iterdir()}
    with rotation._changing(keys):
        for change in (
            lambda: rotate_transit(keys, AT),
            lambda: rotate_signer(keys, "gate"),
            lambda: add_escrow(keys, new_key(AT).public, "", AT),
            lambda: retire(keys, "0" * 16, never),
        ):
            with pytest.raises(KeysBusy):
                change()
    assert {path.name: path.read_bytes() for path in keys.path.iterdir()} == before
    rotate_transit(keys, AT)


class KilledError(BaseException):
    """Stands for SIGKILL: nothing after it runs, but for what the kernel does."""


CHANGES: dict[str, Callable[[KeyFolder], object]] = {
    "transit": lambda keys: rotate_transit(keys, AT),
    "gate": lambda keys: rotate_signer(keys, "gate"),
}


@pytest.mark.parametrize("what", CHANGES)
@pytest.mark.parametrize("moment", range(10))
def test_killed_anywhere_every_parcel_opens_and_the_next_try_ends_it(
    keys: KeyFolder,
    tray: FolderTray,
    new_header: NewHeader,
    monkeypatch: pytest.MonkeyPatch,
    what: str,
    moment: int,
) -> None:
    """The process ends at its n-th fsync or rename; the others go on with the files as they are."""
    before, old = put(tray, new_header), keys.recipients()
    left, fsync, rename = [moment], os.fsync, Path.rename

    def one_more() -> None:
        left[0] -= 1
        if left[0] < 0:
            raise KilledError

    def sync(fd: int) -> None:
        one_more()
        fsync(fd)

    def move(path: Path, target: Path) -> Path:
        one_more()
        return rename(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", sync)
        patch.setattr(Path, "rename", move)
        patch.setattr(Path, "unlink", lambda *_arguments, **_named: None)
        with contextlib.suppress(KilledError):
            CHANGES[what](keys)
    during = put(tray, new_header)
    opens(tray, before, during)
    assert keys.ensure(parcels_exist=True) == [], "the folder is whole"
    in_force = keys.recipients() != old
    CHANGES[what](keys)
    opens(tray, before, during, put(tray, new_header))
    if what == "transit":
        rotations = 2 if in_force else 1
        assert len(read_keys(keys.file("transit.key"))) == 1 + rotations, "a half-made rotation is finished"
    assert not [path for path in keys.path.iterdir() if path.name.endswith(".tmp")]


def test_a_disk_that_fails_changes_nothing_and_says_so(
    keys: KeyFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path.name: path.read_bytes() for path in keys.path.iterdir()}

    def fsync(fd: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fsync)
    for change in CHANGES.values():
        with pytest.raises(HomeError, match="Input/output error"):
            change(keys)
    assert {path.name: path.read_bytes() for path in keys.path.iterdir()} == before


def test_files_stay_private_whoever_changes_them(keys: KeyFolder) -> None:
    rotate_transit(keys, AT)
    rotate_signer(keys, "gate")
    assert {oct(path.stat().st_mode & 0o777) for path in keys.path.iterdir()} == {"0o600"}


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(HomeError):
        rotate_transit(KeyFolder(tmp_path / "none"), AT)
    assert not (tmp_path / "none").exists()


def test_keys_of_age_are_what_is_made() -> None:
    """Any age tool can open with what lies in the file."""
    key = new_key(AT)
    sealed = pyrage.encrypt(b"data", [pyrage.x25519.Recipient.from_str(key.public)])
    assert pyrage.decrypt(sealed, [pyrage.x25519.Identity.from_str(key.secret)]) == b"data"
