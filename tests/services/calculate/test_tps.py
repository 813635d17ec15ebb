"""DVHs of planning systems beside ours: stored, found, shown, withdrawn (R82)."""

from __future__ import annotations

from copy import deepcopy

import pytest
from pydicom.dataset import Dataset

from planbank.catalogue.models import Finding, PlanSet, TpsDvh
from planbank.dose import dvh
from planbank.house import House
from tests.dose.test_comparison import stored
from tests.made import thinned
from tests.sending import register_sender
from tests.services.running import run_everything
from tests.services.test_order import send


def codes() -> dict[str, str]:
    rows = Finding.objects.filter(closed_at=None, code__startswith="tps-dvh")
    return dict(rows.values_list("code", "about"))


def patient() -> dict[str, list[Dataset]]:
    by_modality: dict[str, list[Dataset]] = {}
    for ds in thinned("prostate"):
        by_modality.setdefault(ds.Modality, []).append(ds)
    return by_modality


def with_dvhs(structure_set: Dataset, dose: Dataset, *, percent_of: float | None = None) -> Dataset:
    """The dose with the DVHs its planning system would store: our own, in coarse bins."""
    found = [one.dvh for one in dvh(structure_set, dose) if one.dvh.mean_gy and one.volume_cc > 1]
    dose = deepcopy(dose)
    dose.DVHSequence = [stored(one, percent_of=percent_of) for one in found]
    return dose


def test_agreement_is_stored_without_a_finding(bank: House) -> None:
    register_sender()
    objects = patient()
    (structure_set,), (dose,) = objects["RTSTRUCT"], objects["RTDOSE"]
    for ds in [*objects["CT"], structure_set, *objects["RTPLAN"], with_dvhs(structure_set, dose)]:
        send(bank, ds)
    run_everything(bank)
    assert "PTV" in " ".join(TpsDvh.objects.values_list("roi__name", flat=True))
    assert codes() == {}


def test_a_difference_is_found_once_and_withdrawn_when_the_dose_is_replaced(bank: House) -> None:
    register_sender()
    objects = patient()
    (structure_set,), (dose,) = objects["RTSTRUCT"], objects["RTDOSE"]
    wrong = with_dvhs(structure_set, dose)
    target = max(wrong.DVHSequence, key=lambda item: float(item.DVHMeanDose))
    target.DVHMeanDose = f"{float(target.DVHMeanDose) - 3:.4f}"
    for ds in [*objects["CT"], structure_set, *objects["RTPLAN"], wrong]:
        send(bank, ds)
    run_everything(bank)
    row = TpsDvh.objects.get(beyond=True)
    assert codes() == {"tps-dvh-differs": f"{row.roi.name} (Dmean)"}
    ours, theirs, beyond = row.pairs["mean"]
    assert beyond and ours - theirs == pytest.approx(3, abs=0.01)
    send(bank, with_dvhs(structure_set, dose))
    run_everything(bank)
    assert codes() == {}, "the new version agrees"
    closed = Finding.objects.get(code="tps-dvh-differs")
    assert closed.closed_at is not None
    assert TpsDvh.objects.filter(calculation__plan_sets__isnull=False, beyond=True).count() == 0
    send(bank, wrong)
    run_everything(bank)
    assert "tps-dvh-differs" in codes(), "and the first version, sent again, does not"


def test_percent_labelled_gy_is_said_and_compared_as_what_it_is(bank: House) -> None:
    register_sender()
    objects = patient()
    (structure_set,), (dose,) = objects["RTSTRUCT"], objects["RTDOSE"]
    odd = with_dvhs(structure_set, dose, percent_of=14.0)
    for ds in [*objects["CT"], structure_set, *objects["RTPLAN"], odd]:
        send(bank, ds)
    run_everything(bank)
    assert codes() == {"tps-dvh-not-in-its-unit": ""}
    assert set(TpsDvh.objects.values_list("percent_of_gy", flat=True)) == {14.0}


def test_dvhs_of_another_structure_set_are_not_compared(bank: House) -> None:
    """ROI Numbers mean nothing elsewhere."""
    register_sender()
    objects = patient()
    (structure_set,), (dose,) = objects["RTSTRUCT"], objects["RTDOSE"]
    other = with_dvhs(structure_set, dose)
    reference = Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = structure_set.SOPClassUID, "1.2.9"
    other.ReferencedStructureSetSequence = [reference]
    for ds in [*objects["CT"], structure_set, *objects["RTPLAN"], other]:
        send(bank, ds)
    run_everything(bank)
    assert not TpsDvh.objects.exists()
    assert PlanSet.objects.get().calculations.exists()
