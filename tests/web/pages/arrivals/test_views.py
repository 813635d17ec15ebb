"""Arrivals: one line per association, of my institutions, in the days asked for."""

from __future__ import annotations

import csv
import re
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from planbank.messages.models import Event
from planbank.web.pages.arrivals import views
from tests.catalogue.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from planbank.house import House
    from planbank.people.models import User

    ClientOf = Callable[[User | None], Client]
    PersonOf = Callable[[str], User]


@pytest.fixture
def rows(bank: House, now: datetime) -> Rows:
    return Rows(now)


def came(rows: Rows, code: str, name: str, hours: float = 0, **fields: object) -> None:
    series = rows.series(rows.file(code, f"id-{next(rows.numbers)}", "Hansen^Anna"))
    at = rows.at - timedelta(hours=hours)
    rows.instance(series, association_id=name, received_at=at, **fields)


def csv_of(client: Client, url: str) -> list[list[str]]:
    answer = client.get(url)
    return list(csv.reader(StringIO(b"".join(answer.streaming_content).decode()[1:], newline="")))


def listed(client: Client, url: str) -> list[str]:
    return [row.came.association_id for row in client.get(url).context["rows"]]


def test_who_may_not_see_it(rows: Rows, client_of: ClientOf, site_admin: User) -> None:
    came(rows, "AUH", "a1")
    for url in ["/arrivals/", "/arrivals/?format=csv", "/arrivals/a1/"]:
        assert client_of(None).get(url).status_code == 302
        assert client_of(site_admin).get(url).status_code == 404


def test_only_my_institutions_newest_first_without_names(
    rows: Rows, client_of: ClientOf, person_of: PersonOf
) -> None:
    came(rows, "AUH", "a1", 3)
    came(rows, "AUH", "a2", 1)
    came(rows, "OUH", "secret", 2)
    client = client_of(person_of("AUH"))
    answer = client.get("/arrivals/")
    assert listed(client, "/arrivals/") == ["a2", "a1"]
    assert "Hansen" not in answer.text and "secret" not in answer.text
    assert answer.context["chart"].total == 2
    found = csv_of(client, "/arrivals/?format=csv")
    assert [row[-1] for row in found[1:]] == ["a2", "a1"]
    assert "Hansen" not in str(found)


def test_filters_narrow_page_chart_and_csv_alike(
    rows: Rows, client_of: ClientOf, person_of: PersonOf
) -> None:
    sender = rows.sender("CONSOLE")
    foreign = rows.sender("FOREIGN", "OUH")
    came(rows, "AUH", "a1", 1, sender=sender)
    came(rows, "AUH", "a2", 2, relation="version")
    came(rows, "AUH", "a3", 24 * 40)
    client = client_of(person_of("AUH"))
    for query, expected in {
        "": ["a1", "a2"],
        f"sender={sender.pk}": ["a1"],
        f"sender={foreign.pk}": ["a1", "a2"],
        "relation=version": ["a2"],
        "relation=nonsense": ["a1", "a2"],
        "since=2026-01-01": ["a1", "a2", "a3"],
        "since=2026-10-08&until=2026-10-08": ["a3"],
        "until=2026-10-08&since=2026-10-08": ["a3"],
        "since=2026-11-18&until=2030-01-01": ["a1", "a2"],
        "since=yesterday": ["a1", "a2"],
        "until=0001-01-01": [],
        "since=9999-12-31": ["a1", "a2"],
    }.items():
        answer = client.get(f"/arrivals/?{query}")
        assert [row.came.association_id for row in answer.context["rows"]] == expected, query
        assert answer.context["chart"].total == len(expected), query
        assert [r[-1] for r in csv_of(client, f"/arrivals/?{query}&format=csv")[1:]] == expected, query
    assert "FOREIGN" not in client.get("/arrivals/").text


def test_days_are_those_of_the_site(rows: Rows, client_of: ClientOf, person_of: PersonOf) -> None:
    rows.at = datetime(2026, 11, 15, 23, 30, tzinfo=UTC)
    came(rows, "AUH", "a1")
    client = client_of(person_of("AUH"))
    assert listed(client, "/arrivals/?since=2026-11-16&until=2026-11-16") == ["a1"]
    assert listed(client, "/arrivals/?since=2026-11-15&until=2026-11-15") == []


