"""Data in no protocol: warned of, kept, deleted, over real arrivals (R31, R200, R212)."""

from __future__ import annotations

import threading
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from pydicom.dataset import Dataset

from planbank.archive.names import object_key
from planbank.catalogue.models import (
    Instance,
    PatientFile,
    PatientIdentity,
    PlanSet,
    QuarantinedParcel,
    Series,
)
from planbank.erasure import ageing
from planbank.erasure.ageing import delete_not, delete_soon, goes_for_certain, keep_longer, keep_no_longer
from planbank.erasure.models import Ageing, Erasure, Tombstone
from planbank.errors import ErasureError
from planbank.house import House
from planbank.journal.models import Entry
from planbank.messages.models import Event
from planbank.people.models import Institution, User
from planbank.processes import clock
from planbank.protocols.act import Act
from planbank.protocols.actions.adding import add_plan_set, add_series
from planbank.protocols.actions.removing import remove_plan_set
from planbank.protocols.models import Participant, Participation, Protocol
from planbank.services.erase import erase_due, run
from tests.made import thinned
from tests.sending import deposit, register_sender
from tests.services.running import run_everything

DAY = timedelta(days=1)
Sent = list[Dataset]


@pytest.fixture(scope="module")
def patient() -> list[Dataset]:
    """A few images, the structure set and the plan; no dose, so that nothing is calculated."""
    objects = [ds for ds in thinned("prostate") if ds.Modality != "RTDOSE"]
    images = [ds for ds in objects if ds.Modality == "CT"]
    return [*images[:4], *(ds for ds in objects if ds.Modality != "CT")]


@pytest.fixture
def brain(bank: House) -> Protocol:
    return protocol_of(bank)


def protocol_of(house: House) -> Protocol:
    register_sender()
    at = house.clock.now()
    protocol = Protocol.objects.create(short_name="BRAIN", title="Brain", status="active", created_at=at)
    Participation.objects.create(protocol=protocol, institution=Institution.objects.get(), since=at - DAY)
    User.objects.create_user("anna")
    return protocol


def send(house: House, objects: list[Dataset]) -> PatientFile:
    for ds in objects:
        deposit(house, deepcopy(ds))
    run_everything(house)
    return PatientFile.objects.get()


def turn(house: House, days: float) -> datetime:
    """So many days later, the clock's sweep and the work process have gone round."""
    house.clock.at += days * DAY  # type: ignore[attr-defined]
    go_round(house)
    return house.clock.now()


def go_round(house: House) -> None:
    clock._sweep(house)
    erase_due(house)
    run_everything(house)
    clock._sweep(house)
    erase_due(house)
    run_everything(house)


def act(house: House) -> Act:
    return Act.of(User.objects.get(username="anna"), house.clock.now())


def told(house: House) -> list[int]:
    return [row.params["days"] for row in Event.objects.filter(kind="ageing").order_by("pk")]


def test_warned_at_150_and_173_deleted_at_180(bank: House, brain: Protocol, patient: Sent) -> None:
    """R200: rows, bytes and arrival records go; the journal and the counts stay; no tombstone."""
    file = send(bank, patient)
    keys = [object_key(h) for h in Instance.objects.values_list("current_version__content_hash", flat=True)]
    turn(bank, 149)
    assert told(bank) == []
    turn(bank, 1)
    go_round(bank)
    assert told(bank) == [30]
    turn(bank, 22.9)
    assert told(bank) == [30]
    turn(bank, 0.1)
    assert told(bank) == [30, 7]
    turn(bank, 6.99)
    assert Instance.objects.exists()
    turn(bank, 0.01)
    assert not Instance.objects.exists()
    assert not PatientFile.objects.exists()
    assert not any(bank.store.exists(key) for key in keys)
    erasure = Erasure.objects.get()
    assert (erasure.kind, erasure.state, erasure.file_number) == ("unassigned", "done", file.pk)
    assert erasure.proof["objects"] == len(patient)
    assert Entry.objects.get(action="erase").institution == "OUH"
    assert not Tombstone.objects.exists()
    assert told(bank) == [30, 7]
    event = Event.objects.filter(kind="ageing").first()
    assert event is not None
    assert event.params["patients"] == 1
    assert file.sent_id not in str(event.params)
    assert send(bank, patient).pk != file.pk  # it may come again


def test_what_stands_in_a_protocol_never_goes(bank: House, brain: Protocol, patient: Sent) -> None:
    """R187; and taken out again, its clock begins anew (R41, R212)."""
    file = send(bank, patient)
    for row in PlanSet.objects.all():
        add_plan_set(act(bank), brain, row)
    for series in Series.objects.all():
        add_series(act(bank), brain, series)
    run_everything(bank)
    assert not Ageing.objects.exists()
    count = Instance.objects.count()
    turn(bank, 400)
    assert Instance.objects.count() == count
    for row in PlanSet.objects.all():
        remove_plan_set(act(bank), brain, row, "wrong patient")
    run_everything(bank)
    assert Ageing.objects.get(patient_file=file).goes_at == bank.clock.now() + 180 * DAY


