"""The service members: late arrivals join by themselves, over real arrivals (R13, R40, R185)."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from planbank.catalogue.models import PatientFile, PlanSet
from planbank.house import House
from planbank.people.models import Institution, User
from planbank.protocols.act import Act
from planbank.protocols.actions.adding import add_patient
from planbank.protocols.actions.removing import remove_patient, remove_plan_set
from planbank.protocols.models import Enrolment, Membership, Participation, Protocol
from tests.made import made
from tests.sending import deposit, register_sender
from tests.services.running import run_everything

CT = "1.2.840.10008.5.1.4.1.1.2"


def thinned() -> dict[str, list[Dataset]]:
    objects = made("prostate", seed=11)
    for ds in objects:
        ds.PatientID = "0101501234"  # a national number: one patient, whatever the centre
    images = [ds for ds in objects if ds.SOPClassUID == CT][::8]
    return {"CT": images, **{ds.Modality: [ds] for ds in objects if ds.SOPClassUID != CT}}


@pytest.fixture
def brain(bank: House) -> Protocol:
    register_sender()
    at = bank.clock.now()
    protocol = Protocol.objects.create(short_name="BRAIN", title="Brain", status="active", created_at=at)
    institution = Institution.objects.get()
    Participation.objects.create(protocol=protocol, institution=institution, since=at - timedelta(days=1))
    User.objects.create_user("mette", name="Mette")
    return protocol


def send(house: House, *objects: Dataset) -> None:
    for ds in objects:
        deposit(house, ds)
    run_everything(house)


def act(house: House) -> Act:
    return Act.of(User.objects.get(username="mette"), house.clock.now())


def add(house: House, protocol: Protocol) -> None:
    add_patient(act(house), protocol, PatientFile.objects.get())
    run_everything(house)


def members() -> set[str]:
    rows = Membership.objects.filter(removed_at=None).select_related("series")
    return {row.sop_instance_uid or row.series.series_instance_uid for row in rows}


def everything(sent: dict[str, list[Dataset]]) -> set[str]:
    return {
        str(ds.SeriesInstanceUID if ds.SOPClassUID == CT else ds.SOPInstanceUID)
        for objects in sent.values()
        for ds in objects
    }


@pytest.mark.parametrize("first", ["RTPLAN", "RTSTRUCT", "CT"])
def test_what_comes_after_joins_whatever_came_first(bank: House, brain: Protocol, first: str) -> None:
    sent = thinned()
    send(bank, *sent[first])
    add(bank, brain)
    bank.clock.at += timedelta(minutes=5)
    for modality, objects in sent.items():
        if modality != first:
            send(bank, *objects)
    assert members() == everything(sent)
    assert Enrolment.objects.get().pseudonym
    again = list(Membership.objects.values_list("pk", flat=True))
    send(bank, *sent["RTDOSE"])
    assert list(Membership.objects.values_list("pk", flat=True)) == again


def late_plan(sent: dict[str, list[Dataset]]) -> Dataset:
    ds = deepcopy(sent["RTPLAN"][0])
    ds.SOPInstanceUID, ds.SeriesInstanceUID, ds.RTPlanLabel = generate_uid(), generate_uid(), "boost"
    return ds


def whole(bank: House, brain: Protocol) -> dict[str, list[Dataset]]:
    sent = thinned()
    send(bank, *(ds for objects in sent.values() for ds in objects))
    add(bank, brain)
    bank.clock.at += timedelta(days=1)
    return sent


def test_a_late_plan_on_the_same_structure_set_joins(bank: House, brain: Protocol) -> None:
    sent = whole(bank, brain)
    boost = late_plan(sent)
    send(bank, boost)
    assert members() == {*everything(sent), str(boost.SOPInstanceUID)}


@pytest.mark.parametrize(
    "change", [{"status": "closed"}, {"status": "draft"}, {"until": True}], ids=["closed", "draft", "left"]
)
def test_nothing_joins_a_protocol_that_is_not_open_or_a_centre_that_left(
    bank: House, brain: Protocol, change: dict[str, Any]
) -> None:
    sent = whole(bank, brain)
    if "until" in change:
        Participation.objects.update(until=bank.clock.now())
    else:
        Protocol.objects.update(closed_at=bank.clock.now(), **change)
    send(bank, late_plan(sent))
    assert members() == everything(sent)


def test_what_a_person_removed_does_not_come_back_with_a_new_sending(bank: House, brain: Protocol) -> None:
    sent = whole(bank, brain)
    remove_plan_set(act(bank), brain, PlanSet.objects.get(), "wrong plan")
    bank.clock.at += timedelta(days=1)
    send(bank, *(ds for objects in sent.values() for ds in objects))
    send(bank, late_plan(sent))
    assert members() == set()


def test_a_removed_patient_stays_away(bank: House, brain: Protocol) -> None:
    sent = whole(bank, brain)
    remove_patient(act(bank), brain, Enrolment.objects.get(), "consent withdrawn")
    send(bank, late_plan(sent))
    assert members() == set()


def test_an_object_sent_again_under_another_patient_is_let_go(bank: House, brain: Protocol) -> None:
    sent = whole(bank, brain)
    dose = sent["RTDOSE"][0]
    dose.PatientID, dose.PatientName = "0202501234", "Other^Person"
    send(bank, dose)
    assert members() == everything(sent) - {str(dose.SOPInstanceUID)}
    assert Enrolment.objects.count() == 1, "the other patient is not drawn in"


def from_auh(bank: House, *objects: Dataset) -> None:
    for ds in objects:
        deposit(bank, ds, calling_ae="AUHTPS")
    run_everything(bank)


@pytest.fixture
def auh(bank: House, brain: Protocol) -> Institution:
    institution = register_sender("AUH", "AUHTPS")
    since = bank.clock.now() - timedelta(days=1)
    Participation.objects.create(protocol=brain, institution=institution, since=since)
    return institution


def test_another_centres_late_plan_on_a_member_joins(bank: House, brain: Protocol, auh: Institution) -> None:
    sent = whole(bank, brain)
    boost = late_plan(sent)
    from_auh(bank, *sent["CT"], *sent["RTSTRUCT"], boost)
    theirs = Membership.objects.filter(institution=auh, removed_at=None)
    uids = {row.sop_instance_uid or row.series.series_instance_uid for row in theirs}
    assert uids == everything({k: sent[k] for k in ("CT", "RTSTRUCT")}) | {str(boost.SOPInstanceUID)}
    assert Enrolment.objects.count() == 1, "one patient, whatever the centre"
    assert set(theirs.values_list("via", flat=True)) == {"late arrival"}


def test_another_centres_plan_on_nothing_of_ours_does_not_join(
    bank: House, brain: Protocol, auh: Institution
) -> None:
    sent = whole(bank, brain)
    other = late_plan(sent)
    del other.ReferencedStructureSetSequence
    from_auh(bank, other)
    assert not Membership.objects.filter(institution=auh).exists()


def test_another_centres_plan_waits_for_the_member_it_refers_to(
    bank: House, brain: Protocol, auh: Institution
) -> None:
    sent = thinned()
    send(bank, *sent["CT"])
    add(bank, brain)
    bank.clock.at += timedelta(days=1)
    from_auh(bank, *sent["RTSTRUCT"], late_plan(sent))
    assert not Membership.objects.filter(institution=auh).exists()
    send(bank, *sent["RTSTRUCT"])  # joins at its own centre, and is then what the other plan refers to
    assert Membership.objects.filter(institution=auh, removed_at=None).count() == 2


def test_a_centre_that_takes_no_part_adds_nothing(bank: House, brain: Protocol) -> None:
    sent = whole(bank, brain)
    register_sender("AUH", "AUHTPS")
    from_auh(bank, *sent["CT"], *sent["RTSTRUCT"], late_plan(sent))
    assert members() == everything(sent)
