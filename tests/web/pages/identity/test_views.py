"""Who is who: candidates, numbers linked, patients joined, studies split off, undone (R20, R129, R130)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from planbank.catalogue.models import IdentityChange, PatientFile, PatientIdentity, PlanSet, Study
from planbank.house import House
from planbank.journal.models import Entry
from planbank.people.models import Institution, User
from planbank.protocols.models import Enrolment, Membership, Protocol
from tests.made import made
from tests.protocols.rows import ProtocolRows
from tests.sending import deposit, register_sender
from tests.services.running import run_everything

ClientOf = Callable[[User | None], Client]
WHY = {"reason": "seen in the records"}


@pytest.fixture
def rows(bank: House, now: datetime) -> ProtocolRows:
    return ProtocolRows(now - timedelta(days=1))


def state() -> list[object]:
    tables = (
        PatientFile.objects.values_list("pk", "patient"),
        PatientIdentity.objects.values_list("pk", "patient"),
        Study.objects.values_list("pk", "patient_file"),
        PlanSet.objects.values_list("pk", "patient_file"),
        Membership.objects.values_list("pk", "patient_file", "removed_at"),
        Enrolment.objects.values_list("pk", "patient", "pseudonym", "state"),
    )
    return [sorted(map(str, table)) for table in tables]


@pytest.fixture
def brain(rows: ProtocolRows) -> Protocol:
    """One person at AUH under a replacement number and a CPR, both in the protocol."""
    protocol = rows.protocol("BRAIN")
    rows.centre(protocol, "AUH")
    for number, name in (("0101501234", "P-AAAA"), ("010150XX12", "P-BBBB")):
        plan_set = rows.small_plan("AUH", number)
        file = plan_set.patient_file
        PatientFile.objects.filter(pk=file.pk).update(birth_date="19500101")
        PatientIdentity.objects.create(scheme="local", issuer="AUH", value=number, patient=file.patient)
        rows.join(protocol, plan_set)
        Enrolment.objects.filter(patient=plan_set.patient_file.patient).update(pseudonym=name)
    return protocol


def files() -> tuple[PatientFile, PatientFile]:
    one, two = PatientFile.objects.order_by("pk")
    return one, two


def test_candidates_are_shown_to_their_own_people_only(
    brain: Protocol, rows: ProtocolRows, client_of: ClientOf, site_admin: User
) -> None:
    anna = client_of(rows.user("anna", "AUH"))
    page = anna.get("/patients/same/").text
    assert "0101501234" in page and "010150XX12" in page and "Equal name and birth date" in page
    one, two = files()
    assert "Who is who" in anna.get(f"/patients/{one.pk}/").text
    other = client_of(rows.user("olga", "OUH"))
    assert "No candidates" in other.get("/patients/same/").text
    key = rows.user("kaya", "VLE")
    rows.grant(key, "key-user", brain)
    for url in (f"/patients/{one.pk}/identity/", f"/patients/{one.pk}/identity/{two.pk}/"):
        assert anna.get(url).status_code == 200
        for who in (other, client_of(key)):
            assert who.get(url).status_code in (403, 404)
        assert client_of(site_admin).get(url).status_code == 404


def test_joined_they_are_one_and_undone_they_are_as_before(
    brain: Protocol, rows: ProtocolRows, client_of: ClientOf
) -> None:
    client = client_of(rows.user("anna", "AUH"))
    one, two = files()
    before = state()
    assert client.post(f"/patients/{one.pk}/identity/{two.pk}/", {"reason": " "}).status_code == 200
    assert state() == before
    assert client.post(f"/patients/{one.pk}/identity/{two.pk}/", WHY).status_code == 302
    assert PatientIdentity.objects.values("patient").distinct().count() == 1
    assert Study.objects.values("patient_file").distinct().count() == 1
    assert set(Enrolment.objects.values_list("pseudonym", "state")) == {
        ("P-AAAA", "enrolled"),
        ("P-BBBB", "removed"),
    }, "both pseudonyms survive, one patient counts"
    assert Membership.objects.in_force().filter(patient_file=one).count() == 4
    change = IdentityChange.objects.first()
    assert change is not None
    assert (
        client_of(rows.user("olga", "OUH")).post(f"/patients/identity/{change.pk}/undo/").status_code == 404
    )
    client.post(f"/patients/identity/{change.pk}/undo/")
    assert state() == before
    client.post(f"/patients/identity/{change.pk}/undo/")
    assert "join patients" in set(Entry.objects.values_list("action", flat=True))
    assert not any("0101501234" in str(entry.detail) for entry in Entry.objects.all())


def test_what_is_not_settled_in_a_protocol_stops_it(
    brain: Protocol, rows: ProtocolRows, client_of: ClientOf
) -> None:
    client = client_of(rows.user("anna", "AUH"))
    one, two = files()
    before = state()
    Enrolment.objects.filter(pseudonym="P-BBBB").update(state="withdrawn")
    page = client.post(f"/patients/{one.pk}/identity/{two.pk}/", WHY)
    assert "They stand differently in BRAIN" in page.text
    Enrolment.objects.filter(pseudonym="P-BBBB").update(state="enrolled")
    for file, trial_id in ((one, "B-1"), (two, "B-2")):
        rows.participant(brain, trial_id, "AUH", patient=file.patient)
    page = client.post(f"/patients/{one.pk}/identity/{two.pk}/", WHY)
    assert "Both are participants" in page.text and state() == before


def test_a_number_linked_takes_only_ones_own_file_and_tells_nothing(
    rows: ProtocolRows, client_of: ClientOf
) -> None:
    theirs, mine = rows.file("OUH", "0101501234"), rows.file("AUH", "REPL-7")
    Institution.objects.update(identity_scheme="CPR")
    PatientIdentity.objects.create(scheme="CPR", issuer="", value="0101501234", patient=theirs.patient)
    client = client_of(rows.user("anna", "AUH"))
    url = f"/patients/{mine.pk}/identity/"
    assert client.post(url, {"verb": "number", "number": "", **WHY}).status_code == 200
    unknown = client.post(url, {"verb": "number", "number": "020250-1234", **WHY}, follow=True)
    known = client.post(url, {"verb": "number", "number": "010150-1234", **WHY}, follow=True)
    for page in (unknown, known):
        assert "The number is linked." in page.text and "OUH" not in page.text
    again = client.post(url, {"verb": "number", "number": "0202501234", **WHY})
    assert "already" in again.text
    mine.refresh_from_db()
    assert mine.patient == theirs.patient and mine.patient is not None
    client.post(f"/patients/identity/{IdentityChange.objects.order_by('-pk')[0].pk}/undo/")
    mine.refresh_from_db()
    assert mine.patient != theirs.patient


def test_studies_split_off_stay_split_when_they_are_sent_again(
    bank: House, rows: ProtocolRows, client_of: ClientOf
) -> None:
    register_sender("AUH")
    first = [ds for ds in made("prostate", seed=11) if ds.Modality == "RTPLAN"]
    second = [ds for ds in made("prostate", seed=12) if ds.Modality == "RTPLAN"]
    for ds in [*first, *second]:
        ds.PatientID = "0101501234"
        deposit(bank, ds)
    run_everything(bank)
    file = PatientFile.objects.get()
    client = client_of(rows.user("anna", "AUH"))
    wrong = Study.objects.get(study_instance_uid=second[0].StudyInstanceUID)
    url = f"/patients/{file.pk}/identity/"
    assert "Tick at least one" in client.post(url, {"verb": "split", **WHY}).text
    every = [str(pk) for pk in Study.objects.values_list("pk", flat=True)]
    assert "Leave at least one" in client.post(url, {"verb": "split", "study": every, **WHY}).text
    assert client.post(url, {"verb": "split", "study": str(wrong.pk), **WHY}).status_code == 302
    run_everything(bank)
    assert PatientFile.objects.count() == 2
    assert set(PlanSet.objects.values_list("patient_file", flat=True)) == set(
        PatientFile.objects.values_list("pk", flat=True)
    )
    deposit(bank, second[0])
    run_everything(bank)
    wrong.refresh_from_db()
    assert wrong.patient_file_id != file.pk and Study.objects.count() == 2
    change = IdentityChange.objects.get()
    client.post(f"/patients/identity/{change.pk}/undo/")
    run_everything(bank)
    assert set(Study.objects.values_list("patient_file", flat=True)) == {file.pk}
    assert set(PlanSet.objects.values_list("patient_file", flat=True)) == {file.pk}


def test_a_number_with_wrong_check_digits_is_told(
    brain: Protocol, client_of: ClientOf, person_of: Callable[..., User]
) -> None:
    """R129: typed in a planning system, or here."""
    Institution.objects.update(identity_scheme="CPR")
    one, _two = files()
    client = client_of(person_of("AUH"))
    assert "check digits are wrong" in client.get(f"/patients/{one.pk}/identity/").text
    typed = {"verb": "number", "number": "070761-4286", **WHY}
    said = client.post(f"/patients/{one.pk}/identity/", typed, follow=True).text
    assert "The number is linked." in said and "Is it typed as it is written?" in said
    PatientFile.objects.filter(pk=one.pk).update(sent_id="070761-4285")
    assert "may be mistyped" not in client.get(f"/patients/{one.pk}/identity/").text
