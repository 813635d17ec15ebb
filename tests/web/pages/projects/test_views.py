"""Projects on pages: record, life, what they list; two editors, forged numbers (R38, R207)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from planbank.house import House
from planbank.journal.models import Entry
from planbank.people.models import User
from planbank.protocols.levels import See
from planbank.protocols.models import Enrolment, Project, ProjectItem, Protocol, ReuseRequest
from tests.protocols.rows import ProtocolRows

ClientOf = Callable[[User | None], Client]


@pytest.fixture
def rows(bank: House, now: datetime) -> ProtocolRows:
    return ProtocolRows(now - timedelta(days=1))


@pytest.fixture
def heart(rows: ProtocolRows) -> Project:
    return rows.project("HEART")


@pytest.fixture
def kira(rows: ProtocolRows, heart: Project) -> User:
    """The project's key user, who also reads the protocol BRAIN."""
    user = rows.user("kira")
    rows.grant(user, "key-user", heart)
    return user


def record(**changes: Any) -> dict[str, Any]:
    return {
        "short_name": "HEART",
        "title": "Heart substructures",
        "purpose": "doses to the heart",
        "recipient": "University of the North",
        "agreement": "archive 7",
        "agreement_signed_on": "2026-11-01",
        "starts_on": "2026-11-01",
        "ends_on": "2027-10-31",
        **changes,
    }


def test_the_administrator_makes_one_and_its_key_user_activates_it(
    rows: ProtocolRows, client_of: ClientOf, site_admin: User, now: datetime
) -> None:
    browser = client_of(site_admin)
    assert "No project yet" in browser.get("/projects/").text
    assert browser.post("/projects/new/", record(agreement="", recipient="")).status_code == 302
    row = Project.objects.get()
    assert (row.status, row.starts_at.isoformat()[:10]) == ("draft", "2026-10-31"), "midnight of the site"
    assert row.ends_at - row.starts_at == timedelta(days=365)
    url = f"/projects/{row.pk}/"
    key = rows.user("kira")
    give = {"username": "kira", "where": f"project-{row.pk}", "role": "key-user", "see": 0, "take_out": 0}
    give |= {"until": f"{now + timedelta(days=90):%Y-%m-%d}", "reason": "runs it", "give": "1"}
    assert browser.post(f"{url}people/give/", give).status_code == 302
    hers = client_of(key)
    assert "Still missing:" in hers.get(url).text
    seen = {"seen": str(row.revision)}
    assert "an agreement" in hers.post(f"{url}activate/", seen).text
    assert client_of(site_admin).get(f"{url}edit/").status_code == 403
    changed = hers.post(f"{url}edit/", record(seen="1"))
    assert changed.status_code == 302
    assert hers.post(f"{url}activate/", {"seen": "2"}).status_code == 302
    row.refresh_from_db()
    assert row.status == "active"
    acts = Entry.objects.filter(object_kind="project").order_by("pk").values_list("action", flat=True)
    assert list(acts) == ["make project", "change project", "activate project"]


def test_the_last_write_never_silently_wins(heart: Project, kira: User, client_of: ClientOf) -> None:
    browser, url = client_of(kira), f"/projects/{heart.pk}/edit/"
    assert browser.post(url, record(title="First", seen="1")).status_code == 302
    answer = browser.post(url, record(title="Second", seen="1"))
    assert answer.status_code == 200 and "meanwhile" in answer.text and "Second" in answer.text
    heart.refresh_from_db()
    assert heart.title == "First"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"ends_on": "2026-10-01"}, "comes before the first"),
        ({"short_name": "../x"}, "up to 32 letters"),
        ({"title": ""}, "required"),
        ({"ends_on": "never"}, "date"),
        ({"short_name": "OTHER"}, "exists"),
    ],
)
def test_what_cannot_be_says_why(
    rows: ProtocolRows, heart: Project, kira: User, client_of: ClientOf, change: dict[str, Any], says: str
) -> None:
    rows.project("OTHER")
    answer = client_of(kira).post(f"/projects/{heart.pk}/edit/", record(seen="1", **change))
    assert answer.status_code == 200 and says in answer.text
    heart.refresh_from_db()
    assert heart.revision == 1