def test_the_form_shows_the_days_in_force(rows: Rows, client_of: ClientOf, person_of: PersonOf) -> None:
    page = client_of(person_of("AUH")).get("/arrivals/?until=2026-11-10").text
    came(rows, "AUH", "a1")
    page = client_of(person_of("AUH")).get("/arrivals/?until=2026-11-10").text
    assert 'value="2026-11-10"' in page and 'value="2026-10-12"' in page


def test_older_pages_by_their_link(
    rows: Rows, client_of: ClientOf, person_of: PersonOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "SIZE", 2)
    monkeypatch.setattr(views, "CHUNK", 2)
    for n in range(5):
        came(rows, "AUH", f"a{n}", n)
    client, url, seen = client_of(person_of("AUH")), "/arrivals/", []
    for _ in range(5):
        answer = client.get(url)
        seen += [row.came.association_id for row in answer.context["rows"]]
        place = answer.context["found"].after
        if not place:
            break
        assert f"after={place}" in answer.text
        url = f"/arrivals/?after={place}"
    assert seen == ["a0", "a1", "a2", "a3", "a4"]
    assert [row[-1] for row in csv_of(client, "/arrivals/?format=csv")[1:]] == seen
    for nonsense in ["x", "9" * 30, "%00"]:
        assert listed(client, f"/arrivals/?after={nonsense}") == ["a0", "a1"]


def test_nothing_lately_leads_to_what_came_last(rows: Rows, client_of: ClientOf, person_of: PersonOf) -> None:
    client = client_of(person_of("AUH"))
    assert "Nothing has come yet" in client.get("/arrivals/").text
    came(rows, "AUH", "a1", 24 * 100)
    answer = client.get("/arrivals/")
    assert "Nothing came in these days" in answer.text
    assert listed(client, answer.context["last_url"]) == ["a1"]
    page = client.get("/arrivals/?relation=version&since=2026-08-01").text
    assert "Nothing that came fits these filters" in page


def test_refusals_of_my_institution_with_their_reason(
    rows: Rows, client_of: ClientOf, person_of: PersonOf, now: datetime
) -> None:
    for code, reason in (("AUH", "The <b>UID differs."), ("OUH", "Secret.")):
        Event.objects.create(
            at=now, kind="refused", institution=rows.institution(code), params={"reason": reason}
        )
    Event.objects.create(at=now, kind="refused", params={"reason": "Unknown."})
    Event.objects.create(
        at=now - timedelta(days=50), kind="refused", institution=rows.institution("AUH"), params={}
    )
    client = client_of(person_of("AUH"))
    came(rows, "AUH", "a1")
    page = client.get("/arrivals/").text
    assert "The &lt;b&gt;UID differs." in page
    assert "Secret." not in page and "Unknown." not in page
    assert len(client.get("/arrivals/").context["refused"]) == 1


def test_the_number_of_queries_does_not_grow(rows: Rows, client_of: ClientOf, person_of: PersonOf) -> None:
    client, counts = client_of(person_of("AUH")), []
    for many in (2, 20):
        for n in range(many):
            came(rows, "AUH", f"{many}-{n}", n)
        with CaptureQueriesContext(connection) as captured:
            client.get("/arrivals/")
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_the_chart_has_a_title_and_a_table_twin(rows: Rows, client_of: ClientOf, person_of: PersonOf) -> None:
    came(rows, "AUH", "a1")
    page = client_of(person_of("AUH")).get("/arrivals/").text
    assert page.count('<svg class="wide"') == page.count('<svg class="narrow"') == 1
    assert '<title id="bars-wide-title">' in page and '<desc id="bars-wide-desc">' in page
    assert "/arrivals/?since=2026-11-17&amp;until=2026-11-17" in page
    assert " style=" not in page


def test_the_drawing_keeps_its_points_in_danish(rows: Rows, client_of: ClientOf, person_of: PersonOf) -> None:
    for n in range(7):
        came(rows, "AUH", f"a{n}", n * 30)
    page = client_of(person_of("AUH")).get("/arrivals/", headers={"accept-language": "da"}).text
    drawn = page[page.index("<svg class=") : page.index("</svg>", page.index('class="narrow"'))]
    numbers = re.findall(r' (?:x|y|x1|x2|y1|y2|width|height|viewBox)="([^"]*)"', drawn)
    assert len(numbers) > 50
    assert not [number for number in numbers if not re.fullmatch(r"[0-9. ]+", number)]
