"""The list of patients: what is found, what is hidden, what is noted."""

from __future__ import annotations

import csv
from datetime import timedelta
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from planbank.journal.models import Entry
from planbank.people.models import Affiliation
from planbank.web.pages.patients import views
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


def csv_of(client: Client, url: str) -> list[list[str]]:
    answer = client.get(url)
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/csv")
    assert answer["Cache-Control"] == "no-store"
    return list(csv.reader(StringIO(b"".join(answer.streaming_content).decode()[1:], newline="")))


def test_anonymous_is_sent_to_the_sign_in(bank: House, client_of: ClientOf) -> None:
    for url in ["/patients/", "/patients/?format=csv", "/patients/1/"]:
        assert client_of(None).get(url).status_code == 302


def test_the_system_administrator_sees_no_patients(rows: Rows, client_of: ClientOf, site_admin: User) -> None:
    file = rows.file(sent_id="1")
    for url in ["/patients/", "/patients/?format=csv", f"/patients/{file.pk}/"]:
        assert client_of(site_admin).get(url).status_code == 404


def test_only_my_institutions_are_listed(rows: Rows, client_of: ClientOf, person_of: PersonOf) -> None:
    rows.whole("AUH", "0101501234", name="Mine^Anna")
    rows.whole("OUH", "0202602345", name="Other^Bo")
    client = client_of(person_of("AUH"))
    page = client.get("/patients/").text
    assert "Mine, Anna" in page and "0101501234" in page
    assert "0202602345" not in page and "Other" not in page
    assert [row[0] for row in csv_of(client, "/patients/?format=csv")][1:] == ["'0101501234"]
    for query, shown in {"?q=0202602345": [], "?q=Other": [], "?institution=OUH": ["0101501234"]}.items():
        answer = client.get(f"/patients/{query}")
        assert rows_shown(answer) == shown
        assert "Other, Bo" not in answer.text


def test_a_line_says_what_the_file_holds(rows: Rows, client_of: ClientOf, person_of: PersonOf) -> None:
    file = rows.file("AUH", "A1", "Hansen^Anna", birth_date="19500101", sex="F")
    study = rows.study(file)
    rows.instance(rows.series(study, "RTPLAN"))
    for _ in range(3):
        rows.instance(rows.series(study, "CT"))
    heads, line = csv_of(client_of(person_of("AUH")), "/patients/?format=csv")
    said = dict(zip(heads, line, strict=True))
    assert said["Birth date"] == "1950-01-01"
    assert (said["Studies"], said["Series"], said["Objects"]) == ("1", "4", "4")
    assert said["Modalities"] == "CT RTPLAN"
    page = client_of(person_of("AUH")).get("/patients/").text
    assert f'href="/patients/{file.pk}/"' in page


def test_filters_narrow_page_and_csv_alike(rows: Rows, client_of: ClientOf, person_of: PersonOf) -> None:
    rows.series(rows.file("AUH", "A1", "Hansen^Anna"), "CT")
    rows.series(rows.file("AUH", "A2", "Hansen^Bo"), "MR")
    rows.finding(rows.file("AUH", "A3", "Jensen^Bo"))
    client = client_of(person_of("AUH"))
    for query, expected in {
        "q=hansen": {"A1", "A2"},
        "q=hansen&modality=MR": {"A2"},
        "look=findings": {"A3"},
        "modality=SEG": set(),
        "look=nonsense": {"A1", "A2", "A3"},
        "q=%00": {"A1", "A2", "A3"},
    }.items():
        page = client.get(f"/patients/?{query}").text
        assert {name for name in ("A1", "A2", "A3") if f">{name}<" in page} == expected, query
        assert {row[0] for row in csv_of(client, f"/patients/?{query}&format=csv")[1:]} == expected, query


def test_signs_in_a_search_are_literal(rows: Rows, client_of: ClientOf, person_of: PersonOf) -> None:
    rows.file("AUH", "A1")
    client = client_of(person_of("AUH"))
    for sign in ["%25", "_", "%5C", "%27", "%22"]:
        assert ">A1<" not in client.get(f"/patients/?q={sign}").text


@pytest.mark.parametrize("sort", ["name", "-name", "id", "-id", "received", "-received", "nonsense", ""])
def test_pages_are_walked_by_their_links(
    rows: Rows, client_of: ClientOf, person_of: PersonOf, monkeypatch: pytest.MonkeyPatch, sort: str
) -> None:
    monkeypatch.setattr(views, "SIZE", 2)
    for n in range(5):
        rows.at += timedelta(hours=1)
        rows.file("AUH", f"A{n}", name=f"N{n // 2}")
    client = client_of(person_of("AUH"))
    url, seen = f"/patients/?sort={sort}", []
    for _ in range(9):
        answer = client.get(url)
        seen += [row.file.sent_id for row in answer.context["rows"]]
        after = answer.context["found"].after
        if not after:
            break
        assert f"after={after}" in answer.text.replace("&amp;", "&")
        url = f"/patients/?sort={sort}&after={after}"
    by_csv = [row[0] for row in csv_of(client, f"/patients/?sort={sort}&format=csv")[1:]]
    assert seen == by_csv
    assert sorted(seen) == ["A0", "A1", "A2", "A3", "A4"]
    assert client.get(url).context["found"].before


