"""What the archive knows and no table does, registered again: as it was, and never what was erased."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from planbank.archive.names import object_key
from planbank.catalogue.models import (
    Instance,
    InstanceVersion,
    Patient,
    PatientFile,
    PatientIdentity,
    Study,
    Submission,
)
from planbank.erasure.marks import object_mark
from planbank.erasure.tombstones import lay
from planbank.errors import RebuildError
from planbank.house import House
from planbank.journal.models import Entry
from planbank.people.models import Institution, Sender
from planbank.pipeline.models import Outcome
from planbank.services.register import register_once
from planbank.services.register.from_archive import register_from_archive
from planbank.transit.keys import KeyFolder
from tests.sending import ct, deposit, register_sender

KEPT = ("parcel_id", "relation", "received_at", "calling_ae", "version__content_hash", "institution__code")


def lose_the_catalogue() -> None:
    """As if the database ended before any of it came."""
    catalogue = (Submission, Instance, InstanceVersion, Study, PatientFile, PatientIdentity, Patient)
    for model in (*catalogue, Outcome):
        model.objects.all().delete()


def submissions() -> list[tuple[object, ...]]:
    return sorted(Submission.objects.values_list(*KEPT), key=str)


@pytest.fixture
def held(bank: House) -> House:
    """Three objects, one of them twice and once with other content."""
    register_sender()
    one = ct()
    for ds in (one, ct(SeriesInstanceUID="1.2.3.4.6"), ct(PatientID="0202601234", StudyInstanceUID="1.9")):
        deposit(bank, ds)
    deposit(bank, one)
    one.InstanceNumber = "77"
    deposit(bank, one)
    assert register_once(bank) == 5
    return bank


def test_all_arrivals_as_they_were(held: House) -> None:
    before = submissions()
    assert {row[1] for row in before} == {"new", "again", "version"}
    lose_the_catalogue()
    told: list[tuple[int, int]] = []
    found = register_from_archive(held, lambda n, of: told.append((n, of)))
    assert (found.registered, found.erased, found.missing, found.unreadable) == (5, 0, 0, 0)
    assert submissions() == before
    assert told[-1] == (len(told), len(told))
    assert Outcome.objects.filter(service="analyse", state="due").count() == InstanceVersion.objects.count()
    assert Entry.objects.get(action="register again").detail == {"objects": 5}


def test_what_is_known_is_left_as_it_is(held: House) -> None:
    """Last night's database, today's objects."""
    before = submissions()
    assert register_from_archive(held).registered == 0
    deposit(held, ct(SeriesInstanceUID="1.2.3.4.8"))
    assert register_once(held) == 1
    after = submissions()
    today = Instance.objects.get(series__series_instance_uid="1.2.3.4.8")
    version = today.current_version
    today.delete()
    version.delete()
    assert submissions() == before
    assert register_from_archive(held).registered == 1
    assert submissions() == after


def test_what_was_erased_stays_erased(held: House) -> None:
    """R123: what came before the erasure; what comes after it waits for a person."""
    uids = sorted(InstanceVersion.objects.values_list("sop_instance_uid", flat=True).distinct())
    lose_the_catalogue()
    mark = object_mark(KeyFolder(held.keys).vault_key(), "OUH", uids[0])
    lay(held, uuid4(), [mark], held.clock.now() + timedelta(days=1))
    found = register_from_archive(held)
    assert found.erased + found.registered == 5
    assert found.erased >= 1
    assert not Instance.objects.filter(sop_instance_uid=uids[0]).exists()


def test_an_object_that_is_not_there_is_counted(held: House) -> None:
    gone = InstanceVersion.objects.latest("pk")
    times, digest = gone.submissions.count(), gone.content_hash
    lose_the_catalogue()
    held.store.erase(object_key(digest))
    found = register_from_archive(held)
    assert (found.missing, found.registered) == (times, 5 - times)


def test_an_institution_that_is_not_there_is_named_and_nothing_guessed(held: House) -> None:
    lose_the_catalogue()
    Sender.objects.all().delete()
    Institution.objects.all().delete()
    with pytest.raises(RebuildError, match="OUH"):
        register_from_archive(held)
    assert not Submission.objects.exists()
