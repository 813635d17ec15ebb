"""The service erase over real arrivals: nothing is left but the tombstones (R41, R123, R204)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import timedelta

import pytest
from django.db import connection
from pydicom.dataset import Dataset

from planbank.access.models import Grant
from planbank.archive.names import object_key
from planbank.catalogue.models import (
    Dvh,
    Instance,
    InstanceVersion,
    PatientFile,
    PatientIdentity,
    PlanSet,
    QuarantinedParcel,
)
from planbank.commands.check import check
from planbank.erasure.asking import ask, confirm, decide, lift
from planbank.erasure.extent import extent
from planbank.erasure.models import Erasure, Tombstone
from planbank.erasure.withdrawing import carry_on, undo, withdraw
from planbank.house import House
from planbank.journal.models import Entry
from planbank.people.models import Institution, User
from planbank.protocols.act import Act
from planbank.protocols.actions.adding import add_patient
from planbank.protocols.models import Enrolment, Membership, Participant, Participation, Protocol
from planbank.services.erase import erase_due, run
from planbank.services.erase.returned import heal
from tests.made import made
from tests.sending import deposit, register_sender
from tests.services.running import run_everything

CT = "1.2.840.10008.5.1.4.1.1.2"
CPR, NAME = "0101509995", "Kanariesen^Zoeg"


@pytest.fixture(scope="module")
def sent() -> list[Dataset]:
    """A synthetic patient with every RT object and a few images, named by canaries."""
    objects = made("prostate", seed=11)
    images = [ds for ds in objects if ds.SOPClassUID == CT]
    kept = [*images[::8], *(ds for ds in objects if ds.SOPClassUID != CT)]
    for ds in kept:
        ds.PatientID, ds.PatientName = CPR, NAME
    return kept


@pytest.fixture
def brain(bank: House) -> Protocol:
    register_sender()
    at = bank.clock.now()
    protocol = Protocol.objects.create(short_name="BRAIN", title="Brain", status="active", created_at=at)
    Participation.objects.create(
        protocol=protocol, institution=Institution.objects.get(), since=at - timedelta(days=1)
    )
    for name, role in (("asker", "key-user"), ("controller", "controller")):
        Grant.objects.create(
            user=User.objects.create_user(name, name=name), role=role, scope_kind="protocol",
            scope_id=protocol.pk, since=at - timedelta(days=1), until=at + timedelta(days=99),
            granted_at=at, confirmed_at=at - timedelta(days=1),
        )  # fmt: skip
    User.objects.create_user("second", name="second", is_site_admin=True)
    return protocol


def by(house: House, name: str) -> Act:
    return Act.of(User.objects.get(username=name), house.clock.now())


def send(house: House, objects: list[Dataset], **how: str) -> None:
    for ds in objects:
        deposit(house, deepcopy(ds), **how)  # type: ignore[arg-type]
    run_everything(house)


def enrolled(house: House, protocol: Protocol, objects: list[Dataset]) -> PatientFile:
    send(house, objects)
    file = PatientFile.objects.get()
    add_patient(by(house, "asker"), protocol, file)
    row = Participant.objects.create(
        protocol=protocol, institution=file.institution, patient=file.patient, trial_id="T-1",
        attributes={"note": CPR}, added_at=house.clock.now(),
    )  # fmt: skip
    assert row.pk
    run_everything(house)
    return file


def confirmed(house: House, protocol: Protocol, file: PatientFile, plan: PlanSet | None = None) -> Erasure:
    row = ask(by(house, "asker"), protocol, file, "the citizen asked", plan)
    decide(by(house, "controller"), row, "it is their right")
    return confirm(by(house, "second"), row, extent(row).objects)


def tables() -> Iterator[tuple[str, str]]:
    """(table, everything in it as text), of every table of the house and of the queue."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        for (name,) in cursor.fetchall():
            cursor.execute(f'SELECT string_agg(t::text, chr(10)) FROM "{name}" t')
            yield name, cursor.fetchone()[0] or ""


def leaks(house: House, canaries: set[str]) -> list[str]:
    found = [f"{table}: {c}" for table, text in tables() for c in canaries if c in text]
    for key in house.store.keys(""):
        with house.store.open(key) as stream:
            content = stream.read()
        found += [f"{key}: {c}" for c in canaries if c in key or c.encode() in content]
    return found


def canaries(objects: list[Dataset]) -> set[str]:
    uids = {
        str(getattr(ds, n))
        for ds in objects
        for n in ("SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID")
    }
    hashes = set(InstanceVersion.objects.values_list("content_hash", flat=True))
    return {CPR, "Kanariesen"} | uids | hashes