def test_images_of_a_member_are_kept(bank: House, brain: Protocol, patient: Sent) -> None:
    """R200's wrong: its CT is referenced by a structure set in a protocol."""
    send(bank, patient)
    rs = Series.objects.get(modality="RTSTRUCT")
    add_series(act(bank), brain, rs)
    run_everything(bank)
    for days in (150, 23, 7, 1):
        turn(bank, days)
    assert set(Series.objects.values_list("modality", flat=True)) == {"CT", "RTSTRUCT"}
    images = sum(ds.Modality == "CT" for ds in patient)
    assert Series.objects.get(modality="CT").instances.count() == images
    assert not Ageing.objects.exists()
    assert Erasure.objects.count() == 1


def test_sent_again_it_begins_anew(bank: House, brain: Protocol, patient: Sent) -> None:
    """Also between announcement and deletion: what came again meanwhile is not lost."""
    send(bank, patient)
    turn(bank, 150)
    turn(bank, 23)
    bank.clock.at += 7 * DAY  # type: ignore[attr-defined]
    assert ageing.carry_on(bank) == 1
    assert Erasure.objects.get().state == "confirmed"
    for ds in patient:
        deposit(bank, deepcopy(ds))
    run_everything(bank)
    erase_due(bank)
    run_everything(bank)
    assert Instance.objects.count() == len(patient)
    assert Erasure.objects.get().proof["objects"] == 0
    assert Ageing.objects.get().goes_at == bank.clock.now() + 180 * DAY
    assert Ageing.objects.get().last_warned_at is None
    go_round(bank)
    assert Erasure.objects.count() == 1


def test_filed_between_announcement_and_deletion(bank: House, brain: Protocol, patient: Sent) -> None:
    send(bank, patient)
    turn(bank, 150)
    turn(bank, 23)
    bank.clock.at += 7 * DAY  # type: ignore[attr-defined]
    assert ageing.carry_on(bank) == 1
    for row in PlanSet.objects.all():
        add_plan_set(act(bank), brain, row)
    for series in Series.objects.all():
        add_series(act(bank), brain, series)
    erase_due(bank)
    run_everything(bank)
    assert Instance.objects.count() == len(patient)


