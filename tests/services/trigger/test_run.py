"""From arrival to membership without a hand (R84 to R90, R96, R192)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from pydicom.dataset import Dataset

from planbank.catalogue.models import Finding, PlanSet, Series
from planbank.house import FixedClock, House
from planbank.journal.models import Entry
from planbank.messages.models import Event
from planbank.people.models import Institution, Sender
from planbank.pipeline.models import Outcome
from planbank.protocols.act import Act
from planbank.protocols.actions.removing import remove_plan_set
from planbank.protocols.models import Enrolment, Firing, Membership, Participation, Protocol, Tag, Trigger
from planbank.services.notify.audience import audience
from planbank.services.notify.words import in_words
from tests.made import thinned
from tests.protocols.rows import ProtocolRows
from tests.sending import ct, deposit, encoded, register_sender
from tests.services.running import run_everything
from tests.services.test_order import send

NAME = "DBCG_PROTON"


@pytest.fixture
def brain(bank: House, now: datetime) -> Protocol:
    """A protocol of OUH with one trigger ROI."""
    register_sender("OUH")
    rows = ProtocolRows(now - timedelta(days=1))
    protocol = rows.protocol("PROTON")
    rows.centre(protocol, "OUH")
    make(protocol, now)
    return protocol


def make(protocol: Protocol, now: datetime, **fields: Any) -> Trigger:
    values = {"name": NAME, "roi_name": NAME, "actions": [{"action": "include"}], "changed_at": now}
    return Trigger.objects.create(protocol=protocol, **{**values, **fields})


def with_roi(objects: list[Dataset], name: str = NAME, *, drawn: bool = False) -> list[Dataset]:
    """The objects, their structure set with one ROI more: empty, or with the contours of another."""
    for ds in objects:
        if "StructureSetROISequence" not in ds:
            continue
        roi, contour = Dataset(), Dataset()
        roi.ROINumber, roi.ROIName, roi.ROIGenerationAlgorithm = 990, name, ""
        roi.ReferencedFrameOfReferenceUID = ds.StructureSetROISequence[0].ReferencedFrameOfReferenceUID
        ds.StructureSetROISequence.append(roi)
        contour.ReferencedROINumber = 990
        if drawn:
            contour.ContourSequence = ds.ROIContourSequence[0].ContourSequence
        ds.ROIContourSequence.append(contour)
    return objects


def arrive(house: House, objects: list[Dataset], seed: int = 3) -> None:
    shuffled = list(objects)
    Random(seed).shuffle(shuffled)
    for ds in shuffled:
        send(house, ds)
    run_everything(house)


def codes() -> set[str]:
    found = Finding.objects.filter(closed_at=None, source="trigger")
    return set(found.values_list("code", flat=True))


@pytest.mark.parametrize("seed", [1, 2])
def test_an_empty_roi_files_the_whole_plan_set_in_any_order(bank: House, brain: Protocol, seed: int) -> None:
    arrive(bank, with_roi(thinned("prostate")), seed)
    plan_set = PlanSet.objects.get()
    members = Membership.objects.filter(protocol=brain)
    assert members.count() == plan_set.members.count() > 3
    assert members.first().via == f"trigger {NAME}"  # type: ignore[union-attr]
    assert Enrolment.objects.get().pseudonym
    firing = Firing.objects.get()
    assert (firing.outcome, firing.version, firing.subject_uid) == ("done", 1, plan_set.sop_instance_uid)
    assert codes() == set() and Entry.objects.filter(action="trigger fired").count() == 1


def test_what_comes_late_joins_and_nothing_fires_twice(bank: House, brain: Protocol) -> None:
    objects = with_roi(thinned("prostate"))
    doses = [ds for ds in objects if ds.Modality == "RTDOSE"]
    arrive(bank, [ds for ds in objects if ds.Modality != "RTDOSE"])
    before = Membership.objects.count()
    arrive(bank, doses)
    assert Membership.objects.count() == before + len(doses)
    arrive(bank, objects)
    assert Firing.objects.count() == Entry.objects.filter(action="trigger fired").count() == 1


def test_contours_in_the_trigger_roi_are_told(bank: House, brain: Protocol) -> None:
    arrive(bank, with_roi(thinned("prostate"), drawn=True))
    assert codes() == {"trigger-roi-has-contours"}
    assert not Membership.objects.exists() and not Firing.objects.exists()


def test_a_slip_in_the_name_is_asked_about_and_mended_by_sending_again(bank: House, brain: Protocol) -> None:
    objects = thinned("prostate")
    arrive(bank, with_roi(objects, "DBCG_PROTN"))
    assert codes() == {"trigger-near-miss"} and not Membership.objects.exists()
    structures = next(ds for ds in objects if ds.Modality == "RTSTRUCT")
    structures.StructureSetROISequence[-1].ROIName = NAME
    arrive(bank, [structures])
    assert codes() == set() and Membership.objects.exists()


def test_a_centre_that_takes_no_part_is_refused_until_it_does(
    bank: House, brain: Protocol, now: datetime
) -> None:
    Participation.objects.all().delete()
    arrive(bank, with_roi(thinned("prostate")))
    assert codes() == {"trigger-no-centre"} and not Membership.objects.exists()
    assert Firing.objects.get().outcome == "refused"
    arrive(bank, with_roi(thinned("prostate"))[:1])
    rows = ProtocolRows(now - timedelta(days=1))
    told, kaya = Event.objects.get(kind="trigger-failed"), rows.user("kaya")
    rows.user("reader")
    rows.grant(kaya, "key-user", brain)
    said = f"OUH sent data that asked to be filed in {brain.short_name} and were not: "
    words, link = in_words(told)
    assert words == said + "The institution does not take part in the protocol now."
    assert link == f"/protocols/{brain.pk}/triggers/"
    assert list(audience(told, now)) == [kaya], "R89: the key user hears of it, once"
    rows.centre(brain, "OUH")
    arrive(bank, with_roi(thinned("prostate"))[:1])
    assert codes() == set() and Membership.objects.exists()
    assert Firing.objects.get().outcome == "done"


@pytest.mark.parametrize(
    "change", [{"is_active": False}, {"until": timedelta(hours=-1)}, {"since": timedelta(hours=1)}]
)
def test_a_trigger_that_is_off_or_out_of_its_dates_does_nothing(
    bank: House, brain: Protocol, now: datetime, change: dict[str, Any]
) -> None:
    values = {k: now + v if isinstance(v, timedelta) else v for k, v in change.items()}
    Trigger.objects.update(**values)
    arrive(bank, with_roi(thinned("prostate")))
    assert not Firing.objects.exists() and codes() == set()


def test_a_closed_protocol_takes_nothing(bank: House, brain: Protocol, now: datetime) -> None:
    Protocol.objects.update(status="closed", closed_at=now)
    arrive(bank, with_roi(thinned("prostate")))
    assert not Membership.objects.exists()


def test_what_a_person_removed_only_a_person_adds_again(bank: House, brain: Protocol, now: datetime) -> None:
    objects = with_roi(thinned("prostate"))
    arrive(bank, objects)
    user = ProtocolRows(now).user("kaya", "OUH")
    remove_plan_set(Act.of(user, bank.clock.now()), brain, PlanSet.objects.get(), "sent by mistake")
    arrive(bank, objects)
    assert not Membership.objects.filter(removed_at=None, instance__isnull=False).exists()


def test_tags_file_images_without_a_structure_set(bank: House, brain: Protocol, now: datetime) -> None:
    condition = {
        "all": [
            {"path": "Modality", "test": "equals", "value": "CT"},
            {"path": "StationName", "test": "wildcard", "value": "acc*"},
        ]
    }
    make(brain, now, name="planning CT", kind="tags", roi_name="", condition=condition)
    for k in range(3):
        ds = ct(StationName="ACC3", SeriesInstanceUID="1.2.3.4", SOPInstanceUID=f"1.2.3.4.{k}")
        deposit(bank, encoded(ds), sop_instance_uid=ds.SOPInstanceUID)
    other = ct(StationName="PET1", SeriesInstanceUID="1.2.3.5")
    deposit(bank, encoded(other), sop_instance_uid=other.SOPInstanceUID)
    run_everything(bank)
    member = Membership.objects.get()
    assert member.series == Series.objects.get(series_instance_uid="1.2.3.4") and member.instance is None


def test_a_fallback_takes_only_what_no_other_took(bank: House, brain: Protocol, now: datetime) -> None:
    any_plan = {"path": "Modality", "test": "equals", "value": "RTPLAN"}
    rest = make(brain, now, name="rest", kind="tags", roi_name="", condition=any_plan, is_fallback=True)
    arrive(bank, with_roi(thinned("prostate")))
    assert not Firing.objects.filter(trigger=rest).exists()
    arrive(bank, thinned("breast"))
    assert Firing.objects.filter(trigger=rest, outcome="done").count() == 1


def test_it_tells_the_centre_where_the_trigger_says_so(bank: House, brain: Protocol) -> None:
    Trigger.objects.update(actions=[{"action": "include"}, {"action": "notify"}])
    arrive(bank, with_roi(thinned("prostate")))
    arrive(bank, with_roi(thinned("prostate")))
    event = Event.objects.get(kind="triggered")
    assert event.institution == Institution.objects.get(code="OUH")
    assert event.params == {"protocol": "PROTON", "trigger": NAME}


def test_two_protocols_may_want_the_same_plan(bank: House, brain: Protocol, now: datetime) -> None:
    rows = ProtocolRows(now - timedelta(days=1))
    second = rows.protocol("SECOND")
    rows.centre(second, "OUH")
    make(second, now)
    arrive(bank, with_roi(thinned("prostate")))
    assert set(Enrolment.objects.values_list("protocol__short_name", flat=True)) == {"PROTON", "SECOND"}


def test_later_in_time_the_same_end(bank: House, brain: Protocol) -> None:
    """Six months later a re-send changes nothing."""
    objects = with_roi(thinned("prostate"))
    arrive(bank, objects)
    before = list(Membership.objects.order_by("pk").values_list("series", "instance", "removed_at"))
    later = replace(bank, clock=FixedClock(bank.clock.now() + timedelta(days=180)))
    arrive(later, objects)
    assert list(Membership.objects.order_by("pk").values_list("series", "instance", "removed_at")) == before


def test_a_dot_counts_as_empty_where_the_sender_drops_empty_rois(bank: House, brain: Protocol) -> None:
    """model.md, Trigger ROIs: per sender 'POINT or under 0.1 cc'."""
    objects = with_roi(thinned("prostate"))
    rs = next(ds for ds in objects if "StructureSetROISequence" in ds)
    point = Dataset()
    point.ContourGeometricType, point.NumberOfContourPoints, point.ContourData = "POINT", 1, [1, 2, 3]
    rs.ROIContourSequence[-1].ContourSequence = [point]
    for ds in objects:
        send(bank, ds)
    run_everything(bank)
    assert not Firing.objects.exists()
    assert Finding.objects.filter(code="trigger-roi-has-contours", closed_at=None).exists()
    Sender.objects.update(small_is_empty=True)
    send(bank, rs)
    run_everything(bank)
    assert Firing.objects.get().outcome == "done"
    assert not Finding.objects.filter(code="trigger-roi-has-contours", closed_at=None).exists()


def test_a_tag_is_put_once_and_goes_with_the_plan(bank: House, brain: Protocol) -> None:
    """R88: action `tag`."""
    Trigger.objects.update(actions=[{"action": "tag"}, {"action": "tag", "word": "arm A"}])
    for ds in with_roi([ds for ds in thinned("prostate") if ds.Modality in ("RTSTRUCT", "RTPLAN")]):
        send(bank, ds)
    run_everything(bank)
    Firing.objects.all().delete()
    Outcome.objects.filter(service="trigger").update(state="due")
    run_everything(bank)
    assert sorted(Tag.objects.values_list("word", flat=True)) == [NAME, "arm A"]
    assert set(Tag.objects.values_list("subject_uid")) == set(PlanSet.objects.values_list("sop_instance_uid"))
