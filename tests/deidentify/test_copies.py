"""One patient stays one, and what was written is whole (R104, R115)."""

from __future__ import annotations

from pathlib import Path

import pytest

from planbank.deidentify.copies import Order, make_copies
from planbank.deidentify.profiles import PROFILES
from planbank.deidentify.words import Words
from planbank.errors import DeidentifyError
from tests.deidentify import objects


def order(copies: int = 1) -> Order:
    return Order(copies, PROFILES["audit"], Words(), bytes(32))


def patients(out: Path) -> set[str]:
    return {path.parent.name for path in out.rglob("*.dcm")}


def test_a_file_without_an_id_joins_the_patient_of_its_study(tmp_path: Path) -> None:
    """Whatever the order of the names; a number with and without its dash is one number."""
    source = tmp_path / "in"
    source.mkdir()
    for name, patient_id in (("a", ""), ("b", objects.CPR), ("c", objects.CPR.replace("-", ""))):
        ds = objects.ct(ord(name) - 96)
        ds.PatientID = patient_id
        (source / name).write_bytes(objects.written(ds))
    report = make_copies(source, tmp_path / "out", order())
    assert len(patients(tmp_path / "out")) == 1 and report.refused == []
    assert report.lines()[0] == "1 copy of 1 patient: 3 ct-image."


def test_the_same_file_twice_is_one_and_another_under_its_uid_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    changed = objects.ct(1)
    changed.KVP = "100"
    for name, ds in (("a", objects.ct(1)), ("b", objects.ct(1)), ("c", changed)):
        (source / name).write_bytes(objects.written(ds))
    report = make_copies(source, tmp_path / "out", order(2))
    assert report.doubles == 1
    assert [(refusal.place, refusal.reason) for refusal in report.refused] == [
        (3, "Another object with its SOP Instance UID was copied; a UID stands for one object.")
    ]
    assert len(list((tmp_path / "out").rglob("*.dcm"))) == 2


def test_where_all_is_refused_nothing_is_written(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.write_bytes(b"no DICOM file")
    report = make_copies(source, tmp_path / "out", order())
    assert len(report.refused) == 1 and not (tmp_path / "out").exists()


def test_a_full_disk_is_told_before(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.write_bytes(objects.written(objects.ct(1)))
    with pytest.raises(DeidentifyError, match="room"):
        make_copies(source, tmp_path / "out", order(10**12))
    assert not (tmp_path / "out").exists()
