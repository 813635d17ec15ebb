"""The objects of a series: listed, narrowed, taken out; journalled; hidden from others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from planbank.journal.models import Entry
from planbank.web.pages.series import views
from tests.catalogue.rows import RTPLAN, Rows

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


def test_only_my_institution_opens_it(
    rows: Rows, client_of: ClientOf, person_of: PersonOf, site_admin: User
) -> None:
    series = rows.whole("AUH", "1").series
    url = f"/series/{series.pk}/"
    assert client_of(None).get(url).status_code == 302
    for user in (person_of("OUH"), site_admin):
        assert client_of(user).get(url).status_code == 404
        assert client_of(user).get(f"{url}?format=csv").status_code == 404
    assert client_of(person_of("AUH")).get("/series/987654/").status_code == 404
    assert not Entry.objects.filter(action="view").exists()
    assert client_of(person_of("AUH")).get(url).status_code == 200
    entry = Entry.objects.get(action="view")
    assert (entry.object_kind, entry.object_id) == ("patient file", str(series.study.patient_file_id))
    assert (entry.institution, entry.detail) == ("AUH", {"series": series.pk})


def test_objects_with_their_state_in_words(rows: Rows, client_of: ClientOf, person_of: PersonOf) -> None:
    series = rows.series(rows.file("AUH", "1"))
    ten, two, plan = (
        rows.instance(series, rows.version(instance_number=n, sop_class_uid=kind))
        for n, kind in (("10", rows_ct()), ("2", rows_ct()), ("", RTPLAN))
    )
    rows.outcome(two.current_version, "done")
    rows.outcome(plan.current_version, "failed", "It stops <here>.")
    client, url = client_of(person_of("AUH")), f"/series/{series.pk}/"

    def shown(query: str) -> list[int]:
        return [row.instance.pk for row in client.get(url + query).context["rows"]]

    assert shown("") == [two.pk, ten.pk, plan.pk]
    assert shown("?state=failed") == [plan.pk]
    assert shown(f"?q={ten.sop_instance_uid}") == [ten.pk]
    assert shown("?q=10")[0] == ten.pk
    assert shown("?q=%25") == []
    page = client.get(url).text
    assert "RT plan" in page and "CT image" in page
    assert "Could not be done" in page and "Not yet" in page
    assert "It stops &lt;here&gt;." in page
    csv = b"".join(client.get(f"{url}?state=failed&format=csv").streaming_content).decode().splitlines()
    assert len(csv) == 2
    assert plan.sop_instance_uid in csv[1] and csv[1].endswith("It stops <here>.")


def rows_ct() -> str:
    return "1.2.840.10008.5.1.4.1.1.2"


def test_versions_that_others_sent_are_not_counted(
    rows: Rows, client_of: ClientOf, person_of: PersonOf
) -> None:
    here = rows.whole("AUH", "1", objects=1)
    there = rows.instance(rows.series(rows.file("OUH", "1")), rows.version(here.sop_instance_uid))
    rows.submission(there, rows.version(here.sop_instance_uid), relation="version")
    (row,) = client_of(person_of("AUH")).get(f"/series/{here.series_id}/").context["rows"]
    assert row.versions == 1


def test_pages_and_constant_queries(
    rows: Rows, client_of: ClientOf, person_of: PersonOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, counts = client_of(person_of("AUH")), []
    for objects in (2, 40):
        instance = rows.whole("AUH", f"{objects}", objects)
        with CaptureQueriesContext(connection) as captured:
            client.get(f"/series/{instance.series_id}/")
        counts.append(len(captured))
    assert counts[0] == counts[1]
    monkeypatch.setattr(views, "SIZE", 15)
    url = f"/series/{instance.series_id}/"
    pages = [client.get(f"{url}?page={n}").context["rows"] for n in (1, 2, 3)]
    assert [len(page) for page in pages] == [15, 15, 10]
    assert len({row.instance.pk for page in pages for row in page}) == 40
    for nonsense in ("0", "99", "x", "-1", "9" * 40):
        assert client.get(f"{url}?page={nonsense}").status_code == 200


def test_script_in_a_description_is_text(rows: Rows, client_of: ClientOf, person_of: PersonOf) -> None:
    evil = "<script>alert(1)</script>"
    series = rows.series(rows.file("AUH", "1", evil), description=evil, number="<b>", modality="<i>")
    rows.instance(series, rows.version(instance_number="<u>1"))
    page = client_of(person_of("AUH")).get(f"/series/{series.pk}/").text
    assert not [tag for tag in (evil, "<b>1", "<i>", "<u>") if tag in page]
