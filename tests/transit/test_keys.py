"""The key folder is made once, whole, private, and never in place of a key that was lost."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pyrage
import pytest

from planbank.errors import HomeError, KeyMissing
from planbank.transit.folder import FolderTray
from planbank.transit.keys import KeyFolder
from planbank.transit.unseal import Opener

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from planbank.transit.parcel import Header

ALL = {
    *("transit.pub", "transit.key", "gate.sign", "gate.pub", "site.sign", "site.pub", "site.secret"),
    *("work.sign", "work.pub", "vault.key"),
}


@pytest.fixture
def keys(tmp_path: Path) -> KeyFolder:
    """A key folder that was made."""
    folder = KeyFolder(tmp_path / "home" / "keys")
    assert set(folder.ensure(parcels_exist=False)) == ALL
    return folder


@pytest.fixture
def umask() -> Iterator[Callable[[int], int]]:
    """Sets the umask for one test."""
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


def contents(keys: KeyFolder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in keys.path.iterdir()}


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_private_whatever_the_umask(tmp_path: Path, umask: Callable[[int], int], mask: int) -> None:
    umask(mask)
    keys = KeyFolder(tmp_path / "keys")
    keys.ensure(parcels_exist=False)
    assert stat.S_IMODE(keys.path.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in keys.path.iterdir()} == {0o600}
    assert set(contents(keys)) == ALL


def test_made_once(keys: KeyFolder) -> None:
    before = contents(keys)
    assert keys.ensure(parcels_exist=False) == []
    assert keys.ensure(parcels_exist=True, vault_in_use=True) == []
    assert contents(keys) == before


def test_two_banks_share_nothing(keys: KeyFolder, tmp_path: Path) -> None:
    other = KeyFolder(tmp_path / "other")
    other.ensure(parcels_exist=False)
    assert not set(contents(keys).values()) & set(contents(other).values())


def test_the_keys_fit_together(keys: KeyFolder, tmp_path: Path, new_header: Callable[[], Header]) -> None:
    back_end = FolderTray(
        tmp_path / "transit", opener=Opener.load(keys.file("transit.key")), verifiers=keys.verifiers()
    )

    class Void:
        def write(self, data: bytes) -> int:
            return len(data)

    for name in ("gate", "site"):
        header = new_header()
        FolderTray(tmp_path / "transit", recipients=keys.recipients(), signer=keys.signer(name)).put(
            header, [b"data"]
        )
        assert back_end.open(header.parcel_id, lambda _: Void()).signer == name
    assert len(keys.vault_key()) == 32


@pytest.mark.parametrize("name", ["transit.pub", "gate.pub", "site.pub"])
def test_a_public_half_is_made_again_from_its_private_half(keys: KeyFolder, name: str) -> None:
    before = contents(keys)
    keys.file(name).unlink()
    assert keys.ensure(parcels_exist=True) == [name]
    rows = {row.name: row.fingerprint for row in keys.listing()}
    private = {"transit.pub": "transit.key", "gate.pub": "gate.sign", "site.pub": "site.sign"}[name]
    assert rows[name] == rows[private]
    assert contents(keys)[name] == before[name]


@pytest.mark.parametrize("also_lost", [[], ["transit.pub"], list(ALL - {"transit.key"})])
def test_a_lost_transit_key_is_not_replaced_while_parcels_exist(
    keys: KeyFolder, also_lost: list[str]
) -> None:
    for name in ("transit.key", *also_lost):
        keys.file(name).unlink()
    before = contents(keys)
    with pytest.raises(KeyMissing, match=r"transit\.key is not here.*backup"):
        keys.ensure(parcels_exist=True)
    assert contents(keys) == before


def test_a_lost_transit_key_is_not_replaced_while_its_public_half_is_in_use(keys: KeyFolder) -> None:
    keys.file("transit.key").unlink()
    before = contents(keys)
    with pytest.raises(KeyMissing, match=r"transit\.key is not here"):
        keys.ensure(parcels_exist=False)
    assert contents(keys) == before


def test_a_lost_vault_key_is_not_replaced_while_in_use(keys: KeyFolder) -> None:
    keys.file("vault.key").unlink()
    with pytest.raises(KeyMissing, match=r"vault\.key is not here"):
        keys.ensure(parcels_exist=False, vault_in_use=True)
    assert not keys.file("vault.key").exists()
    assert keys.ensure(parcels_exist=False) == ["vault.key"]


def test_a_gate_that_keeps_its_key_elsewhere(keys: KeyFolder) -> None:
    keys.file("gate.sign").unlink()
    assert keys.ensure(parcels_exist=True) == []
    assert not keys.file("gate.sign").exists()
    assert set(keys.verifiers()) == {"gate", "site"}, "who answers the gate may leave no parcels"


@pytest.mark.parametrize("name", ["transit.pub", "gate.pub"])
def test_halves_of_different_pairs(keys: KeyFolder, tmp_path: Path, name: str) -> None:
    other = KeyFolder(tmp_path / "other")
    other.ensure(parcels_exist=False)
    keys.file(name).write_bytes(other.file(name).read_bytes())
    with pytest.raises(KeyMissing, match="does not belong"):
        keys.ensure(parcels_exist=False)


def test_more_keys_in_one_file(keys: KeyFolder) -> None:
    """A rotation: the new key stands beside the old one."""
    new = pyrage.x25519.Identity.generate()
    for name, key in (("transit.key", new), ("transit.pub", new.to_public())):
        keys.file(name).write_text(f"{key}\n" + keys.file(name).read_text())
    assert keys.ensure(parcels_exist=True) == []
    assert keys.recipients()[0] == str(new.to_public())
    rows = {row.name: row.fingerprint for row in keys.listing()}
    assert rows["transit.key"] == rows["transit.pub"]
    assert rows["transit.pub"].count(",") == 1


def test_many_start_at_once(tmp_path: Path) -> None:
    folders = [KeyFolder(tmp_path / "keys") for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        made = [
            name
            for names in pool.map(lambda keys: keys.ensure(parcels_exist=False), folders)
            for name in names
        ]
    assert sorted(made) == sorted(ALL)
    assert set(contents(folders[0])) == ALL


def test_keys_made_between_two_looks_are_no_loss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process makes both halves after this one saw that the private one is not here."""
    keys, other = KeyFolder(tmp_path / "keys"), KeyFolder(tmp_path / "keys")
    exists, looked = Path.exists, []

    def then_made(path: Path) -> bool:
        there = exists(path)
        if path.name == "transit.key" and not looked:
            looked.append(path)
            other.ensure(parcels_exist=False)
        return there

    monkeypatch.setattr(Path, "exists", then_made)
    assert keys.ensure(parcels_exist=False) == []
    assert set(contents(keys)) == ALL


