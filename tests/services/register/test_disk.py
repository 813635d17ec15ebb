"""A full archive: nothing half registered, and all of it once there is room (security.md, row 14)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from planbank.archive.folder import FolderStore
from planbank.catalogue.models import InstanceVersion, Submission
from planbank.errors import StoreError
from planbank.house import House
from planbank.journal.models import Entry
from planbank.services.register import register_once
from tests.faults import grow_disk, small_disk
from tests.sending import ct, deposit, register_sender


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", 3) as disk:
        yield disk


def test_a_full_archive_registers_nothing_by_halves(bank: House, disk: Path) -> None:
    """The parcels wait, whole, and no try takes away room; when there is more, they are registered."""
    house = replace(bank, store=FolderStore(disk / "archive"))
    register_sender()
    for number in range(3):
        ds = ct(InstanceNumber=str(number), PixelData=bytes(2_000_000))
        ds["PixelData"].VR = "OW"
        deposit(house, ds)
    for _ in range(3):
        with pytest.raises((StoreError, OSError), match="No space left"):
            register_once(house)
        assert not Submission.objects.exists()
        assert not InstanceVersion.objects.exists()
        assert not Entry.objects.filter(action="submit").exists()
        assert len(house.tray.waiting()) == 3
        assert list((disk / "archive" / "parts").iterdir()) == []
    grow_disk(disk, 16)
    assert register_once(house) == 3
    assert Submission.objects.count() == InstanceVersion.objects.count() == 3
    assert house.tray.waiting() == []