def test_nothing_is_left_but_tombstones(bank: House, brain: Protocol, sent: list[Dataset]) -> None:
    """R123, R204: every table and the whole archive are read for what was known of the patient."""
    file = enrolled(bank, brain, sent)
    assert Dvh.objects.exists() and PlanSet.objects.exists()
    words = canaries(sent)
    assert len(leaks(bank, words)) > len(words)  # the search finds them while they are there
    row = confirmed(bank, brain, file)
    assert erase_due(bank) == 1
    assert leaks(bank, words) == []
    row.refresh_from_db()
    assert (row.state, row.work, row.patient_file) == ("done", {}, None)
    assert row.proof["objects"] == len(sent) and row.proof["files"] == len(sent)
    assert row.proof["marks"] == Tombstone.objects.count() == len(sent) + 1
    assert list(bank.store.keys("tombstones/")) == [row.proof["tombstones"]]
    told = Entry.objects.get(action="erase").detail
    assert (told["asked_by"], told["decided_by"], told["confirmed_by"]) == ("asker", "controller", "second")
    assert told["files"] == len(sent) and told["marks_digest"] == row.proof["marks_digest"]
    assert Enrolment.objects.get().pseudonym == "" and Participant.objects.get().patient is None
    assert not PatientIdentity.objects.exists() and not Membership.objects.exists()
    assert [f for f in check(bank) if not f.startswith("journal")] == []
    assert erase_due(bank) == 0


class Killed(BaseException):
    """The process ends here."""


class Fuse:
    """Lets `left` calls through, then kills."""

    def __init__(self, left: int) -> None:
        self.left = left

    def burn(self, act: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **more: object) -> object:
            if not self.left:
                raise Killed
            self.left -= 1
            return act(*args, **more)

        return call


