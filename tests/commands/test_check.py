"""`planbank check` finds whatever is missing, too many or changed, and changes nothing (I3, I5)."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection

from planbank.archive.names import object_key
from planbank.catalogue.models import Instance, InstanceVersion, QuarantinedParcel, Submission
from planbank.commands.check import check
from planbank.house import House
from planbank.journal.chain import seal_committed
from tests.sending import ct, deposit


def found(house: House, *, deep: bool = False) -> list[str]:
    return list(check(house, deep=deep))


def kept(house: House, tmp_path: Path) -> Path:
    """The file of one object."""
    version = InstanceVersion.objects.order_by("pk")[1]
    return tmp_path / "archive" / object_key(version.content_hash)


def flip(path: Path, at: int = -1) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.chmod(0o600)
    path.write_bytes(data)


@pytest.mark.parametrize("deep", [False, True])
def test_a_sound_bank_has_no_faults(folders: House, deep: bool) -> None:
    deposit(folders, ct())
    assert found(folders, deep=deep) == []


def test_a_lost_object(folders: House, tmp_path: Path) -> None:
    path = kept(folders, tmp_path)
    path.unlink()
    (fault,) = found(folders)
    assert path.name[:16] in fault and "missing" in fault


def test_an_object_that_no_row_knows(folders: House) -> None:
    version = InstanceVersion.objects.order_by("pk")[1]
    Submission.objects.filter(version=version).delete()
    Instance.objects.filter(current_version=version).delete()
    version.delete()
    (fault,) = found(folders)
    assert version.content_hash[:16] in fault and "no row" in fault


def test_an_object_whose_parcel_still_waits_is_no_fault(folders: House) -> None:
    """register was ended between archive and database: the parcel brings the row."""
    version = InstanceVersion.objects.order_by("pk")[1]
    Submission.objects.filter(version=version).delete()
    Instance.objects.filter(current_version=version).delete()
    version.delete()
    deposit(folders, ct())
    assert found(folders) == []


@pytest.mark.parametrize("at", [-1, 200, 0], ids=["data set", "meta", "preamble"])
def test_a_flipped_byte_shows_on_a_deep_look(folders: House, tmp_path: Path, at: int) -> None:
    path = kept(folders, tmp_path)
    flip(path, at)
    assert found(folders) == [], "a quick look reads no bytes"
    (fault,) = found(folders, deep=True)
    assert path.name[:16] in fault


def test_an_object_cut_short_shows_on_a_deep_look(folders: House, tmp_path: Path) -> None:
    path = kept(folders, tmp_path)
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:140])
    (fault,) = found(folders, deep=True)
    assert path.name[:16] in fault


def test_a_lost_parcel_of_quarantine(folders: House, tmp_path: Path) -> None:
    (parcel,) = (tmp_path / "transit" / "quarantine").iterdir()
    parcel.unlink()
    (fault,) = found(folders)
    assert parcel.stem in fault and "missing" in fault


def test_a_parcel_in_quarantine_that_no_row_knows(folders: House) -> None:
    QuarantinedParcel.objects.all().delete()
    (fault,) = found(folders)
    assert "no row" in fault


@pytest.mark.parametrize("state", ["released", "deleted"])
def test_a_decision_that_is_about_to_be_carried_out_is_no_fault(folders: House, state: str) -> None:
    QuarantinedParcel.objects.update(state=state)
    assert found(folders) == []


@pytest.mark.parametrize("folder", ["incoming", "quarantine"])
def test_a_damaged_parcel_shows_on_a_deep_look(folders: House, tmp_path: Path, folder: str) -> None:
    deposit(folders, ct())
    (parcel,) = (tmp_path / "transit" / folder).iterdir()
    flip(parcel, parcel.stat().st_size // 2)
    assert found(folders) == []
    (fault,) = found(folders, deep=True)
    assert parcel.stem in fault


def test_a_parcel_that_is_in_quarantine_because_it_is_damaged_is_no_fault(
    folders: House, tmp_path: Path
) -> None:
    (parcel,) = (tmp_path / "transit" / "quarantine").iterdir()
    flip(parcel, parcel.stat().st_size // 2)
    QuarantinedParcel.objects.update(reason="damaged")
    assert found(folders, deep=True) == []


def test_a_changed_journal(folders: House) -> None:
    seal_committed()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE journal_entry DISABLE TRIGGER USER")
        cursor.execute("UPDATE journal_entry SET actor = 'nobody'")
        cursor.execute("ALTER TABLE journal_entry ENABLE TRIGGER USER")
    assert all(fault.startswith("journal: ") for fault in found(folders))
    assert found(folders)


def test_all_faults_are_told_and_nothing_is_changed(folders: House, tmp_path: Path) -> None:
    kept(folders, tmp_path).unlink()
    QuarantinedParcel.objects.all().delete()
    before = sorted(p for p in tmp_path.rglob("*") if p.is_file()), InstanceVersion.objects.count()
    assert len(found(folders, deep=True)) == 2
    after = sorted(p for p in tmp_path.rglob("*") if p.is_file()), InstanceVersion.objects.count()
    assert after == before
