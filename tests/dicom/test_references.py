"""References by meaning, from bytes (R14)."""

from __future__ import annotations

from pathlib import Path

from pydicom.dataset import Dataset

from planbank.dicom import uids
from planbank.dicom.encoding import IMPLICIT_LITTLE, split_file
from planbank.dicom.references import References, references
from tests.dicom import sets
from tests.dose.phantoms import encode


def reference(sop_class: str, uid: str) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, uid
    return item


def of(sop_class: str, **elements: object) -> References:
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = sop_class, "1.1"
    for keyword, value in elements.items():
        setattr(ds, keyword, value)
    return references(encode(ds), IMPLICIT_LITTLE)


def test_a_real_plan_set_is_closed(shared_data: Path) -> None:
    archive = shared_data / "alderson-pelvis-vmat-raystation.tar.xz"
    structure_set, plan = (references(*sets.one(archive, part)) for part in ("/RS1.", "/RP1."))
    dose = references(*sets.one(archive, "3300.46671"))
    assert plan.structure_set_uids == (structure_set.sop_instance_uid,)
    assert dose.plan_uids == (plan.sop_instance_uid,)
    assert plan.frame_of_reference_uids == structure_set.frame_of_reference_uids
    names = {name.rsplit("/CT", 1)[1].removesuffix(".dcm") for name in sets.files(archive, "/CT")}
    assert set(structure_set.image_uids) <= names
    assert len(structure_set.image_uids) == 160


def test_images_give_no_localiser_references(shared_data: Path) -> None:
    members = sets.files(shared_data / "alderson-pelvis-vmat-raystation.tar.xz", "/CT")
    syntax, data = split_file(next(iter(members.values())))
    found = references(data, syntax)
    assert found.image_uids == found.other_uids == ()
    assert len(found.frame_of_reference_uids) == 1


def test_a_plan_and_its_relatives() -> None:
    prior = reference(uids.RT_PLAN, "1.9")
    prior.RTPlanRelationship = "PRIOR"
    found = of(
        uids.RT_ION_PLAN,
        FrameOfReferenceUID="7.1",
        ReferencedStructureSetSequence=[reference(uids.RT_STRUCTURE_SET, "1.2")],
        ReferencedDoseSequence=[reference(uids.RT_DOSE, "1.3")],
        ReferencedRTPlanSequence=[prior],
    )
    assert found.structure_set_uids == ("1.2",)
    assert found.dose_uids == ("1.3",)
    assert found.related_plan_uids == (("1.9", "PRIOR"),)
    assert found.frame_of_reference_uids == ("7.1",)


def test_a_dose_of_several_plans_names_each_once() -> None:
    found = of(
        uids.RT_DOSE,
        ReferencedRTPlanSequence=[reference(uids.RT_PLAN, u) for u in ("1.2", "1.3", "1.2")],
        ReferencedStructureSetSequence=[reference(uids.RT_STRUCTURE_SET, "1.4")],
    )
    assert found.plan_uids == ("1.2", "1.3")
    assert found.structure_set_uids == ("1.4",)


def test_a_record_names_its_plan() -> None:
    found = of(uids.RT_BEAMS_RECORD, ReferencedRTPlanSequence=[reference(uids.RT_PLAN, "1.2")])
    assert found.plan_uids == ("1.2",)


def test_a_registration_brings_frames_together() -> None:
    fixed, moving, series = Dataset(), Dataset(), Dataset()
    fixed.FrameOfReferenceUID, moving.FrameOfReferenceUID = "7.1", "7.2"
    moving.ReferencedImageSequence = [reference(uids.MR_IMAGE, "1.5")]
    series.SeriesInstanceUID = "1.6"
    series.ReferencedInstanceSequence = [reference(uids.CT_IMAGE, "1.7")]
    found = of(
        uids.REGISTRATION,
        FrameOfReferenceUID="7.1",
        RegistrationSequence=[fixed, moving],
        ReferencedSeriesSequence=[series],
    )
    assert found.registered_frames == ("7.2",)
    assert found.frame_of_reference_uids == ("7.1", "7.2")
    assert found.image_uids == ("1.5", "1.7")
    assert found.series_uids == ("1.6",)


def test_a_segmentation_names_its_images() -> None:
    series = Dataset()
    series.SeriesInstanceUID = "1.6"
    series.ReferencedInstanceSequence = [reference(uids.CT_IMAGE, "1.7")]
    assert of(uids.SEGMENTATION, ReferencedSeriesSequence=[series]).image_uids == ("1.7",)


def test_an_unknown_object_refers_to_nothing() -> None:
    found = of("1.2.9", ReferencedRTPlanSequence=[reference(uids.RT_PLAN, "1.2")])
    assert found == References("1.2.9", "1.1")
