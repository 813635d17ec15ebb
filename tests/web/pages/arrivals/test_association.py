"""One association: its objects, of my institutions; each view is noted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

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

URL = f"/arrivals/{'a' * 32}/"


@pytest.fixture
def rows(bank: House, now: datetime) -> Rows:
    return Rows(now)


def test_only_what_my_institution_got_through_it(
    rows: Rows, client_of: ClientOf, person_of: PersonOf
) -> None:
    rows.whole("AUH", "0101501234", 2, name="Mine^Anna")
    rows.whole("OUH", "0202602345", 3, name="Other^Bo")
    client = client_of(person_of("AUH"))
    answer = client.get(URL)
    assert len(answer.context["rows"]) == 2
    assert "Mine, Anna" in answer.text and "Other" not in answer.text and "0202602345" not in answer.text
    assert [part.objects for part in answer.context["came"]] == [2]
    lines = b"".join(client.get(f"{URL}?format=csv").streaming_content).decode()
    assert "Mine^Anna" in lines and "Other" not in lines
    assert client_of(person_of("RH")).get(URL).status_code == 404
    assert client.get(f"/arrivals/{'c' * 32}/").status_code == 404


def test_each_view_is_journalled(rows: Rows, client_of: ClientOf, person_of: PersonOf) -> None:
    rows.whole("AUH", "0101501234")
    client = client_of(person_of("AUH"))
    client.get(URL)
    list(client.get(f"{URL}?format=csv").streaming_content)
    entries = list(Entry.objects.filter(object_kind="association").order_by("pk"))
    assert [(e.action, e.object_id, e.institution) for e in entries] == [
        ("view", "a" * 32, "AUH"),
        ("take out list", "a" * 32, "AUH"),
    ]


def test_sorted_and_narrowed(rows: Rows, client_of: ClientOf, person_of: PersonOf) -> None:
    one = rows.instance(rows.series(rows.file("AUH", "B"), "RTPLAN"), rows.version(size=9))
    two = rows.instance(rows.series(rows.file("AUH", "A"), "CT"), rows.version(size=5), relation="again")
    client = client_of(person_of("AUH"))

    def shown(query: str) -> list[int]:
        return [item["row"].instance_id for item in client.get(URL + query).context["rows"]]

    assert shown("") == shown("?sort=nonsense") == shown("?sort=-size") == shown("?sort=-modality")
    assert shown("") == [one.pk, two.pk]
    assert shown("?sort=patient") == shown("?sort=size") == shown("?sort=-received") == [two.pk, one.pk]
    assert shown("?relation=again") == [two.pk]
    assert "No object fits these filters" in client.get(f"{URL}?relation=version").text


def test_the_number_of_queries_does_not_grow(rows: Rows, client_of: ClientOf, person_of: PersonOf) -> None:
    client, counts = client_of(person_of("AUH")), []
    for objects in (1, 30):
        rows.whole("AUH", f"{objects}", objects)
        with CaptureQueriesContext(connection) as captured:
            client.get(URL)
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_script_in_what_a_sender_calls_itself_is_text(
    rows: Rows, client_of: ClientOf, person_of: PersonOf
) -> None:
    series = rows.series(rows.file("AUH", "<i>1", "<b>x^y"))
    rows.instance(series, calling_ae="<u>", address="<s>")
    page = client_of(person_of("AUH")).get(URL).text
    assert not [tag for tag in ("<i>1", "<b>x", "<u>", "<s>") if tag in page]