def test_a_failed_sync_leaves_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = KeyFolder(tmp_path / "keys")
    keys.path.mkdir(0o700)

    def fsync(fd: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(HomeError, match="Input/output error"):
        keys.ensure(parcels_exist=False)
    assert list(keys.path.iterdir()) == []


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("")
    with pytest.raises((HomeError, KeyMissing)):
        KeyFolder(tmp_path / "keys").ensure(parcels_exist=False)


def test_listing(keys: KeyFolder) -> None:
    rows = {row.name: row for row in keys.listing()}
    assert set(rows) == ALL
    assert all(row.present and row.mode_ok and row.kind for row in rows.values())
    now = datetime.now(UTC)
    assert all(
        row.made_at is not None and abs((now - row.made_at).total_seconds()) < 600 for row in rows.values()
    )
    assert rows["transit.pub"].fingerprint == rows["transit.key"].fingerprint
    assert rows["gate.pub"].fingerprint == rows["gate.sign"].fingerprint
    assert rows["site.pub"].fingerprint == rows["site.sign"].fingerprint
    assert rows["work.pub"].fingerprint == rows["work.sign"].fingerprint
    assert len({row.fingerprint for row in rows.values()}) == 6


def test_listing_shows_no_secret(keys: KeyFolder) -> None:
    shown = repr(keys.listing())
    for name in ("transit.key", "vault.key", "gate.sign"):
        for line in keys.file(name).read_text().splitlines():
            assert line not in shown
    assert keys.vault_key().hex() not in shown


def test_listing_of_nothing(tmp_path: Path) -> None:
    rows = KeyFolder(tmp_path / "keys").listing()
    assert {row.name for row in rows} == ALL
    assert not any(row.present or row.fingerprint or row.made_at for row in rows)


@pytest.mark.parametrize(
    ("name", "mode", "ok"),
    [
        ("transit.key", 0o400, True),
        ("transit.key", 0o640, False),
        ("vault.key", 0o604, False),
        ("gate.pub", 0o644, True),
        ("gate.pub", 0o664, False),
        ("", 0o755, True),
        ("", 0o777, False),
    ],
)
def test_listing_tells_of_open_doors(keys: KeyFolder, name: str, mode: int, ok: bool) -> None:
    (keys.file(name) if name else keys.path).chmod(mode)
    rows = {row.name: row for row in keys.listing()}
    assert rows[name or "gate.pub"].mode_ok is ok


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_damaged_file_is_told(keys: KeyFolder, name: str) -> None:
    keys.file(name).write_bytes(b"junk\n")
    rows = {row.name: row for row in keys.listing()}
    assert rows[name].fingerprint == "unreadable"
    with pytest.raises(KeyMissing):
        keys.ensure(parcels_exist=False)


@pytest.mark.parametrize("name", ["", "other.key", "../transit.key"])
def test_unknown_names(keys: KeyFolder, name: str) -> None:
    with pytest.raises(ValueError, match="no key file"):
        keys.file(name)
