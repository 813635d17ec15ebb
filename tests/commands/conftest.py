"""A bank whose archive and transit area are real folders, with something in each."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from planbank.archive.folder import FolderStore
from planbank.house import House
from planbank.transit.folder import FolderTray
from planbank.transit.keys import KeyFolder
from planbank.transit.unseal import Opener


@pytest.fixture
def folders(bank: House, tmp_path: Path) -> House:
    """Three objects kept, one parcel of an unknown sender in quarantine."""
    from planbank.services.register import register_once
    from tests.sending import ct, deposit, register_sender

    keys = KeyFolder(bank.keys)
    tray = FolderTray(
        tmp_path / "transit",
        recipients=keys.recipients(),
        signer=keys.signer("gate"),
        opener=Opener.load(keys.file("transit.key")),
        verifiers=keys.verifiers(),
    )
    house = replace(bank, store=FolderStore(tmp_path / "archive"), tray=tray)
    register_sender()
    for _ in range(3):
        deposit(house, ct())
    deposit(house, ct(), calling_ae="NEW_CT")
    register_once(house)
    return house
