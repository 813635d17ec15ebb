"""Key files for one process alone: what it needs, never another key, never one lost (R2)."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from planbank.errors import HomeError, KeyMissing
from planbank.transit.hand_out import NEEDED, hand_out
from planbank.transit.keys import KeyFolder


@pytest.fixture
def keys(tmp_path: Path) -> KeyFolder:
    made = KeyFolder(tmp_path / "keys")
    made.ensure(parcels_exist=False)
    return made


def test_only_work_is_given_what_opens_parcels() -> None:
    assert [process for process, names in NEEDED.items() if "transit.key" in names] == ["work"]
    assert [process for process, names in NEEDED.items() if "vault.key" in names] == ["work"]


@pytest.mark.parametrize("process", sorted(NEEDED))
def test_a_process_gets_what_it_needs_for_its_owner_alone(
    keys: KeyFolder, tmp_path: Path, process: str
) -> None:
    folder = tmp_path / process / "keys"
    assert hand_out(keys, process, folder) == list(NEEDED[process])
    assert {file.name for file in folder.iterdir()} == set(NEEDED[process])
    for file in folder.iterdir():
        assert file.read_bytes() == keys.file(file.name).read_bytes()
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert hand_out(keys, process, folder) == [], "a second time there is nothing to do"


def test_a_rotated_key_goes_out_when_asked_for(keys: KeyFolder, tmp_path: Path) -> None:
    folder = tmp_path / "gate"
    hand_out(keys, "gate", folder)
    before = (folder / "transit.pub").read_bytes()
    keys.file("transit.pub").write_text(keys.file("transit.pub").read_text() + "# changed\n")
    with pytest.raises(HomeError, match=r"another transit\.pub"):
        hand_out(keys, "gate", folder)
    assert (folder / "transit.pub").read_bytes() == before
    assert hand_out(keys, "gate", folder, replace=True) == ["transit.pub"]
    assert (folder / "transit.pub").read_bytes() == keys.file("transit.pub").read_bytes()


def test_a_folder_with_other_keys_is_left_alone(keys: KeyFolder, tmp_path: Path) -> None:
    """The bank's own folder by mistake, or that of another process."""
    with pytest.raises(HomeError, match="must not have"):
        hand_out(keys, "gate", keys.path, replace=True)
    hand_out(keys, "work", tmp_path / "work")
    with pytest.raises(HomeError, match="must not have"):
        hand_out(keys, "web", tmp_path / "work")
    assert {file.name for file in (tmp_path / "work").iterdir()} == set(NEEDED["work"])


def test_nothing_is_written_where_a_key_is_missing(keys: KeyFolder, tmp_path: Path) -> None:
    keys.file("work.pub").unlink()
    with pytest.raises(KeyMissing, match=r"work\.pub"):
        hand_out(keys, "gate", tmp_path / "gate")
    assert not (tmp_path / "gate").exists()
