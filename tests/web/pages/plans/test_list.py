"""The list of plans: what is found, what is hidden, what is noted."""

from __future__ import annotations

import csv
from datetime import timedelta
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from planbank.journal.models import Entry
from planbank.web.pages.plans import views
from tests.catalogue.plan_rows import PlanRows

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from django.test import Client

    from planbank.house import House
    from planbank.people.models import User

    ClientOf = Callable[[User | None], Client]
    PersonOf = Callable[[str], User]


@pytest.fixture
def rows(bank: House, now: datetime) -> PlanRows:
    return PlanRows(now)


def csv_of(client: Client, url: str) -> list[dict[str, str]]:
    answer = client.get(url)
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    return list(csv.DictReader(StringIO(b"".join(answer.streaming_content).decode()[1:], newline="")))


def labels(answer: Any) -> list[str]:
    return [row.label for row in answer.context["rows"]]


def test_anonymous_is_sent_to_the_sign_in(bank: House, client_of: ClientOf) -> None:
    for url in ["/plans/", "/plans/?format=csv"]:
        assert client_of(None).get(url).status_code == 302


def test_the_system_administrator_sees_no_plans(
    rows: PlanRows, client_of: ClientOf, site_admin: User
) -> None:
    rows.whole_plan()
    for url in ["/plans/", "/plans/?format=csv"]:
        assert client_of(site_admin).get(url).status_code == 404


def test_only_my_institutions_are_listed(rows: PlanRows, client_of: ClientOf, person_of: PersonOf) -> None:
    rows.whole_plan("AUH", label="Mine")
    rows.whole_plan("OUH", label="Theirs")
    client = client_of(person_of("AUH"))
    page = client.get("/plans/")
    assert labels(page) == ["Mine"]
    assert "Theirs" not in page.text
    assert [row["Label"] for row in csv_of(client, "/plans/?format=csv")] == ["Mine"]
    for query in ["?q=Theirs", "?q=Hjerte+Theirs"]:
        assert labels(client.get(f"/plans/{query}")) == []
    assert labels(client.get("/plans/?institution=OUH")) == ["Mine"]


def test_a_line_says_what_the_plan_set_holds(
    rows: PlanRows, client_of: ClientOf, person_of: PersonOf
) -> None:
    plan_set = rows.whole_plan(label="Mam sin LK")
    rows.finding(plan_set.patient_file, "no-dose-received", subject_kind="plan set", subject_id=plan_set.pk)
    page = client_of(person_of("AUH")).get("/plans/").text
    for words in ["Mam sin LK", "Holm, Mette", "0101501234", "VMAT, 50 Gy in 25", "Approved", "2026-11-01"]:
        assert words in page
    for words in ["DVH ready", "Please look"]:
        assert words in page
    assert f'href="/plans/{plan_set.pk}/"' in page
    assert f'href="/patients/{plan_set.patient_file_id}/"' in page


def test_what_is_not_given_is_a_hyphen(rows: PlanRows, client_of: ClientOf, person_of: PersonOf) -> None:
    bare = {"label": "", "technique": "", "approval": "", "fractions": None, "prescription_gy": None}
    rows.plan_set(rows.file(), kind="structure set", plan_date="", **bare)
    page = client_of(person_of("AUH")).get("/plans/").text
    assert "Structure set without label" in page
    assert "No patient ID" in page
    assert "<td>-</td>" in page


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("technique=Proton", ["Proton"]),
        ("approval=REJECTED", ["Rejected"]),
        ("kind=structure+set", ["Structures"]),
        ("findings=warn", ["Faulty"]),
        ("findings=none&technique=Proton", ["Proton"]),
        ("q=holm", ["Faulty", "Proton", "Rejected", "Structures"]),
        ("technique=nonsense&findings=%00", ["Faulty", "Proton", "Rejected", "Structures"]),
    ],
)
def test_filters(
    rows: PlanRows, client_of: ClientOf, person_of: PersonOf, query: str, expected: list[str]
) -> None:
    file = rows.file(sent_id="1", name="Holm^Mette")
    rows.plan_set(file, label="Proton", technique="Proton PBS")
    rows.plan_set(file, label="Rejected", approval="REJECTED")
    rows.plan_set(file, label="Structures", kind="structure set", technique="")
    faulty = rows.plan_set(file, label="Faulty")
    rows.finding(file, "no-dose-received", subject_kind="plan set", subject_id=faulty.pk)
    client = client_of(person_of("AUH"))
    assert labels(client.get(f"/plans/?sort=label&{query}")) == expected
    assert [r["Label"] for r in csv_of(client, f"/plans/?sort=label&format=csv&{query}")] == expected


