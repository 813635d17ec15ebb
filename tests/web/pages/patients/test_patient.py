"""One patient file: its series, findings and arrivals, and who may open it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from planbank.catalogue.models import PlanSet
from planbank.journal.models import Entry
from planbank.people.models import Affiliation
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


def said(answer: Any) -> str:
    """The page without its token, which is another each time."""
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", answer.text)


def test_hidden_and_absent_answer_alike(rows: Rows, client_of: ClientOf, person_of: PersonOf) -> None:
    other = rows.whole("OUH", "0202602345", name="Other^Bo").series.study.patient_file
    client = client_of(person_of("AUH"))
    hidden, absent = client.get(f"/patients/{other.pk}/"), client.get("/patients/987654/")
    assert (hidden.status_code, absent.status_code) == (404, 404)
    assert said(hidden).replace(f"/{other.pk}/", "") == said(absent).replace("/987654/", "")
    assert client.get(f"/patients/{other.pk}/?format=csv").status_code == 404
    assert client.get(f"/patients/{10**30}/").status_code == 404
    assert not Entry.objects.filter(action="view").exists()


def test_a_patient_shared_with_another_institution_shows_only_what_mine_sent(
    rows: Rows, client_of: ClientOf, person_of: PersonOf
) -> None:
    here = rows.whole("AUH", "0101501234", name="Here^Anna").series.study.patient_file
    there = rows.whole("OUH", "0101501234", name="There^Anna")
    there.series.description = "Secret scan"
    there.series.save()
    there.series.study.patient_file.patient = here.patient
    there.series.study.patient_file.save()
    page = client_of(person_of("AUH")).get(f"/patients/{here.pk}/").text
    assert "Here, Anna" in page
    assert "There" not in page and "Secret" not in page and "OUH" not in page


def test_each_view_is_journalled(rows: Rows, client_of: ClientOf, person_of: PersonOf) -> None:
    file = rows.whole("AUH", "0101501234", name="Hansen^Anna").series.study.patient_file
    client = client_of(person_of("AUH"))
    client.get(f"/patients/{file.pk}/")
    client.get(f"/patients/{file.pk}/?sort=size")
    list(client.get(f"/patients/{file.pk}/?format=csv").streaming_content)
    entries = list(Entry.objects.filter(object_kind="patient file").order_by("pk"))
    assert [entry.action for entry in entries] == ["view", "view", "take out list"]
    for entry in entries:
        assert (entry.actor, entry.object_id, entry.institution) == ("anna.auh", str(file.pk), "AUH")
        assert "0101501234" not in str(entry.__dict__) and "Hansen" not in str(entry.__dict__)


def test_a_grant_that_ended_closes_the_page(
    rows: Rows, client_of: ClientOf, person_of: PersonOf, bank: House, now: datetime
) -> None:
    file = rows.file("AUH", "1")
    anna = person_of("AUH")
    client = client_of(anna)
    assert client.get(f"/patients/{file.pk}/").status_code == 200
    Affiliation.objects.filter(user=anna).update(until=now + timedelta(minutes=1))
    bank.clock.at = now + timedelta(minutes=1)  # type: ignore[attr-defined]
    assert client.get(f"/patients/{file.pk}/").status_code == 404


def test_series_are_listed_sorted_narrowed(rows: Rows, client_of: ClientOf, person_of: PersonOf) -> None:
    file = rows.file("AUH", "1")
    study = rows.study(file, "Thorax", study_date="20261101")
    ct = rows.series(study, "CT", description="Planning", number="2")
    rows.instance(ct, rows.version(size=10))
    rows.instance(ct, rows.version(size=10))
    plan = rows.series(study, "RTPLAN", description="Boost", number="10")
    rows.instance(plan, rows.version(size=500))
    client, url = client_of(person_of("AUH")), f"/patients/{file.pk}/"

    def shown(query: str) -> list[int]:
        return [row.pk for row, _date, _images in client.get(url + query).context["rows"]]

    assert shown("") == [ct.pk, plan.pk]
    assert shown("?sort=-size") == [plan.pk, ct.pk]
    assert shown("?sort=-objects") == [ct.pk, plan.pk]
    assert shown("?sort=description") == [plan.pk, ct.pk]
    assert shown("?sort=nonsense") == [ct.pk, plan.pk]
    assert shown("?q=boost") == shown("?modality=RTPLAN") == [plan.pk]
    assert shown("?q=%25") == []
    assert "No series fits these filters" in client.get(url + "?q=zzz").text
    lines = b"".join(client.get(url + "?modality=CT&format=csv").streaming_content).decode().splitlines()
    assert len(lines) == 2
    assert ",CT,2,Planning," in lines[1] and ",2,20," in lines[1]


def test_open_findings_are_said_in_words_closed_ones_not(
    rows: Rows, client_of: ClientOf, person_of: PersonOf, now: datetime
) -> None:
    instance = rows.whole("AUH", "1")
    file = instance.series.study.patient_file
    rows.finding(file, "charset-guessed", subject_id=instance.pk)
    rows.finding(file, "charset-guessed")
    rows.finding(file, "contour-unreadable", about="<b>Heart")
    rows.finding(file, "no-patient-id", closed_at=now)
    rows.finding(file, "a-code-without-words")
    answer = client_of(person_of("AUH")).get(f"/patients/{file.pk}/")
    shown = answer.context["findings"]
    assert [item["state"] for item in shown.items] == ["bad", "info", "info"]
    assert "&lt;b&gt;Heart" in answer.text and "<b>Heart" not in answer.text
    assert "On 2 objects." in answer.text
    assert "has no Patient ID" not in answer.text
    assert f'href="/instances/{instance.pk}/"' in answer.text or "See the newest" in answer.text


def test_arrivals_count_only_this_patient(rows: Rows, client_of: ClientOf, person_of: PersonOf) -> None:
    instance = rows.whole("AUH", "1", objects=2)
    rows.whole("AUH", "2", objects=5)
    file = instance.series.study.patient_file
    (came,) = client_of(person_of("AUH")).get(f"/patients/{file.pk}/").context["arrivals"].rows
    assert came.objects == 2


def test_objects_without_a_patient_id_have_a_page(
    rows: Rows, client_of: ClientOf, person_of: PersonOf
) -> None:
    file = rows.whole("AUH", "").series.study.patient_file
    page = client_of(person_of("AUH")).get(f"/patients/{file.pk}/").text
    assert "These objects came without a Patient ID" in page


def test_a_file_emptied_by_later_arrivals_has_a_page(
    rows: Rows, client_of: ClientOf, person_of: PersonOf
) -> None:
    file = rows.file("AUH", "1")
    assert "Nothing is filed here any more" in client_of(person_of("AUH")).get(f"/patients/{file.pk}/").text


def test_the_number_of_queries_does_not_grow(rows: Rows, client_of: ClientOf, person_of: PersonOf) -> None:
    client, counts = client_of(person_of("AUH")), []
    for objects in (1, 40):
        file = rows.file("AUH", f"{objects}")
        for n in range(objects):
            instance = rows.instance(rows.series(file), association_id=f"{n:032x}")
            rows.finding(file, subject_id=instance.pk)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(f"/patients/{file.pk}/").status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_its_plans_are_listed_and_findings_lead_to_them(
    rows: Rows, client_of: ClientOf, person_of: PersonOf, now: datetime
) -> None:
    file, other = rows.file("AUH", "1"), rows.file("AUH", "2")
    plan, _other = (
        PlanSet.objects.create(
            patient_file=one,
            sop_instance_uid=f"1.2.9.{one.pk}",
            label=f"<b>Plan {one.sent_id}",
            first_received_at=now,
            last_received_at=now,
            linked_at=now,
        )
        for one in (file, other)
    )
    rows.finding(file, "no-dose-received", subject_kind="plan set", subject_id=plan.pk)
    page = client_of(person_of("AUH")).get(f"/patients/{file.pk}/").text
    assert "&lt;b&gt;Plan 1" in page and "Plan 2" not in page
    assert page.count(f'href="{reverse("plan", args=[plan.pk])}"') == 2
    assert "See the plan" in page