def test_killed_at_every_step_it_ends_the_same(
    bank: House, brain: Protocol, sent: list[Dataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between any two calls of the archive and the transit area, and after none."""
    file, words = enrolled(bank, brain, sent), canaries(sent)
    row, deaths = confirmed(bank, brain, file), 0
    for allowed in range(500):  # each life gets one call further than the one before
        fuse = Fuse(allowed)
        with monkeypatch.context() as patch:
            for name in ("put", "erase"):
                patch.setattr(bank.store, name, fuse.burn(getattr(bank.store, name)))
            for name in ("services.erase.run.record", "services.erase.run.remove_parcels"):
                patch.setattr(f"planbank.{name}", fuse.burn(getattr(run, name.rsplit(".", 1)[-1])))
            try:
                erase_due(bank)
                break
            except Killed:
                deaths += 1
    row.refresh_from_db()
    assert deaths > len(sent) and row.state == "done" and row.work == {}
    assert leaks(bank, words) == []
    assert Entry.objects.filter(action="erase").count() == 1


def test_the_same_bytes_of_another_institution_stay_theirs(
    bank: House, brain: Protocol, sent: list[Dataset]
) -> None:
    file = enrolled(bank, brain, sent)
    other = register_sender("VLE", "VLE_TPS")
    send(bank, sent, calling_ae="VLE_TPS")
    confirmed(bank, brain, file)
    erase_due(bank)
    left = PatientFile.objects.get()
    assert left.institution == other and left.patient is not None
    assert Instance.objects.count() == len(sent) and Dvh.objects.exists()
    for version in InstanceVersion.objects.all():
        assert bank.store.exists(object_key(version.content_hash))
    send(bank, sent, calling_ae="VLE_TPS")  # and they may send them again
    assert not QuarantinedParcel.objects.exists()


def test_what_is_sent_again_waits_for_a_person(bank: House, brain: Protocol, sent: list[Dataset]) -> None:
    """Also a new object of the erased patient; a person lifts it, and the same comes in."""
    file = enrolled(bank, brain, sent)
    row = confirmed(bank, brain, file)
    waiting = deposit(bank, deepcopy(sent[1]))  # came before it is carried out: goes with it
    bank.clock.at += timedelta(seconds=1)  # type: ignore[attr-defined]
    erase_due(bank)
    bank.clock.at += timedelta(seconds=1)  # type: ignore[attr-defined]
    fresh = deepcopy(sent[0])
    fresh.SOPInstanceUID = "1.2.3.99"
    send(bank, [sent[0], fresh])
    assert not Instance.objects.exists() and not list(bank.store.keys("objects/"))
    held = QuarantinedParcel.objects.all()
    assert [(q.reason, q.institution.code) for q in held] == [("erased", "OUH")] * 2
    assert waiting not in {q.parcel_id for q in held}
    assert Entry.objects.filter(action="erase waiting parcel", object_id=waiting).exists()
    assert lift(by(bank, "controller"), bank, row, "the wrong patient was erased") == len(sent) + 1
    send(bank, [sent[0]])
    assert Instance.objects.count() == 1


def test_a_plan_set_goes_and_the_rest_of_the_patient_stays(
    bank: House, brain: Protocol, sent: list[Dataset]
) -> None:
    extra = deepcopy(next(ds for ds in sent if ds.SOPClassUID == CT))
    extra.SOPInstanceUID, extra.SeriesInstanceUID = "1.2.3.77", "1.2.3.78"
    extra.FrameOfReferenceUID = "1.2.3.79"
    file = enrolled(bank, brain, [*sent, extra])
    plan = PlanSet.objects.get()
    row = confirmed(bank, brain, file, plan)
    erase_due(bank)
    run_everything(bank)
    row.refresh_from_db()
    assert row.state == "done" and row.plan_set is None
    assert [i.sop_instance_uid for i in Instance.objects.all()] == ["1.2.3.77"]
    assert not PlanSet.objects.exists() and PatientFile.objects.get().patient is not None
    send(bank, [next(ds for ds in sent if ds.Modality == "RTPLAN")])
    assert QuarantinedParcel.objects.get().reason == "erased"


def test_a_restored_database_forgets_nothing(bank: House, brain: Protocol, sent: list[Dataset]) -> None:
    """The archive keeps the tombstones: check names what came back, and it is removed again."""
    file = enrolled(bank, brain, sent)
    row = confirmed(bank, brain, file)
    erase_due(bank)
    Tombstone.objects.all().delete()  # the database of before the erasure
    Erasure.objects.filter(pk=row.pk).delete()
    send(bank, sent[:3])
    assert Instance.objects.count() == 3
    faults = [f for f in check(bank) if f.startswith("erasure")]
    assert len(faults) == 1 and "unknown to the database" in faults[0]
    assert heal(bank) == 1
    assert "3 erased objects are back" in next(f for f in check(bank) if f.startswith("erasure"))
    erase_due(bank)
    assert not Instance.objects.exists() and not list(bank.store.keys("objects/"))
    assert not [f for f in check(bank) if f.startswith("erasure")]


def test_a_withdrawal_is_carried_out_after_14_days(bank: House, brain: Protocol, sent: list[Dataset]) -> None:
    """R41; model.md, Withdrawal."""
    enrolled(bank, brain, sent)
    words = canaries(sent)
    withdraw(by(bank, "asker"), Enrolment.objects.get(), "consent withdrawn")
    assert not Membership.objects.in_force().exists()
    bank.clock.at += timedelta(days=13, hours=23)  # type: ignore[attr-defined]
    assert carry_on(bank.clock.now()) == 0
    bank.clock.at += timedelta(hours=2)  # type: ignore[attr-defined]
    assert carry_on(bank.clock.now()) == 1
    assert carry_on(bank.clock.now()) == 0
    assert erase_due(bank) == 1
    assert leaks(bank, words) == []
    bank.clock.at += timedelta(seconds=1)  # type: ignore[attr-defined]
    send(bank, sent[:1])
    assert QuarantinedParcel.objects.get().reason == "erased"
    assert Entry.objects.filter(action="withdrawal is carried out").count() == 1


def test_a_lifted_withdrawal_and_another_protocol_keep_the_data(
    bank: House, brain: Protocol, sent: list[Dataset]
) -> None:
    file = enrolled(bank, brain, sent)
    withdraw(by(bank, "asker"), Enrolment.objects.get(), "wrong patient")
    undo(by(bank, "asker"), Enrolment.objects.get(), "it was the right one")
    bank.clock.at += timedelta(days=20)  # type: ignore[attr-defined]
    assert carry_on(bank.clock.now()) == 0
    at = bank.clock.now()
    liver = Protocol.objects.create(short_name="LIVER", title="Liver", status="active", created_at=at)
    Participation.objects.create(protocol=liver, institution=file.institution, since=at - timedelta(days=1))
    add_patient(by(bank, "asker"), liver, file)
    withdraw(by(bank, "asker"), Enrolment.objects.get(protocol=brain), "consent withdrawn")
    bank.clock.at += timedelta(days=15)  # type: ignore[attr-defined]
    assert carry_on(bank.clock.now()) == 1
    erase_due(bank)
    assert Instance.objects.count() == len(sent)
    assert set(Membership.objects.in_force().values_list("protocol__short_name", flat=True)) == {"LIVER"}


def test_a_parcel_in_quarantine_goes_too(bank: House, brain: Protocol, sent: list[Dataset]) -> None:
    file = enrolled(bank, brain, sent)
    theirs = deposit(bank, deepcopy(sent[0]), calling_ae="NOBODY")
    stranger = deepcopy(sent[0])
    stranger.PatientID, stranger.SOPInstanceUID = "0202501234", "1.2.3.55"
    kept = deposit(bank, stranger, calling_ae="NOBODY")
    run_everything(bank)
    row = confirmed(bank, brain, file)
    erase_due(bank)
    assert set(bank.tray.quarantined()) == {kept}
    assert QuarantinedParcel.objects.get(parcel_id=theirs).state == "deleted"
    row.refresh_from_db()
    assert row.proof["parcels"] == 1