@pytest.mark.parametrize("sort", ["label", "-label", "date", "technique", "approval", "received", "nonsense"])
def test_pages_hold_every_row_once_in_any_order(
    rows: PlanRows,
    client_of: ClientOf,
    person_of: PersonOf,
    sort: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(views, "SIZE", 3)
    monkeypatch.setattr(views, "CHUNK", 2)
    file = rows.file(sent_id="1")
    for n in range(8):
        at = rows.at - timedelta(minutes=n // 2)
        rows.plan_set(file, label=f"P{n % 4}", technique="VMAT", plan_date="", last_received_at=at)
    client, seen, after = client_of(person_of("AUH")), [], ""
    for _page in range(4):
        answer = client.get(f"/plans/?sort={sort}&after={after}")
        seen += [row.plan_set.pk for row in answer.context["rows"]]
        after = answer.context["found"].after
        if not after:
            break
    assert len(seen) == len(set(seen)) == 8
    uids = [row["SOP Instance UID"] for row in csv_of(client, f"/plans/?sort={sort}&format=csv")]
    assert len(set(uids)) == 8


def test_a_csv_cannot_become_a_formula_and_keeps_zeros(
    rows: PlanRows, client_of: ClientOf, person_of: PersonOf
) -> None:
    rows.whole_plan(sent_id="0101501234", label="=1+1")
    row = csv_of(client_of(person_of("AUH")), "/plans/?format=csv")[0]
    assert row["Label"] == "'=1+1"
    assert row["Patient ID"] == "'0101501234"
    assert (row["Prescription, Gy"], row["Fractions"], row["Structures"]) == ("50.0", "25", "4")
    assert (row["Dose"], row["Findings"]) == ("DVH ready", "none")


def test_a_danish_csv_is_danish_to_its_last_line(
    rows: PlanRows, client_of: ClientOf, person_of: PersonOf
) -> None:
    """Rows are made while the download runs, when the request itself is over (R79, R135)."""
    rows.whole_plan(prescription_gy=40.05)
    client = client_of(person_of("AUH"))
    english = csv_of(client, "/plans/?format=csv")[0]
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "da"
    answer = client.get("/plans/?format=csv")
    line = b"".join(answer.streaming_content).decode().splitlines()[1]
    assert ";40,05;" in line
    assert english["Dose"] == "DVH ready" and "DVH ready" not in line


def test_markup_in_a_label_stays_text(rows: PlanRows, client_of: ClientOf, person_of: PersonOf) -> None:
    rows.whole_plan(label="<script>alert(1)</script>")
    assert "<script>alert" not in client_of(person_of("AUH")).get("/plans/").text


def test_an_empty_bank_says_the_next_step(rows: PlanRows, client_of: ClientOf, person_of: PersonOf) -> None:
    page = client_of(person_of("AUH")).get("/plans/").text
    assert "No plan yet" in page and "How to send the first plan" in page


def test_filters_that_match_nothing_say_which_to_drop(
    rows: PlanRows, client_of: ClientOf, person_of: PersonOf
) -> None:
    rows.whole_plan()
    answer = client_of(person_of("AUH")).get("/plans/?technique=Proton&q=mam")
    assert "No plan fits these filters" in answer.text
    drops = {drop.words: drop.helps for drop in answer.context["drops"]}
    assert drops == {"Find: mam": False, "Technique: Proton": True}


def test_searches_and_lists_taken_out_are_noted_without_what_was_searched(
    rows: PlanRows, client_of: ClientOf, person_of: PersonOf
) -> None:
    rows.whole_plan()
    client = client_of(person_of("AUH"))
    client.get("/plans/")
    assert not Entry.objects.exists()
    client.get("/plans/?q=Holm")
    csv_of(client, "/plans/?format=csv&technique=VMAT")
    noted = list(Entry.objects.order_by("id").values_list("action", "object_kind", "institution", "detail"))
    assert noted == [
        ("search", "plan sets", "AUH", {"filters": ["q"]}),
        ("take out list", "plan sets", "AUH", {"filters": ["technique"]}),
    ]


def test_the_cost_does_not_grow_with_the_list(
    rows: PlanRows, client_of: ClientOf, person_of: PersonOf
) -> None:
    client, counts = client_of(person_of("AUH")), []
    for n in (2, 9):
        for _ in range(n):
            rows.whole_plan(sent_id=str(next(rows.numbers)))
        with CaptureQueriesContext(connection) as queries:
            client.get("/plans/")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_menu_counts_my_plans_alone(rows: PlanRows, client_of: ClientOf, person_of: PersonOf) -> None:
    rows.whole_plan("AUH")
    rows.whole_plan("OUH")
    menu = client_of(person_of("AUH")).get("/plans/").context["menu"]
    entry = next(item for group in menu for item in group["items"] if item["url"] == "/plans/")
    assert (entry["count"], entry["needs_you"], entry["current"]) == (1, False, True)