@pytest.mark.parametrize("step", ["remove_rows", "remove_bytes", "remove_parcels"])
def test_killed_at_any_step_it_ends_the_same(
    bank: House, brain: Protocol, patient: Sent, monkeypatch: Any, step: str
) -> None:
    send(bank, patient)
    turn(bank, 150)
    turn(bank, 23)
    with monkeypatch.context() as patched:
        patched.setattr(run, step, lambda *a, **k: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            turn(bank, 7)
    go_round(bank)
    assert not Instance.objects.exists()
    assert not list(bank.store.keys("objects/"))
    assert Entry.objects.filter(action="erase").count() == 1


class TestTheClock:
    """Nothing goes early, whatever the clock does."""

    def test_set_forward_deletes_nothing(self, bank: House, brain: Protocol, patient: Sent) -> None:
        """A year too far: warned, and back again within a week, all is there; the same once more."""
        send(bank, patient)
        for _again in range(2):
            turn(bank, 400)
            assert Instance.objects.count() == len(patient)
            turn(bank, 6.9)
            assert Instance.objects.count() == len(patient)
            turn(bank, -406.9)
            assert Ageing.objects.get().last_warned_at is None
            bank.clock.at += DAY / 2  # type: ignore[attr-defined]
        assert Instance.objects.count() == len(patient)
        assert not Erasure.objects.exists()

    def test_a_bank_that_slept_warns_first(self, bank: House, brain: Protocol, patient: Sent) -> None:
        send(bank, patient)
        now = turn(bank, 365)
        assert told(bank) == [30, 7]
        assert goes_for_certain(Ageing.objects.get(), now) == now + 7 * DAY
        turn(bank, 7)
        assert not Instance.objects.exists()

    def test_set_back_it_waits(self, bank: House, brain: Protocol, patient: Sent) -> None:
        send(bank, patient)
        turn(bank, 150)
        turn(bank, 23)
        turn(bank, -60)
        turn(bank, 60 + 6.9)
        assert Instance.objects.exists()

    @pytest.mark.parametrize(
        "begin", [datetime(2027, 9, 28, 0, 30), datetime(2027, 10, 31, 0, 30), datetime(2027, 9, 2, 12)]
    )
    def test_180_days_are_180_days(
        self, bank: House, brain: Protocol, patient: Sent, begin: datetime
    ) -> None:
        """Across both changes of summer time, and across 29 February 2028."""
        bank.clock.at = begin.replace(tzinfo=bank.clock.now().tzinfo)  # type: ignore[attr-defined]
        send(bank, patient)
        row = Ageing.objects.get()
        assert row.goes_at - bank.clock.now() == 180 * DAY


def test_two_clocks_and_two_workers_at_once(committed: House, patient: Sent) -> None:
    """One event for each step, one erasure, one entry."""
    protocol_of(committed)
    send(committed, patient)
    for days in (150, 23, 7):
        committed.clock.at += days * DAY  # type: ignore[attr-defined]
        both(lambda: ageing.warn(committed))
        both(lambda: ageing.carry_on(committed))
    assert told(committed) == [30, 7]
    assert Erasure.objects.count() == 1
    both(lambda: erase_due(committed))
    assert not Instance.objects.exists()
    assert Entry.objects.filter(action="erase").count() == 1


def both(do: Any) -> None:
    failed: list[BaseException] = []

    def one() -> None:
        try:
            do()
        except BaseException as exc:
            failed.append(exc)
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed, failed


def test_kept_longer_by_a_person_and_undone(bank: House, brain: Protocol, patient: Sent) -> None:
    file = send(bank, patient)
    usual = Ageing.objects.get().goes_at
    until = bank.clock.now() + 300 * DAY
    keep_longer(bank, act(bank), file, until, "waits for the trial to open")
    assert Ageing.objects.get().goes_at == until
    assert keep_no_longer(bank, act(bank), file) == 1
    assert Ageing.objects.get().goes_at == usual
    keep_longer(bank, act(bank), file, bank.clock.now() + 2 * DAY, "shorter than usual changes nothing")
    assert Ageing.objects.get().goes_at == usual
    for days, why in ((-1, "x"), (0, "x"), (400, "x"), (10, " ")):
        with pytest.raises(ErasureError):
            keep_longer(bank, act(bank), file, bank.clock.now() + days * DAY, why)


def test_deleted_soon_by_a_person_and_undone(bank: House, brain: Protocol, patient: Sent) -> None:
    """A day to think again; what came after the asking stays."""
    file = send(bank, patient)
    delete_soon(bank, act(bank), file, "sent by mistake")
    turn(bank, 0.9)
    assert delete_not(bank, act(bank), file)
    turn(bank, 1)
    assert Instance.objects.count() == len(patient)
    delete_soon(bank, act(bank), file, "sent by mistake")
    turn(bank, 1)
    assert not Instance.objects.exists()
    assert not delete_not(bank, act(bank), file)
    assert Erasure.objects.get().asked_by == User.objects.get()


def test_whom_a_protocol_expects_is_not_forgotten(bank: House, brain: Protocol, patient: Sent) -> None:
    """The participant's line is the protocol's; only the data go."""
    file = send(bank, patient)
    Participant.objects.create(
        protocol=brain,
        institution=file.institution,
        patient=file.patient,
        trial_id="T-1",
        added_at=bank.clock.now(),
    )
    for days in (150, 23, 7):
        turn(bank, days)
    assert not Instance.objects.exists()
    assert Participant.objects.get().patient is not None
    assert PatientIdentity.objects.exists()


def test_a_release_from_quarantine_counts_as_an_arrival(bank: House, brain: Protocol, patient: Sent) -> None:
    """It lay there for half a year; its clock begins when it is let in (model.md, Submission)."""
    parcels = [deposit(bank, deepcopy(ds)) for ds in patient]
    received = bank.clock.now()
    run_everything(bank)
    QuarantinedParcel.objects.bulk_create(
        QuarantinedParcel(
            parcel_id=p,
            state="released",
            reason="unknown-sender",
            received_at=received,
            decided_at=received + 170 * DAY,
        )
        for p in parcels
    )
    ageing.look(bank, PatientFile.objects.get().pk)
    assert Ageing.objects.get().goes_at == received + 350 * DAY


def test_another_setting_is_reckoned_anew(bank: House, brain: Protocol, patient: Sent) -> None:
    send(bank, patient)
    object.__setattr__(bank, "settings", bank.settings.model_copy(update={"unassigned_days": 90}))
    assert ageing.reckon_anew(bank) == 1
    run_everything(bank)
    assert Ageing.objects.get().goes_at == bank.clock.now() + 90 * DAY
    assert ageing.reckon_anew(bank) == 0


def test_images_named_from_another_patient_of_the_institution(
    bank: House, brain: Protocol, patient: Sent
) -> None:
    """The CT came under a mistyped Patient ID; the structure set in the protocol names it."""
    mistyped = deepcopy(patient)
    for ds in mistyped:
        if ds.Modality == "CT":
            ds.PatientID = "MISTYPED-1"
    for ds in mistyped:
        deposit(bank, ds)
    run_everything(bank)
    add_series(act(bank), brain, Series.objects.get(modality="RTSTRUCT"))
    run_everything(bank)
    for days in (150, 23, 7, 1):
        turn(bank, days)
    assert set(Series.objects.values_list("modality", flat=True)) == {"CT", "RTSTRUCT"}
