"""A trigger that forwards: order-independent, with its safeguards (R87, R89, R90, R193)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from planbank.catalogue.models import Finding, PatientFile
from planbank.delivery import asking
from planbank.delivery.models import Delivery, Destination, Forward
from planbank.house import House
from planbank.protocols.act import Act
from planbank.protocols.models import Agreement, Firing, Participant, Protocol, Trigger
from tests.made import thinned
from tests.sending import register_sender
from tests.services.forward.peers import Receiver
from tests.services.forward.rows import arrive, destination_at, go, images, later, protocol_with, states
from tests.services.trigger.test_run import with_roi

IS_CT = {"path": "Modality", "test": "equals", "value": "CT"}


@pytest.fixture
def proton(bank: House) -> Protocol:
    return protocol_with(bank)


def trigger(protocol: Protocol, destination: Destination, now: datetime, **how: Any) -> Trigger:
    does = [{"action": "forward", "destination": destination.pk, **how}]
    values = {"protocol": protocol, "name": "to protons", "actions": does, "changed_at": now}
    return Trigger.objects.create(**values, kind="tags", condition=IS_CT)


def reasons() -> list[str]:
    return list(Firing.objects.values_list("reason", flat=True))


def test_the_whole_plan_set_goes_late_arrivals_too(bank: House, proton: Protocol) -> None:
    peer = Receiver().start()
    try:
        there = destination_at(bank, peer.port)
        does = [{"action": "include"}, {"action": "forward", "destination": there.pk, "a_day": 5}]
        values = {"name": "DBCG_PROTON", "roi_name": "DBCG_PROTON", "actions": does}
        Trigger.objects.create(protocol=proton, changed_at=bank.clock.now(), **values)
        objects = with_roi(thinned("prostate"))
        doses = [ds for ds in objects if ds.Modality == "RTDOSE"]
        arrive(bank, [ds for ds in objects if ds.Modality != "RTDOSE"])
        row = Forward.objects.get()
        assert (row.state, row.reason) == ("held", "first") and not Delivery.objects.exists()
        asking.release(Act.of_service("test", bank.clock.now()), row)
        arrive(bank, doses)
        go(bank, there)
        assert sorted(uid for uid, _d in peer.came) == sorted(ds.SOPInstanceUID for ds in objects)
        arrive(bank, objects)
        assert go(bank, there) == 0 and states(row) == {"delivered": len(objects)}
        assert Firing.objects.get().outcome == "done" and Forward.objects.count() == 1
    finally:
        peer.stop()


def test_the_first_of_a_centre_and_too_many_a_day_wait_for_a_click(
    bank: House, proton: Protocol, now: datetime
) -> None:
    trigger(proton, destination_at(bank, 1), now, a_day=2)
    for n in range(4):
        if row := Forward.objects.filter(state="held", reason="first").first():
            asking.release(Act.of_service("test", bank.clock.now()), row)
        one = images(1, PatientID=f"010150123{n}", SeriesInstanceUID=f"1.2.{n}", StudyInstanceUID=f"1.3.{n}")
        one[0].SOPInstanceUID = f"1.2.3.{n}"
        arrive(bank, one)
    said = list(Forward.objects.order_by("pk").values_list("state", "reason"))
    assert said == [("open", ""), ("open", ""), ("held", "many"), ("held", "many")]


def test_only_participants_where_the_trigger_says_so(bank: House, proton: Protocol, now: datetime) -> None:
    trigger(proton, destination_at(bank, 1), now, participants_only=True)
    arrive(bank, images(1))
    assert reasons() == ["The patient is not on the list of participants."] and not Forward.objects.exists()
    file = PatientFile.objects.get()
    Participant.objects.create(
        protocol=proton, patient=file.patient, institution=file.institution, trial_id="P-1", added_at=now
    )
    arrive(bank, images(2)[1:])
    assert reasons() == [""] and Forward.objects.get().state == "open"


@pytest.mark.parametrize("why", ["no agreement", "not confirmed", "own", "gone"])
def test_it_is_refused_with_the_reason(bank: House, proton: Protocol, now: datetime, why: str) -> None:
    there = destination_at(bank, 1)
    if why == "no agreement":
        Agreement.objects.all().delete()
    elif why == "not confirmed":
        Destination.objects.update(confirmed_at=None)
    elif why == "own":
        Destination.objects.update(institution=register_sender("OUH"))
    trigger(proton, there, now)
    if why == "gone":
        there.delete()
    arrive(bank, images(1))
    assert Firing.objects.get().outcome == "refused" and reasons() != [""]
    assert Finding.objects.filter(code="trigger-refused", closed_at=None).exists()
    assert not Forward.objects.exists()


def test_nothing_goes_back_to_where_it_came_from(bank: House, proton: Protocol, now: datetime) -> None:
    """DCPT sent the object itself: a loop between two banks ends here."""
    there = destination_at(bank, 1)
    trigger(proton, there, now, participants_only=False)
    register_sender("DCPT", "PROTON_TPS", "10.0.1.0/24")
    arrive(bank, images(2)[:1], calling_ae="PROTON_TPS", address="10.0.1.7")
    arrive(bank, images(2))
    row = Forward.objects.get(institution__code="OUH")
    asking.release(Act.of_service("test", bank.clock.now()), row)
    arrive(bank, images(2))
    said = set(Delivery.objects.values_list("version__sop_instance_uid", "state", "reason"))
    assert said == {("1.2.3.4.5.1", "withheld", "came-from-there"), ("1.2.3.4.5.2", "waiting", "")}


def test_the_node_that_sent_it_gets_it_not_back(bank: House, proton: Protocol, now: datetime) -> None:
    there = destination_at(bank, 104, host="10.0.0.5", ae_title="TPS")
    row_of = trigger(proton, there, now)
    arrive(bank, images(1))
    asking.release(Act.of_service("test", bank.clock.now()), Forward.objects.get(trigger=row_of))
    arrive(bank, images(1))
    assert Delivery.objects.get().reason == "came-from-there"


@pytest.mark.parametrize("waits", ["quiet", "complete"])
def test_it_waits_where_the_trigger_says_so(bank: House, proton: Protocol, now: datetime, waits: str) -> None:
    trigger(proton, destination_at(bank, 1), now, waits=waits)
    arrive(bank, images(3))
    row = Forward.objects.get()
    asking.release(Act.of_service("test", bank.clock.now()), row)
    Forward.objects.update(waits=waits)
    arrive(bank, images(3)[:1])
    assert states(row) == {}
    later(bank, hours=3)
    from planbank.pipeline.drain import drain, overdue

    for name, lane in overdue(bank, timedelta(0)):
        drain(bank, name, lane)
    later(bank, minutes=2)
    for name, lane in overdue(bank, timedelta(0)):
        drain(bank, name, lane)
    row.refresh_from_db()
    assert states(row) == {"waiting": 3} and row.is_whole


def test_what_a_person_cancelled_a_trigger_does_not_take_up(
    bank: House, proton: Protocol, now: datetime
) -> None:
    trigger(proton, destination_at(bank, 1), now)
    arrive(bank, images(1))
    asking.cancel(Act.of_service("test", bank.clock.now()), Forward.objects.get())
    arrive(bank, images(2))
    assert Forward.objects.get().state == "cancelled" and not Delivery.objects.exists()