def test_no_name_or_id_stands_in_an_address(rows: Rows, client_of: ClientOf, person_of: PersonOf) -> None:
    rows.whole("AUH", "0101501234", name="Mine^Anna")
    page = client_of(person_of("AUH")).get("/patients/?sort=name").text
    links = [part.split('"')[0] for part in page.split('href="')[1:]]
    assert links
    assert not [link for link in links if "0101501234" in link or "Mine" in link]


@pytest.mark.parametrize("query", ["", "?q=a&modality=CT&look=findings", "?look=failed", "?sort=name"])
def test_the_number_of_queries_does_not_grow(
    rows: Rows, client_of: ClientOf, person_of: PersonOf, query: str
) -> None:
    client = client_of(person_of("AUH"))

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(f"/patients/{query}").status_code == 200
        return len(captured)

    for n in range(2):
        rows.finding(rows.whole("AUH", f"a{n}").series.study.patient_file)
    few = queries()
    for n in range(2, 30):
        rows.finding(rows.whole("AUH", f"a{n}").series.study.patient_file)
    assert queries() <= few


def test_script_in_a_name_is_text(rows: Rows, client_of: ClientOf, person_of: PersonOf) -> None:
    evil = "<script>alert(1)</script>"
    rows.whole("AUH", evil, name=f"{evil}^x", sex='"><img src=x>')
    page = client_of(person_of("AUH")).get(f"/patients/?q={evil}").text
    assert evil not in page and "<img src=x>" not in page
    assert "&lt;script&gt;" in page


def test_searches_and_lists_taken_out_are_journalled_without_the_words(
    rows: Rows, client_of: ClientOf, person_of: PersonOf
) -> None:
    rows.whole("AUH", "0101501234", name="Hansen^Anna")
    client = client_of(person_of("AUH"))
    client.get("/patients/")
    assert not Entry.objects.exclude(action="sign-in").exists()
    client.get("/patients/?q=hansen&modality=CT")
    csv_of(client, "/patients/?q=hansen&format=csv")
    taken, search = Entry.objects.filter(action__in=["search", "take out list"])
    assert (search.action, search.actor, search.institution) == ("search", "anna.auh", "AUH")
    assert search.detail == {"filters": ["modality", "q"]}
    assert (taken.action, taken.object_kind) == ("take out list", "patient files")
    assert "hansen" not in f"{taken.detail}{search.detail}".lower()


def test_a_grant_that_ends_ends_the_download(
    rows: Rows,
    client_of: ClientOf,
    person_of: PersonOf,
    bank: House,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(views, "CHUNK", 2)
    for n in range(6):
        rows.file("AUH", f"A{n}")
    anna = person_of("AUH")
    stream = iter(client_of(anna).get("/patients/?format=csv&sort=id").streaming_content)
    lines = [next(stream) for _ in range(3)]
    Affiliation.objects.filter(user=anna).update(until=now + timedelta(minutes=1))
    bank.clock.at = now + timedelta(minutes=2)  # type: ignore[attr-defined]
    lines += list(stream)
    assert [line.decode().split(",")[0] for line in lines[1:]] == ["A0", "A1"]


def test_an_empty_bank_says_the_next_step(bank: House, client_of: ClientOf, person_of: PersonOf) -> None:
    page = client_of(person_of("AUH")).get("/patients/").text
    assert "No patient yet" in page
    assert "How to send the first plan" in page


def test_filters_that_match_nothing_say_which_to_drop(
    rows: Rows, client_of: ClientOf, person_of: PersonOf
) -> None:
    rows.series(rows.file("AUH", "A1", "Hansen^Anna"), "CT")
    answer = client_of(person_of("AUH")).get("/patients/?q=hansen&modality=MR&look=findings")
    assert "No patient fits these filters" in answer.text
    assert "Only dropping more than one" in answer.text
    answer = client_of(person_of("AUH")).get("/patients/?q=hansen&modality=MR")
    helping = [drop for drop in answer.context["drops"] if drop.helps]
    assert [(drop.words, drop.url) for drop in helping] == [("Modality: MR", "/patients/?q=hansen")]


def test_places_that_cannot_be_read_show_the_first_page(
    rows: Rows, client_of: ClientOf, person_of: PersonOf
) -> None:
    rows.file("AUH", "A1")
    client = client_of(person_of("AUH"))
    for place in ["x", "-1", "9" * 30, "1'--", "%00"]:
        assert ">A1<" in client.get(f"/patients/?after={place}").text


def rows_shown(answer: Any) -> list[str]:
    return [row.file.sent_id for row in answer.context["rows"]]


def test_somebody_of_two_institutions_sees_and_narrows_both(
    rows: Rows, client_of: ClientOf, person_of: PersonOf
) -> None:
    rows.file("AUH", "A1")
    rows.file("OUH", "B1")
    anna = person_of("AUH")
    Affiliation.objects.create(user=anna, institution=rows.institution("OUH"), since=rows.at)
    client = client_of(anna)
    assert set(rows_shown(client.get("/patients/"))) == {"A1", "B1"}
    assert rows_shown(client.get("/patients/?institution=OUH")) == ["B1"]
