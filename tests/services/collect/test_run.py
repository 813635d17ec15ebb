"""What observers return is filed by itself, or asks; it is never a patient's (R107 to R109, R201)."""

from __future__ import annotations

from typing import Any

import pytest
from pydicom.uid import generate_uid

from planbank.audits.filing import file_by_hand, undo
from planbank.audits.models import AuditStudy, Copy, Return
from planbank.audits.vault import source_of
from planbank.catalogue.models import Instance, InstanceVersion, PatientFile, Study
from planbank.house import House
from planbank.protocols.models import StructureType
from planbank.services.register.from_archive import register_from_archive
from tests.audits.rows import AUH, act, copy_of, drawn, give_back, objects, opened, protocol


@pytest.fixture
def study(bank: House) -> AuditStudy:
    of = protocol(bank)
    return opened(bank, of, asked=list(StructureType.objects.filter(protocol=of)))


def codes(row: Return) -> list[str]:
    return [one["code"] for one in row.problems]


def test_a_return_is_filed_under_case_and_observer_and_is_nobodys(bank: House, study: AuditStudy) -> None:
    before = [model.objects.count() for model in (PatientFile, Study, Instance)]
    copy = copy_of(study, "OUH-2")
    images = objects(bank, copy)
    give_back(bank, drawn(images))
    row = Return.objects.get()
    assert row.state == "filed" and row.problems == [] and row.recognised_by == "reference"
    assert (row.case.name, row.observer.code) == ("A", "OUH-2")  # type: ignore[union-attr]
    copy.refresh_from_db()
    assert copy.state == "returned" and copy.returned_at == row.received_at
    assert [model.objects.count() for model in (PatientFile, Study, Instance)] == before
    source = source_of(bank, row)
    assert source is not None
    originals = set(InstanceVersion.objects.filter(modality="CT").values_list("sop_instance_uid", flat=True))
    assert {source.uids[ds.SOPInstanceUID] for ds in images} == originals
    assert source.uids[images[0].FrameOfReferenceUID] and len(source.images) == len(images)

    give_back(bank, drawn(images, ("Bladder", "Kidney")))
    newer = Return.objects.exclude(pk=row.pk).get()
    row.refresh_from_db()
    assert row.superseded_by == newer and newer.superseded_by is None
    assert sorted(codes(newer)) == ["missing", "second-version", "unknown-names"]
    assert "Rectum" in str(newer.problems) and "Kidney" in str(newer.problems)


def _frame(images: list[Any], _other: list[Any]) -> Any:
    return drawn(images, FrameOfReferenceUID=generate_uid())


def _resampled(images: list[Any], _other: list[Any]) -> Any:
    for ds in images:
        ds.SOPInstanceUID, ds.SeriesInstanceUID = generate_uid(), "1.2.3.99"
    return drawn(images)


def _others_id(images: list[Any], other: list[Any]) -> Any:
    return drawn(images, PatientID=other[0].PatientID, PatientName=other[0].PatientID)


def _label(images: list[Any], _other: list[Any]) -> Any:
    return drawn(images, StructureSetLabel="brain ouh-2")


def _nothing_but_id(images: list[Any], _other: list[Any]) -> Any:
    ds = drawn(images, StudyInstanceUID=generate_uid())
    ds.remove_private_tags()
    del ds.FrameOfReferenceUID
    ds.ReferencedFrameOfReferenceSequence, ds.ROIContourSequence = [], []
    for roi in ds.StructureSetROISequence:
        del roi.ReferencedFrameOfReferenceUID
    return ds


@pytest.mark.parametrize(
    ("how", "code"),
    [
        (_frame, "frame-changed"),
        (_resampled, "other-images"),
        (_others_id, "disagree"),
        (_label, "wrong-copy"),
        (_nothing_but_id, "only-id"),
    ],
)
def test_what_disagrees_waits_for_a_person(bank: House, study: AuditStudy, how: Any, code: str) -> None:
    ds = how(objects(bank, copy_of(study, "OUH-1")), objects(bank, copy_of(study, "OUH-2")))
    give_back(bank, ds)
    row = Return.objects.get()
    assert row.state == "to decide" and code in codes(row) and row.case is None
    assert not Copy.objects.filter(state="returned").exists()
    if code in ("frame-changed", "other-images"):
        said = next(one for one in row.problems if one["code"] == code)
        assert said["fit"] == said["of"] > 0
    assert PatientFile.objects.count() == 1

    copy = copy_of(study, "OUH-1")
    file_by_hand(act(bank), row, copy, copy.observer, "looked at it")  # type: ignore[arg-type]
    row.refresh_from_db()
    assert row.state == "filed" and row.observer == copy.observer and row.recognised_by == "person"
    undo(act(bank), row)
    row.refresh_from_db()
    copy.refresh_from_db()
    assert row.state == "to decide" and copy.state == "opened"


def test_another_centres_copy_is_flagged_and_images_only_open_one(bank: House, study: AuditStudy) -> None:
    images = objects(bank, copy_of(study, "OUH-1"))
    give_back(bank, drawn(images), **AUH)
    row = Return.objects.get()
    assert row.state == "to decide" and codes(row) == ["wrong-copy"]
    give_back(bank, images[0])
    copy = copy_of(study, "OUH-1")
    assert copy.state == "opened" and Return.objects.filter(kind="image", state="filed").count() == 1


def test_one_copy_for_a_centre_is_told_apart_by_the_label(bank: House) -> None:
    study = opened(bank, protocol(bank), per_centre=True)
    assert study.copies.count() == 2
    images = objects(bank, study.copies.get(centre__code="OUH"))
    give_back(bank, drawn(images, StructureSetLabel="OUH-2"))
    give_back(bank, drawn(images, StructureSetLabel="mine"))
    give_back(bank, drawn(images, ("Bladder OUH-1", "Bladder OUH-2")))
    filed, without, both = Return.objects.order_by("pk")
    assert filed.state == "filed" and filed.observer.code == "OUH-2"  # type: ignore[union-attr]
    assert codes(without)[0] == "no-observer" and codes(both)[0] == "several-observers"


def test_what_is_registered_again_from_the_archive_is_still_a_return(bank: House, study: AuditStudy) -> None:
    before = Instance.objects.count()
    give_back(bank, drawn(objects(bank, copy_of(study, "OUH-1"))))
    assert register_from_archive(bank).registered == 0
    Return.objects.all().delete()
    assert register_from_archive(bank).registered == 1
    assert Return.objects.get().state == "filed" and Instance.objects.count() == before
