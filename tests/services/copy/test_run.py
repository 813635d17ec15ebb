"""Copies: disjoint, whole, and made again from the same seed set (R103 to R105, R110, R111)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pydicom.dataset import Dataset

from planbank.audits import acting
from planbank.audits.models import AuditStudy, CaseFile, Copy, CopyFile
from planbank.catalogue.models import Instance, InstanceVersion, PatientFile
from planbank.erasure.unassigned import situation_of
from planbank.house import House
from planbank.protocols.models import Membership, StructureType
from planbank.services.erase.rows import Going, remove_rows
from tests.audits.rows import act, objects, opened, protocol
from tests.protocols.rows import ProtocolRows
from tests.services.running import run_everything

HIDDEN = ("ReferencedSOPInstanceUID", "ReferencedFrameOfReferenceUID", "FrameOfReferenceUID")


def uids(ds: Dataset) -> set[str]:
    """Every UID of an instance, series, study or frame that stands anywhere in it."""
    names = (*HIDDEN, "SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID")
    return {str(e.value) for e in ds.iterall() if e.keyword in names and e.value and "3.1.2.3" not in e.value}


def test_copies_share_nothing_and_refer_to_themselves_alone(bank: House) -> None:
    of = protocol(bank)
    body = StructureType.objects.get(protocol=of, name="Rectum")
    study = opened(bank, of, given=[body], with_dose=True)
    assert set(Copy.objects.values_list("state", flat=True)) == {"made"}
    made = {copy.number: objects(bank, copy) for copy in study.copies.all()}
    seen = {number: set().union(*map(uids, held)) for number, held in made.items()}
    originals = set(InstanceVersion.objects.values_list("sop_instance_uid", flat=True))
    assert not seen[1] & seen[2] and not seen[1] & seen[3] and not seen[1] & originals
    assert len({held[0].PatientID for held in made.values()}) == 3
    held = made[1]
    assert sorted({ds.Modality for ds in held}) == ["CT", "RTDOSE", "RTPLAN", "RTSTRUCT"]
    structures, plan, dose = (
        next(ds for ds in held if ds.Modality == kind) for kind in ("RTSTRUCT", "RTPLAN", "RTDOSE")
    )
    # The thinned patient lacks images that its structure set names: those that are here are all named.
    images = {ds.SOPInstanceUID for ds in held if ds.Modality == "CT"}
    assert images <= {str(e.value) for e in structures.iterall() if e.keyword == HIDDEN[0]}
    assert plan.ReferencedStructureSetSequence[0].ReferencedSOPInstanceUID == structures.SOPInstanceUID
    assert dose.ReferencedRTPlanSequence[0].ReferencedSOPInstanceUID == plan.SOPInstanceUID
    assert [roi.ROIName for roi in structures.StructureSetROISequence] == ["Rectum"]
    assert len(structures.ROIContourSequence) == len(structures.RTROIObservationsSequence) == 1


def test_a_study_is_extended_with_copies_of_the_same_seed_set(bank: House) -> None:
    study = opened(bank, protocol(bank))
    seeds = list(CaseFile.objects.order_by("pk").values_list("version", flat=True))
    first = Copy.objects.get(number=1)
    before = [(one.name, one.crc) for one in first.files.all()]
    centre = ProtocolRows(bank.clock.now()).institution("AUH")
    acting.add_observers(act(bank), study, centre, [("AUH-2", "")], None)
    run_everything(bank)
    assert list(CaseFile.objects.order_by("pk").values_list("version", flat=True)) == seeds
    assert study.copies.count() == 4 and study.copies.get(number=4).state == "made"
    Copy.objects.filter(pk=first.pk).update(state="waiting")
    acting.make_due("copy", [(first.pk, acting.LANE)], bank.clock.now())
    run_everything(bank)
    assert [(one.name, one.crc) for one in first.files.all()] == before, "the same key makes the same copy"


def test_what_cannot_be_made_safe_stops_the_copy_in_words(bank: House, monkeypatch: Any) -> None:
    of = protocol(bank)
    for version in InstanceVersion.objects.filter(modality="CT")[:1]:
        bank.store.erase(f"objects/{version.content_hash[:2]}/{version.content_hash}")
    study = opened(bank, of)
    states = set(study.copies.values_list("state", "problem"))
    assert states <= {("failed", "missing"), ("made", "")}
    assert AuditStudy.objects.get().fingerprint


def test_a_case_is_kept_from_ageing_and_goes_with_its_patient(bank: House) -> None:
    study = opened(bank, protocol(bank))
    file = PatientFile.objects.get()
    Membership.objects.update(removed_at=bank.clock.now())
    bank.clock.at += timedelta(days=400)  # type: ignore[attr-defined]
    kept = situation_of(file, 180)
    going = {part.series for part in kept.going()}
    images = CaseFile.objects.filter(part="image").values("version")
    assert going and not going & set(
        Instance.objects.filter(current_version__in=images).values_list("series", flat=True)
    )
    keys = list(CopyFile.objects.values_list("key", flat=True))
    removed = remove_rows(bank, Going.of(file, Instance.objects.all()), bank.clock.now())
    assert set(keys) <= set(removed["derived"])
    assert not CaseFile.objects.exists() and not CopyFile.objects.exists()
    assert set(study.copies.values_list("state", flat=True)) == {"withdrawn"}
    assert study.cases.get().patient_file is None
