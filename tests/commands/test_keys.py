"""`planbank keys`: each sub-command as it is typed, in homes with real parcels (fault 24)."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from planbank.commands.keys import needs
from planbank.config import Settings, load
from planbank.processes.home import prepare
from planbank.transit.agekeys import new_key, private_text, read_keys
from planbank.transit.folder import FolderTray
from planbank.transit.keys import KeyFolder
from planbank.transit.parcel import Header, new_parcel_id
from planbank.transit.seal import Recipients
from planbank.transit.unseal import Opener

NOWHERE = "postgresql://nobody@127.0.0.1:1/none?connect_timeout=1"
AT = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = load(home=tmp_path / "bank", database_url=NOWHERE)
    prepare(settings, demo=False).close()
    return settings


def tray_of(settings: Settings) -> FolderTray:
    keys = KeyFolder(settings.keys_dir)
    return FolderTray(
        settings.transit_dir,
        recipients=Recipients.load(keys.file("transit.pub")),
        signer=keys.signer("gate"),
        opener=Opener.load(keys.file("transit.key")),
        verifiers=keys.verifiers(),
    )


def fill(settings: Settings, parcels: int, size: int = 10, aside: int = 0) -> list[str]:
    """Parcels as the gate leaves them, the first `aside` of them in quarantine."""
    tray, names = tray_of(settings), []
    for number in range(parcels):
        now = datetime.now(UTC)
        header = Header(new_parcel_id(now), "object", "a1", "TPS", "BANK", "10.0.0.1", now.isoformat())
        tray.put(header, [number.to_bytes(4, "big") * size])
        names.append(header.parcel_id)
        if number < aside:
            tray.quarantine(header.parcel_id)
    return names


class Taken:
    def __init__(self) -> None:
        self.data = b""

    def write(self, data: bytes, /) -> int:
        self.data += data
        return len(data)


def whole(settings: Settings, names: list[str], size: int) -> bool:
    """Whether every parcel opens and holds what was put in."""
    tray = tray_of(settings)
    for number, name in enumerate(names):
        taken = Taken()
        tray.open(name, lambda _header, taken=taken: taken)  # type: ignore[misc]
        if taken.data != number.to_bytes(4, "big") * size:
            return False
    return True


def command(settings: Settings, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "planbank", "keys", *arguments, "--home", str(settings.home)]


def keys(settings: Settings, *arguments: str, code: int = 0) -> str:
    """What the command says, its errors last."""
    env = os.environ | {"PLANBANK_DATABASE_URL": NOWHERE}
    done = subprocess.run(command(settings, *arguments), env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def prints(settings: Settings) -> list[str]:
    return [key.fingerprint for key in read_keys(settings.keys_dir / "transit.key")]


def test_a_life_of_keys_as_it_is_typed(settings: Settings, tmp_path: Path) -> None:
    """Rotate, see who is needed, reseal, retire: and nothing is lost on the way."""
    names = fill(settings, 4, aside=2)
    [old] = prints(settings)
    assert f"New transit key: {prints(settings)[0]}" not in keys(settings, "rotate", "transit")
    new = prints(settings)[0]
    names += fill(settings, 1)[:0]
    said = keys(settings)
    assert "Parcels waiting or in quarantine: 5, that no key here opens: 0" in said
    assert re.search(rf"{new}  since .*  seals and opens; opens 1 parcels, 1 of them alone", said)
    assert re.search(
        rf"{old}  since .*  opens what was sealed before; opens 4 parcels, 4 of them alone", said
    )
    refused = keys(settings, "retire", old, code=1)
    assert "Only it opens 4 parcels" in refused.splitlines()[-1]
    assert "Sealed anew: 4. Were so already: 1. Could not be: 0." in keys(settings, "reseal")
    assert "Sealed anew: 0. Were so already: 5." in keys(settings, "reseal")
    assert f"Taken away: transit key {old}" in keys(settings, "retire", old)
    assert prints(settings) == [new]
    assert whole(settings, names, 10)


def test_escrow_as_it_is_typed(settings: Settings, tmp_path: Path) -> None:
    names, escrow = fill(settings, 2), new_key(AT)
    assert escrow.fingerprint in keys(settings, "add-escrow", escrow.public, "--label", "The safe")
    assert "escrow: The safe" in keys(settings)
    assert "Sealed anew: 2." in keys(settings, "reseal")
    (settings.keys_dir / "transit.key").unlink()
    (settings.keys_dir / "transit.pub").unlink()
    stick = tmp_path / "stick"
    stick.write_bytes(private_text([escrow]))
    assert "cannot be looked at" in keys(settings)
    assert escrow.fingerprint in keys(settings, "bring-back", str(stick))
    assert "All keys of this file are here." in keys(settings, "bring-back", str(stick))
    prepare(settings, demo=False).close()
    assert whole(settings, names, 10)


def test_signing_keys_as_they_are_typed(settings: Settings) -> None:
    fill(settings, 2)
    folder = KeyFolder(settings.keys_dir)
    for name in folder.signers():
        assert f"New {name} key: " in keys(settings, "rotate", name)
    said = keys(settings)
    [old] = re.findall(r"(.{19})  signed before for 'gate'; parcels that need it: 2", said)
    assert "Only it verifies 2 parcels" in keys(settings, "retire", old, code=1)
    assert "Were so already: 2" in keys(settings, "reseal")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["rotate", "vault"], 2, "there is no key called vault"),
        (["rotate", "../transit"], 2, "there is no key called"),
        (["add-escrow", "age1junk"], 1, "not a public age key"),
        (["retire", "0000 0000 0000 0000"], 1, "No key here has this fingerprint"),
        (["bring-back", "/nowhere/at/all"], 1, "No such file"),
        (["turn"], 2, "No such command"),
    ],
)
def test_what_cannot_be_done_is_said(settings: Settings, arguments: list[str], code: int, said: str) -> None:
    before = {path.name: path.read_bytes() for path in settings.keys_dir.iterdir()}
    assert said in " ".join(keys(settings, *arguments, code=code).replace("│", " ").split())
    assert {path.name: path.read_bytes() for path in settings.keys_dir.iterdir()} == before


def test_no_key_folder(settings: Settings, tmp_path: Path) -> None:
    empty = load(home=tmp_path / "empty", database_url=NOWHERE)
    for arguments in ([], ["rotate"], ["reseal"], ["retire", "0"]):
        assert "There is no key folder" in keys(empty, *arguments, code=1)


def test_rotating_twice_at_once_is_twice_or_once_and_a_refusal(settings: Settings) -> None:
    names = fill(settings, 1)
    running = [
        subprocess.Popen(
            command(settings, "rotate"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    said = [process.communicate(timeout=60) for process in running]
    ended = [process.returncode for process in running]
    assert set(ended) <= {0, 1} and 0 in ended
    for code, (_out, errors) in zip(ended, said, strict=True):
        assert code == 0 or "changes the keys at this moment" in errors
    assert len(prints(settings)) == 1 + ended.count(0)
    assert whole(settings, names, 10)


def test_killed_in_the_middle_of_it_nothing_is_lost(settings: Settings) -> None:
    """reseal and rotate, killed at random moments: old or new, every parcel is there whole."""
    size, chance = 20_000, random.Random(20261123)
    names = fill(settings, 60, size=size, aside=20)
    kills = 0
    while kills < 8:
        what = chance.choice(["rotate", "reseal", "reseal"])
        process = subprocess.Popen(
            command(settings, what),
            env=os.environ | {"PLANBANK_DATABASE_URL": NOWHERE},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(chance.uniform(0.3, 0.9))
        process.send_signal(signal.SIGKILL)
        kills += process.wait() == -signal.SIGKILL
        assert whole(settings, names, size)
    keys(settings, "rotate")  # one that was killed between its two files is finished by this
    keys(settings, "reseal")
    assert needs(settings).unopened == 0
    for old in prints(settings)[1:]:
        keys(settings, "retire", old)
    assert whole(settings, names, size)
    folders = [settings.transit_dir / "incoming", settings.transit_dir / "quarantine"]
    assert [path for folder in folders for path in folder.iterdir() if path.suffix != ".parcel"] == []
    assert [len(list(folder.iterdir())) for folder in folders] == [40, 20]


def test_work_refuses_to_start_without_its_key_and_makes_none(settings: Settings) -> None:
    fill(settings, 1)
    (settings.keys_dir / "transit.key").unlink()
    for name in ("work", "up"):
        done = subprocess.run(
            [sys.executable, "-m", "planbank", name, "--home", str(settings.home)],
            env=os.environ | {"PLANBANK_DATABASE_URL": NOWHERE},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 1
        assert "transit.key" in done.stderr.splitlines()[-1]
    assert not (settings.keys_dir / "transit.key").exists()
