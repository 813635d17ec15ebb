"""Doses as analyse keeps them: odd values are findings, and nothing stops it (R16, R75)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset

from planbank.catalogue.models import Dose
from planbank.dicom.encoding import IMPLICIT_LITTLE, split_file
from planbank.dicom.headers import scan
from planbank.house import House
from tests.dose import phantoms
from tests.sending import deposit, register_sender
from tests.services.running import run_everything


def bring(bank: House, data: bytes, syntax: str) -> Dose:
    who = scan(data, syntax)
    register_sender()
    deposit(bank, data, syntax=syntax, sop_class_uid=who.sop_class_uid, sop_instance_uid=who.sop_instance_uid)
    run_everything(bank)
    return Dose.objects.get()


def codes(dose: Dose) -> set[str]:
    return {code for code, _about in dose.findings}


def difference(kind: str) -> Dataset:
    ds = phantoms.make_dose(phantoms.linear((1, 0, 0), 100.0), scaling=0.001, DoseType=kind)
    ds.PixelData = (np.frombuffer(ds.PixelData, "<i4") - 100_000).astype("<i4").tobytes()
    ds.PixelRepresentation = 1
    ds.StudyInstanceUID, ds.SeriesInstanceUID = "1.2.3.4", "1.2.3.4.5"
    ds.PatientID, ds.PatientName = "0101501234", "Testesen^Anna"
    return ds


@pytest.mark.parametrize(("kind", "told"), [("PHYSICAL", True), ("ERROR", False)])
def test_negative_doses_are_told_but_for_errors_which_may_be(bank: House, kind: str, told: bool) -> None:
    dose = bring(bank, phantoms.encode(difference(kind)), IMPLICIT_LITTLE)
    assert ("dose-negative" in codes(dose)) is told
    assert dose.facts["maximum"] == pytest.approx(30, abs=0.01)


@pytest.mark.parametrize("name", ["rtdose_rle.dcm", "rtdose_rle_1frame.dcm", "rtdose_expb.dcm"])
def test_pydicoms_own_doses_are_analysed(bank: House, name: str) -> None:
    """Compressed, with a plan reference in UN of defined length; and big endian."""
    syntax, data = split_file(Path(str(get_testdata_file(name))).read_bytes())
    dose = bring(bank, bytes(data), syntax)
    assert dose.facts["maximum"] == pytest.approx(1.254, abs=1e-3)
    assert dose.facts["plans"]
