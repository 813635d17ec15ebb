"""What observers return is compared as soon as it is filed, and anew when anything changes (R112)."""

from __future__ import annotations

from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from planbank.audits.comparing import hold_against
from planbank.audits.filing import file_by_hand, undo
from planbank.audits.models import AuditStudy, Comparison, Return
from planbank.errors import ProtocolError
from planbank.house import House
from tests.audits.rows import AUH, act, copy_of, drawn, give_back, objects, opened, protocol
from tests.services.running import run_everything


def shifted(images: list[Any], mm: float, **changes: Any) -> Dataset:
    """Squares of 40 mm on each image, to the left of the patient by so much."""
    ds = drawn(images, **changes)
    for one in ds.ROIContourSequence:
        for ring in one.ContourSequence:
            ring.ContourData = [v + mm if k % 3 == 0 else v for k, v in enumerate(ring.ContourData)]
    return ds


def by_observer(type_: str) -> dict[str, Comparison]:
    rows = Comparison.objects.filter(structure_type__name=type_).select_related("row__observer")
    return {one.row.observer.code: one for one in rows if one.row.observer}


def test_returns_are_held_against_the_majority_or_one_of_them(bank: House) -> None:
    """Squares 0, 4 and 8 mm to the left: most of them hold 4 to 44 mm, 36 of 40 mm of the outer two."""
    study = opened(bank, protocol(bank))
    images = {code: objects(bank, copy_of(study, code)) for code in ("OUH-1", "OUH-2", "AUH-1")}
    give_back(bank, shifted(images["OUH-1"], 0))
    assert {one.reason for one in Comparison.objects.all()} == {"alone"}
    assert by_observer("Bladder")["OUH-1"].dsc is None

    give_back(bank, shifted(images["OUH-2"], 4))
    give_back(bank, shifted(images["AUH-1"], 8), **AUH)
    assert Comparison.objects.count() == 6, "three observers, Bladder and Rectum"
    found = by_observer("Bladder")
    assert [found[code].dsc for code in images] == pytest.approx([0.9, 1.0, 0.9])
    assert [found[code].shift_mm for code in images] == [
        pytest.approx([mm, 0, 0], abs=1e-6) for mm in (-4, 0, 4)
    ]
    one = found["OUH-1"]
    assert one.hd95_mm == pytest.approx(4, abs=0.3) and one.observers == 3 and not one.reason
    assert one.volume_cc == pytest.approx(one.reference_cc)
    assert len(one.slices) == len([ds for ds in images["OUH-1"] if ds.Modality == "CT"])
    # One side lies 4 mm outside (40 mm), 2 mm of its two ends; the other 4 mm inside, but near its ends (36).
    for slice_ in one.slices:
        assert slice_[4] == pytest.approx(0.9) and slice_[7] == pytest.approx(80, abs=1)

    study.refresh_from_db()
    first = copy_of(study, "OUH-1").observer
    for basis, observer, mm in (("other", first, 2), ("observer", None, 2), ("majority", None, float("nan"))):
        with pytest.raises(ProtocolError):
            hold_against(act(bank), study, study.revision, basis, observer, mm)
    hold_against(act(bank), study, study.revision, "observer", first, 5)
    run_everything(bank)
    found = by_observer("Rectum")
    assert found["OUH-1"].reason == "reference" and found["OUH-1"].volume_cc == pytest.approx(one.volume_cc)
    assert [found[code].dsc for code in ("OUH-2", "AUH-1")] == pytest.approx([0.9, 0.8])
    assert found["OUH-2"].surface_dsc == pytest.approx(1) and found["OUH-2"].added_path_mm == 0
    assert AuditStudy.objects.get().tolerance_mm == 5


def test_what_is_renumbered_is_compared_where_it_lies_on_the_images(bank: House) -> None:
    """Geometry decides, not UIDs: renumbered on the same planes counts, drawn elsewhere does not."""
    study = opened(bank, protocol(bank))
    copy = copy_of(study, "OUH-1")
    images = objects(bank, copy)
    moved = drawn(images, ("Bladder",), FrameOfReferenceUID=generate_uid())
    for ring in moved.ROIContourSequence[0].ContourSequence:
        ring.ContourData = [v + 0.7 if k % 3 == 2 else v for k, v in enumerate(ring.ContourData)]
    kept = drawn(images, ("Bladder",), FrameOfReferenceUID=generate_uid())
    assert copy.observer is not None
    for ds, reason in ((moved, "frame"), (kept, "alone")):
        give_back(bank, ds)
        row = Return.objects.get(state="to decide")
        assert not Comparison.objects.filter(row=row).exists()
        file_by_hand(act(bank), row, copy, copy.observer, "looked at it")
        run_everything(bank)
        assert Comparison.objects.get().row == row and Comparison.objects.get().reason == reason
    undo(act(bank), Return.objects.get(superseded_by=None))
    run_everything(bank)
    assert Comparison.objects.get().reason == "frame", "what it replaced counts again"
