"""The journal's page: who reads which entries, filters, places, CSV, and the chain (R116, R117)."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from planbank.access.models import Grant
from planbank.journal import chain
from planbank.journal.models import Entry
from planbank.journal.record import Actor, record
from planbank.people.models import Affiliation, Institution, User
from planbank.protocols.models import Enrolment, Protocol
from tests.protocols.rows import ProtocolRows

if TYPE_CHECKING:
    from django.test import Client

    from planbank.house import House

Clients = "Callable[[User | None], Client]"
WEEK = timedelta(days=7)


def wrote(
    bank: House, who: User | Actor, action: str = "view", back: timedelta = timedelta(0), **what: Any
) -> Entry:
    """One entry; `mark` is how the tests know it again."""
    actor = Actor("user", who.username) if isinstance(who, User) else who
    return record(actor, action, bank.clock.now() - back, **what)


def granted(bank: House, user: User, role: str, kind: str = "site", scope: int = 0, **more: Any) -> Grant:
    now = bank.clock.now()
    fields: dict[str, Any] = {
        "scope_kind": kind, "scope_id": scope, "every_institution": True, "since": now - WEEK,
        "until": now + WEEK, "granted_at": now - WEEK, "confirmed_at": now - WEEK,
        "reason": "test", "see": 0, "take_out": 0,
    }  # fmt: skip
    return Grant.objects.create(user=user, role=role, **{**fields, **more})


def shown(client: Client, **query: Any) -> set[str]:
    """The details 'mark N' of the rows a client sees, over the page and the CSV alike."""
    answer = client.get("/journal/", query)
    assert answer.status_code == 200
    on_page = set(re.findall(r"mark ([\w-]+)", answer.text))
    answer = client.get("/journal/", {**query, "format": "csv"})
    text = b"".join(answer).decode("utf-8-sig")  # type: ignore[call-overload]
    in_csv = {
        m for row in csv.DictReader(io.StringIO(text)) for m in re.findall(r"mark ([\w-]+)", row["Details"])
    }
    assert on_page == in_csv
    return on_page


@pytest.fixture
def protocol(bank: House) -> Protocol:
    return Protocol.objects.create(
        short_name="BRAIN", title="Brain", kind="clinical", status="active", created_at=bank.clock.now()
    )


def test_anonymous_is_sent_to_the_sign_in(bank: House, client_of: Any) -> None:
    assert client_of(None).get("/journal/").status_code == 302


def test_everybody_reads_their_own_and_nothing_else(bank: House, client_of: Any, person_of: Any) -> None:
    anna, bo = person_of("OUH"), person_of("AUH")
    wrote(bank, anna, mark="own", institution="OUH")
    wrote(bank, bo, mark="others", institution="OUH")
    wrote(bank, Actor("service", anna.username), mark="twin")
    assert shown(client_of(anna)) == {"own"}
    assert shown(client_of(anna), person=bo.username) == set()


def test_an_administrator_of_an_institution_reads_its_people_while_they_belong(
    bank: House, client_of: Any, person_of: Any
) -> None:
    anna, bo, chief = person_of("OUH"), person_of("AUH"), person_of("VLE")
    ouh, now = Institution.objects.get(code="OUH"), bank.clock.now()
    Affiliation.objects.create(user=chief, institution=ouh, since=now - WEEK, is_admin=True)
    Affiliation.objects.filter(user=anna).update(since=now - 2 * WEEK)
    Affiliation.objects.create(user=bo, institution=ouh, since=now - 3 * WEEK, until=now - 2 * WEEK)
    wrote(bank, anna, mark="theirs", institution="OUH")
    wrote(bank, anna, mark="sign-in")
    wrote(bank, anna, mark="elsewhere", institution="AUH")
    wrote(bank, anna, mark="before-they-came", institution="OUH", back=3 * WEEK)
    wrote(bank, bo, mark="after-they-left", institution="OUH")
    wrote(bank, bo, mark="while-there", institution="OUH", back=2 * WEEK + timedelta(days=1))
    assert shown(client_of(chief)) == {"theirs", "sign-in", "while-there"}


def test_key_user_and_controller_read_their_protocol(
    bank: House, client_of: Any, person_of: Any, protocol: Protocol
) -> None:
    anna, key, controller, reader = (person_of(code) for code in ("OUH", "AUH", "VLE", "AAL"))
    granted(bank, key, "key-user", "protocol", protocol.pk)
    granted(bank, controller, "controller", "protocol", protocol.pk)
    granted(bank, reader, "reader", "protocol", protocol.pk, see=3)
    wrote(bank, anna, mark="in-it", protocol="BRAIN")
    wrote(bank, anna, mark="in-another", protocol="LUNG")
    assert shown(client_of(key)) == shown(client_of(controller)) == {"in-it"}
    assert shown(client_of(reader)) == set()


def test_a_grant_held_to_institutions_shows_their_entries(
    bank: House, client_of: Any, person_of: Any, protocol: Protocol
) -> None:
    anna, key = person_of("OUH"), person_of("AUH")
    grant = granted(bank, key, "key-user", "protocol", protocol.pk, every_institution=False)
    grant.institutions.set(Institution.objects.filter(code="OUH"))
    wrote(bank, anna, mark="ours", protocol="BRAIN", institution="OUH")
    wrote(bank, anna, mark="others", protocol="BRAIN", institution="VLE")
    assert shown(client_of(key)) == {"ours"}


def test_the_auditor_reads_all_the_system_administrator_what_is_technical(
    bank: House, client_of: Any, person_of: Any, site_admin: User
) -> None:
    anna, auditor = person_of("OUH"), person_of("AUH")
    grant = granted(bank, auditor, "auditor")
    wrote(bank, anna, mark="patients", object_kind="patient file", object_id=7, protocol="BRAIN")
    wrote(bank, Actor("service", "register"), "set aside", mark="parcels", object_kind="parcel")
    assert shown(client_of(auditor)) == {"patients", "parcels"}
    assert shown(client_of(site_admin)) == {"parcels"}
    Grant.objects.filter(pk=grant.pk).update(until=bank.clock.now())
    assert shown(client_of(auditor)) == set()


def test_filters_are_exact_and_wrong_ones_are_left_out(bank: House, client_of: Any, person_of: Any) -> None:
    anna = person_of("OUH")
    wrote(bank, anna, "view", mark="a", object_kind="patient file", object_id=7, protocol="BRAIN")
    wrote(bank, anna, "search", mark="b", institution="OUH", outcome="refused", back=3 * WEEK)
    client = client_of(anna)
    assert shown(client, action="view") == {"a"}
    assert shown(client, protocol="BRAIN") == {"a"}
    assert shown(client, patient="7") == {"a"}
    assert shown(client, institution="ouh") == {"b"}
    assert shown(client, outcome="refused") == {"b"}
    day = (bank.clock.now() - WEEK).date().isoformat()
    assert shown(client, since=day) == {"a"}
    assert shown(client, until=day) == {"b"}
    assert shown(client, since="yesterday", patient="x", after="'; --", before="1") >= {"a", "b"}
    empty = client.get("/journal/", {"action": "view", "protocol": "LUNG"}).text
    assert "No entry that you may read fits these filters" in empty and "Drop this filter" in empty


def test_places_lead_through_all_entries_and_back(bank: House, client_of: Any, person_of: Any) -> None:
    anna = person_of("OUH")
    for number in range(120):  # several at one time: the number decides
        wrote(bank, anna, mark=f"n{number}", back=timedelta(seconds=number // 7))
    client = client_of(anna)
    seen: list[list[str]] = []
    url = "/journal/"
    while True:
        text = client.get(url).text
        seen.append(re.findall(r"mark (n\d+)", text))
        following = re.search(r'href="([^"]+)" rel="next"', text)
        if following is None:
            break
        url = "/journal/" + following[1].replace("&amp;", "&")
    assert [len(part) for part in seen] == [50, 50, 20]
    flat = [one for part in seen for one in part]
    expected = Entry.objects.filter(detail__has_key="mark").order_by("-at", "-pk")
    assert flat == [entry.detail["mark"] for entry in expected]
    back = re.search(r'href="([^"]+)" rel="prev"', text)
    assert back is not None
    assert re.findall(r"mark (n\d+)", client.get("/journal/" + back[1].replace("&amp;", "&")).text) == seen[1]


def test_the_chain_is_shown_and_a_changed_entry_is_marked(
    bank: House, client_of: Any, person_of: Any
) -> None:
    anna = person_of("OUH")
    for number in range(3):
        wrote(bank, anna, mark=f"n{number}")
    chain.seal_committed()
    client = client_of(anna)
    text = client.get("/journal/").text
    last = Entry.objects.order_by("-seal_number").first()
    assert last is not None
    assert last.seal in text and "fit their seals" in text and "changed after it was sealed" not in text
    with connection.cursor() as cursor:  # as somebody with the database in hand would
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE journal_entry SET outcome = 'refused' WHERE id = %s", [last.pk])
        cursor.execute("SET LOCAL session_replication_role = origin")
    assert "An entry on this page was changed after it was sealed" in client.get("/journal/").text


def test_words_from_outside_are_escaped(bank: House, client_of: Any, person_of: Any) -> None:
    anna = person_of("OUH")
    wrote(bank, anna, mark="<script>alert(1)</script>", purpose="=1+1", object_id="<b>")
    client = client_of(anna)
    assert "<script>alert" not in client.get("/journal/").text
    text = b"".join(client.get("/journal/", {"format": "csv"})).decode("utf-8-sig")
    assert any(row["Purpose"] == "'=1+1" for row in csv.DictReader(io.StringIO(text)))


def test_an_empty_journal_says_what_will_stand_there(bank: House, client_of: Any, person_of: Any) -> None:
    assert "Nothing is written yet" in client_of(person_of("OUH")).get("/journal/").text


def test_the_cost_does_not_grow_with_the_journal(
    bank: House, client_of: Any, person_of: Any, protocol: Protocol
) -> None:
    anna, key = person_of("OUH"), person_of("AUH")
    granted(bank, key, "key-user", "protocol", protocol.pk)
    at = bank.clock.now()
    Entry.objects.bulk_create(
        Entry(
            at=at - timedelta(seconds=n),
            actor_kind="user",
            actor=anna.username,
            action="view",
            object_kind="plan set",
            object_id=str(n),
            protocol="BRAIN" if n % 50 == 0 else "",
        )
        for n in range(20_000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE journal_entry")
    client = client_of(key)
    client.get("/journal/")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        client.get("/journal/")
    pages = [q["sql"] for q in queries if '"journal_entry"' in q["sql"] and "UNION" in q["sql"]]
    assert len(pages) == 1
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {pages[0]}")
        plan = cursor.fetchone()[0][0]["Plan"]
    assert most_rows(plan) <= 200


def most_rows(plan: dict[str, Any]) -> int:
    here = int(plan["Actual Rows"]) * int(plan["Actual Loops"]) + int(plan.get("Rows Removed by Filter", 0))
    return max([here, *(most_rows(part) for part in plan.get("Plans", []))])


def test_entries_about_the_patient_of_a_pseudonym(
    bank: House, client_of: Any, person_of: Any, protocol: Protocol
) -> None:
    """For who reads a protocol's entries; others have no such filter, and it finds nothing elsewhere."""
    rows = ProtocolRows(bank.clock.now() - WEEK)
    plan_set = rows.join(protocol, rows.small_plan("OUH", "0101501234"))
    Enrolment.objects.update(pseudonym="BRAIN-7")
    anna, key, other = person_of("OUH"), person_of("AUH"), person_of("VLE")
    granted(bank, key, "key-user", "protocol", protocol.pk)
    granted(bank, other, "key-user", "protocol", rows.protocol("LUNG").pk)
    file = plan_set.patient_file_id
    wrote(bank, anna, mark="file", object_kind="patient file", object_id=file, protocol="BRAIN")
    wrote(bank, anna, mark="plan", object_kind="plan set", object_id=plan_set.pk, protocol="BRAIN")
    wrote(bank, anna, mark="elsewhere", object_kind="patient file", object_id=file)
    wrote(bank, anna, mark="another", object_kind="patient file", object_id=file + 1, protocol="BRAIN")
    assert shown(client_of(key), pseudonym="brain-7") == {"file", "plan"}
    assert shown(client_of(key), pseudonym="BRAIN-8") == set()
    assert shown(client_of(other), pseudonym="BRAIN-7") == set()
    assert 'name="pseudonym"' not in client_of(anna).get("/journal/").text
    auditor = person_of("AAL")
    granted(bank, auditor, "auditor")
    assert shown(client_of(auditor), pseudonym="BRAIN-7") == {"file", "plan", "elsewhere"}
