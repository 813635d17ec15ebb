"""The first page: numbers and lines of what somebody may see, and no patient for the administrator."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from planbank.catalogue.models import QuarantinedParcel
from planbank.catalogue.quarantine_use import publish_use
from planbank.config import GateLimits
from planbank.messages.models import Event
from planbank.people.models import Sender, SenderCertificate, User
from planbank.protocols.queries.zero_touch import Touch
from tests.aside import set_aside as set_them_aside
from tests.catalogue.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from typing import Any

    from django.test import Client

    from planbank.house import House

    ClientOf = Callable[[User | None], Client]
    PersonOf = Callable[[str], User]


@pytest.fixture
def rows(bank: House, now: datetime) -> Rows:
    return Rows(now)


def lines(client: Client) -> list[tuple[str, str]]:
    return [(line["state"], line["title"]) for line in client.get("/").context["needs"]]


def set_aside(rows: Rows, code: str, number: int, **fields: Any) -> None:
    QuarantinedParcel.objects.create(
        parcel_id=f"{code}{number}",
        institution=rows.institution(code) if code else None,
        calling_ae="NODE",
        received_at=rows.at,
        **{"reason": "malformed", **fields},
    )


def test_anonymous_is_sent_to_the_sign_in(bank: House, client_of: ClientOf) -> None:
    assert client_of(None).get("/").status_code == 302


def test_numbers_are_of_my_institutions(
    rows: Rows, client_of: ClientOf, person_of: PersonOf, now: datetime
) -> None:
    rows.whole("AUH", "1", objects=3)
    rows.whole("AUH", "", objects=1)
    rows.whole("OUH", "2", objects=5)
    rows.at = now - timedelta(days=8)
    rows.whole("AUH", "3", objects=2)
    answer = client_of(person_of("AUH")).get("/")
    assert answer.context["stats"] == {
        "touch": Touch(),
        "patients": 2,
        "new_patients": 1,
        "series": 3,
        "objects": 6,
        "week": 4,
        "associations": 1,
    }
    assert answer.context["chart"].total == 6
    assert [row.came.objects for row in answer.context["latest"]] == [6]
    assert "Hansen" not in answer.text


def test_the_same_person_at_two_of_my_institutions_is_one_patient(
    rows: Rows, client_of: ClientOf, now: datetime
) -> None:
    here = rows.whole("AUH", "1").series.study.patient_file
    there = rows.whole("OUH", "1").series.study.patient_file
    there.patient = here.patient
    there.save()
    user = rows.user("both", "AUH", "OUH")
    assert client_of(user).get("/").context["stats"]["patients"] == 1


def test_an_empty_bank_says_how_to_send(bank: House, client_of: ClientOf, person_of: PersonOf) -> None:
    page = client_of(person_of("AUH")).get("/").text
    assert "Nothing has been received yet" in page
    assert bank.settings.ae_title in page and str(bank.settings.dicom_port) in page
    assert "All well" in page


def test_somebody_without_an_institution_is_told_so(rows: Rows, client_of: ClientOf) -> None:
    rows.whole("AUH", "1")
    answer = client_of(User.objects.create_user("loner", name="Loner")).get("/")
    assert "You work for no institution here yet" in answer.text
    assert "stats" not in answer.context and "running" not in answer.context
    assert answer.context["needs"] == []


def test_what_needs_my_institution_and_nobody_elses(
    rows: Rows, client_of: ClientOf, person_of: PersonOf, now: datetime
) -> None:
    mine, other = rows.whole("AUH", "1"), rows.whole("OUH", "2")
    client = client_of(person_of("AUH"))
    assert lines(client) == []
    set_aside(rows, "OUH", 1)
    set_aside(rows, "", 2, reason="unknown-sender")
    rows.outcome(other.current_version, "failed")
    rows.finding(other.series.study.patient_file)
    Event.objects.create(at=now, kind="refused", institution=rows.institution("OUH"))
    assert lines(client) == []
    set_aside(rows, "AUH", 3)
    set_aside(rows, "AUH", 4, state="deleted")
    rows.outcome(mine.current_version, "failed", finished_at=now)
    rows.finding(mine.series.study.patient_file)
    rows.finding(mine.series.study.patient_file, closed_at=now)
    Event.objects.create(
        at=now, kind="refused", institution=rows.institution("AUH"), params={"reason": "<b>No UID."}
    )
    Event.objects.create(
        at=now - timedelta(days=8), kind="refused", institution=rows.institution("AUH"), params={}
    )
    assert lines(client) == [
        ("bad", "1 step could not be done"),
        ("warn", "1 object waits in quarantine"),
        ("warn", "1 object was refused at the gate"),
        ("info", "1 finding is open"),
    ]
    page = client.get("/").text
    assert "&lt;b&gt;No UID." in page
    for url in ("/patients/?look=failed", "/patients/?look=findings", "/arrivals/#refused"):
        assert f'href="{url}"' in page
        assert client.get(url).status_code == 200
    assert [row.file.pk for row in client.get("/patients/?look=failed").context["rows"]] == [
        mine.series.study.patient_file_id
    ]


def test_the_system_administrator_gets_counts_and_no_patient(
    rows: Rows, client_of: ClientOf, site_admin: User
) -> None:
    instance = rows.whole("AUH", "0101501234", name="Hansen^Anna")
    rows.outcome(instance.current_version, "failed", "Hansen")
    rows.finding(instance.series.study.patient_file)
    set_aside(rows, "AUH", 1)
    set_aside(rows, "", 2, reason="unknown-sender")
    set_aside(rows, "", 3, reason="known-name-other-address")
    client = client_of(site_admin)
    answer = client.get("/")
    assert "Hansen" not in answer.text and "0101501234" not in answer.text
    assert "/patients/" not in answer.text and "/arrivals/" not in answer.text
    assert "stats" not in answer.context and "latest" not in answer.context
    running = answer.context["running"]
    assert (running["outcomes_failed"], running["quarantined"], running["institutions"]) == (1, 3, 1)
    assert lines(client) == [
        ("bad", "2 objects from unknown senders wait"),
        ("bad", "1 step could not be done"),
    ]


def test_the_number_of_queries_does_not_grow(
    rows: Rows, client_of: ClientOf, person_of: PersonOf, now: datetime
) -> None:
    client, counts = client_of(person_of("AUH")), []
    for many in (3, 30):
        for n in range(many):
            instance = rows.instance(
                rows.series(rows.file("AUH", f"{many}-{n}")), association_id=f"{many}-{n}"
            )
            rows.finding(instance.series.study.patient_file)
            rows.outcome(instance.current_version, "failed", finished_at=now)
            set_aside(rows, "AUH", many * 100 + n)
        with CaptureQueriesContext(connection) as captured:
            client.get("/")
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_the_administrator_is_told_of_certificates_that_end(
    bank: House, now: datetime, client_of: ClientOf, person_of: PersonOf, site_admin: User
) -> None:
    """30, 7 and 1 days ahead; nobody else is asked to renew them."""
    object.__setattr__(bank, "settings", bank.settings.model_copy(update={"dicom_tls": "only"}))
    sender = Sender.objects.create(ae_title="AAL_TPS", network="10.0.0.1")
    SenderCertificate.objects.create(
        sender=sender, fingerprint="ab" * 32, not_after=now + timedelta(days=6, hours=1), added=now
    )
    assert ("warn", "The certificate of AAL_TPS ends in 6 days") in lines(client_of(site_admin))
    assert not any("certificate" in title for _state, title in lines(client_of(person_of("OUH"))))


@pytest.mark.parametrize(
    ("files", "line"),
    [(7, None), (8, ("warn", "The quarantine is nearly full")), (10, ("bad", "The quarantine is full"))],
)
def test_the_administrator_is_told_before_strangers_are_turned_away(
    bank: House, client_of: ClientOf, site_admin: User, files: int, line: tuple[str, str] | None
) -> None:
    limits = GateLimits(quarantine_files=10)
    object.__setattr__(bank, "settings", bank.settings.model_copy(update={"gate_limits": limits}))
    set_them_aside(bank, files)
    publish_use(bank)
    found = [one for one in lines(client_of(site_admin)) if "full" in one[1]]
    assert found == ([line] if line else [])