def test_others_do_not_see_it(
    rows: ProtocolRows, heart: Project, kira: User, client_of: ClientOf, site_admin: User
) -> None:
    reader, stranger = rows.user("rita"), rows.user("stig", "AUH")
    rows.grant(reader, "reader", heart, see=See.PSEUDONYMISED)
    url = f"/projects/{heart.pk}/"
    for rest in ("", "edit/", "items/", "people/", "reuse/ask/", "close/", "activate/"):
        assert client_of(stranger).get(url + rest).status_code == 404, rest
        assert client_of(kira).get(url + rest).status_code == 200, rest
        assert client_of(reader).get(url + rest).status_code == (403 if rest else 200), rest
    assert "HEART" not in client_of(stranger).get("/projects/").text
    assert client_of(kira).get("/projects/999999/").status_code == 404
    csv = b"".join(client_of(reader).get("/projects/?format=csv")).decode()
    assert "HEART" in csv


def test_it_lists_only_whom_its_people_see(
    rows: ProtocolRows, heart: Project, kira: User, client_of: ClientOf
) -> None:
    brain: Protocol = rows.protocol("BRAIN")
    for number, code in (("01", "AUH"), ("02", "OUH")):
        plan_set = rows.join(brain, rows.small_plan(code, f"{number}01501234"))
        rows.participant(brain, f"B-{number}", code, patient=plan_set.patient_file.patient)
    browser, url = client_of(kira), f"/projects/{heart.pk}/items/"
    asked = {"protocol": "BRAIN", "names": "B-01\nB-02, B-77"}
    assert "You see no protocol of this name" in browser.post(url, asked).text
    assert "You see no protocol of this name" in browser.post(url, {**asked, "protocol": "NONE"}).text
    rows.grant(kira, "reader", brain, "AUH", see=See.PSEUDONYMISED)
    answer = browser.post(url, asked, follow=True)
    assert "2 names lead to no patient that you see in BRAIN: B-02, B-77" in answer.text
    items = ProjectItem.objects.filter(project=heart)
    assert {row.membership.institution.code for row in items} == {"AUH"}
    assert "waits for an approval" in answer.text and "B-01" in answer.text
    again = browser.post(url, {**asked, "names": "B-01"}, follow=True)
    assert "0 objects and series are new" in again.text, "twice is once"
    assert browser.post(url, {**asked, "names": "B-02"}).status_code == 200
    enrolment = Enrolment.objects.get(patient__participants__trial_id="B-01")
    assert "not on the list" in browser.post(f"{url}999999/off/", follow=True).text
    assert "Taken off" in browser.post(f"{url}{enrolment.pk}/off/", follow=True).text
    assert "not on the list" in browser.post(f"{url}{enrolment.pk}/off/", follow=True).text
    assert not ProjectItem.objects.exists()


def test_closing_ends_what_was_disclosed(
    rows: ProtocolRows, heart: Project, kira: User, client_of: ClientOf
) -> None:
    brain = rows.protocol("BRAIN")
    plan_set = rows.join(brain, rows.small_plan("AUH", "0101501234"))
    request = rows.reuse(heart, brain, state="asked", decided_at=None)
    conny = rows.user("conny")
    rows.grant(conny, "controller", brain)
    decide = {
        "seen": "1",
        "decision": "agreed",
        "see": 2,
        "take_out": 0,
        "until": "2027-01-01",
        "approve": "1",
    }
    assert client_of(conny).post(f"/reuse/{request.pk}/", decide).status_code == 302
    browser, url = client_of(kira), f"/projects/{heart.pk}/close/"
    assert client_of(kira).get(f"/plans/{plan_set.pk}/").status_code == 200
    assert "1 approval of reuse ends with it" in browser.get(url).text
    assert browser.post(url, {"seen": "1", "reason": ""}).status_code == 200
    assert browser.post(url, {"seen": "1", "reason": "published"}).status_code == 302
    assert browser.get(f"/plans/{plan_set.pk}/").status_code in (403, 404)
    request.refresh_from_db()
    assert request.state == ReuseRequest.State.REVOKED and request.disclosure.ended_at is not None
    assert "closed already" in browser.post(url, {"seen": "2", "reason": "again"}).text
