"""One object: header, versions, arrivals, outcomes, findings, as its institution may know them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from planbank.catalogue.models import Instance
from planbank.journal.models import Entry
from tests.catalogue.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from django.test import Client

    from planbank.house import House
    from planbank.people.models import User

    ClientOf = Callable[[User | None], Client]
    PersonOf = Callable[[str], User]


@pytest.fixture
def rows(bank: House, now: datetime) -> Rows:
    return Rows(now)


def test_only_its_institution_opens_it_and_that_is_noted(
    rows: Rows, client_of: ClientOf, person_of: PersonOf, site_admin: User
) -> None:
    instance = rows.whole("AUH", "1")
    url = f"/instances/{instance.pk}/"
    assert client_of(None).get(url).status_code == 302
    for user in (person_of("OUH"), site_admin):
        assert client_of(user).get(url).status_code == 404
    assert client_of(person_of("AUH")).get("/instances/987654/").status_code == 404
    assert not Entry.objects.filter(action="view").exists()
    assert client_of(person_of("AUH")).get(url).status_code == 200
    entry = Entry.objects.get(action="view")
    assert entry.object_id == str(instance.series.study.patient_file_id)
    assert (entry.object_kind, entry.institution) == ("patient file", "AUH")
    assert entry.detail == {"instance": instance.pk}


def test_the_header_in_the_order_of_the_standard(
    rows: Rows, client_of: ClientOf, person_of: PersonOf
) -> None:
    instance = rows.whole("AUH", "1")
    client, url = client_of(person_of("AUH")), f"/instances/{instance.pk}/"
    assert "The header has not been read yet" in client.get(url).text
    version = instance.current_version
    for headers in ({}, [], "text", 5):
        version.headers = headers
        version.save()
        assert client.get(url).status_code == 200
    version.headers = {
        "zz_new": 1,
        "instance_number": "7",
        "image_type": ["ORIGINAL", "<b>x"],
        "modality": "CT",
    }
    version.save()
    answer = client.get(url)
    assert answer.context["headers"] == [
        ("Image type", "ORIGINAL\\<b>x"),
        ("Modality", "CT"),
        ("Instance number", "7"),
        ("Zz new", "1"),
    ]
    assert "<b>x" not in answer.text


def test_versions_and_arrivals_are_those_of_this_institution(
    rows: Rows, client_of: ClientOf, person_of: PersonOf, now: datetime
) -> None:
    here = rows.whole("AUH", "1", objects=1)
    rows.at = now - timedelta(days=3)
    secret = rows.version(here.sop_instance_uid)
    there = rows.instance(rows.series(rows.file("OUH", "1")), secret, calling_ae="SECRET", address="10.9.9.9")
    rows.at = now + timedelta(minutes=5)
    newer = rows.version(here.sop_instance_uid)
    rows.submission(here, newer, relation="version", calling_ae="CONSOLE", association_id="b" * 32)
    Instance.objects.filter(pk=here.pk).update(current_version=newer)
    page = client_of(person_of("AUH")).get(f"/instances/{here.pk}/").text
    assert newer.content_hash in page and here.current_version.content_hash in page
    assert "new version" in page and "CONSOLE" in page and f"/arrivals/{'b' * 32}/" in page
    assert secret.content_hash not in page and "SECRET" not in page and "10.9.9.9" not in page
    assert f"/instances/{there.pk}/" not in page


def test_work_on_bytes_that_came_from_elsewhere_first_has_no_time(
    rows: Rows, client_of: ClientOf, person_of: PersonOf, now: datetime
) -> None:
    there = rows.whole("OUH", "1", objects=1)
    rows.outcome(there.current_version, "done", finished_at=now - timedelta(days=3))
    here = rows.instance(rows.series(rows.file("AUH", "1")), there.current_version)
    client, url = client_of(person_of("AUH")), f"/instances/{here.pk}/"
    (work,) = client.get(url).context["work"]
    assert (work.word, work.finished_at) == ("Done", None)
    here.current_version.current_in.all()
    later = rows.version(here.sop_instance_uid)
    rows.outcome(later, "waiting", "It waits for a plan.", finished_at=now + timedelta(seconds=9))
    rows.submission(here, later, relation="version")
    Instance.objects.filter(pk=here.pk).update(current_version=later)
    (work,) = client.get(url).context["work"]
    assert (work.word, work.finished_at) == ("Waiting", now + timedelta(seconds=9))
    assert "It waits for a plan." in client.get(url).text


def test_its_findings_and_no_other(rows: Rows, client_of: ClientOf, person_of: PersonOf) -> None:
    instance = rows.whole("AUH", "1")
    file = instance.series.study.patient_file
    rows.finding(file, "odd-uid", subject_id=instance.pk)
    rows.finding(file, "charset-guessed")
    rows.finding(file, "no-study-uid", subject_kind="study", subject_id=instance.pk)
    page = client_of(person_of("AUH")).get(f"/instances/{instance.pk}/").text
    assert "A UID is not formed as DICOM asks." in page
    assert "character set" not in page and "Study Instance UID." not in page


def test_many_arrivals_are_paged(rows: Rows, client_of: ClientOf, person_of: PersonOf) -> None:
    instance = rows.whole("AUH", "1", objects=1)
    for _ in range(30):
        rows.submission(instance, relation="again")
    client, url = client_of(person_of("AUH")), f"/instances/{instance.pk}/"
    assert len(client.get(url).context["arrivals"]) == 25
    assert len(client.get(f"{url}?page=2").context["arrivals"]) == 6
    (version,) = client.get(url).context["versions"]
    assert version.seen.times == 31
