"""Reuse on pages: asked, decided by the controller, at once, revocable, recorded (R42, R122, R202)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from planbank.catalogue.models import PlanSet
from planbank.house import House
from planbank.journal.models import Entry
from planbank.people.models import User
from planbank.protocols.levels import See, TakeOut
from planbank.protocols.models import Disclosure, Project, Protocol, ReuseRequest
from tests.protocols.rows import ProtocolRows

ClientOf = Callable[[User | None], Client]


@pytest.fixture
def rows(bank: House, now: datetime) -> ProtocolRows:
    return ProtocolRows(now - timedelta(days=1))


@pytest.fixture
def brain(rows: ProtocolRows) -> Protocol:
    return rows.protocol("BRAIN", legal_basis="consent")


@pytest.fixture
def plan_set(rows: ProtocolRows, brain: Protocol) -> PlanSet:
    return rows.join(brain, rows.small_plan("AUH", "0101501234"))


@pytest.fixture
def heart(rows: ProtocolRows) -> Project:
    return rows.project("HEART", recipient="University of the North")


@pytest.fixture
def kira(rows: ProtocolRows, heart: Project) -> User:
    user = rows.user("kira")
    rows.grant(user, "key-user", heart, see=See.IDENTIFIED, take_out=TakeOut.RAW)
    return user


@pytest.fixture
def conny(rows: ProtocolRows, brain: Protocol) -> User:
    user = rows.user("conny")
    rows.grant(user, "controller", brain)
    return user


def asked(now: datetime, **changes: Any) -> dict[str, Any]:
    return {
        "protocol": "BRAIN",
        "purpose": "doses to the heart",
        "listed": "all",
        "see": 2,
        "take_out": 1,
        "since": f"{now:%Y-%m-%d}",
        "until": f"{now + timedelta(days=200):%Y-%m-%d}",
        **changes,
    }


def decision(now: datetime, **changes: Any) -> dict[str, Any]:
    until = f"{now + timedelta(days=100):%Y-%m-%d}"
    return {"seen": "1", "decision": "board of 3 May", "see": 2, "take_out": 0, "until": until, **changes}


def test_asked_approved_seen_at_once_revoked_recorded(
    heart: Project, kira: User, conny: User, plan_set: PlanSet, client_of: ClientOf, now: datetime
) -> None:
    hers, theirs = client_of(kira), client_of(conny)
    ask, plan = f"/projects/{heart.pk}/reuse/ask/", f"/plans/{plan_set.pk}/"
    assert hers.get(plan).status_code == 404
    answer = hers.post(ask, asked(now))
    row = ReuseRequest.objects.get()
    assert answer.status_code == 302 and answer["Location"] == f"/reuse/{row.pk}/"
    assert "waits for the controller already" in hers.post(ask, asked(now)).text, "sent twice is once"
    page = theirs.get("/reuse/").text
    assert "HEART" in page
    page = theirs.get(f"/reuse/{row.pk}/").text
    assert "doses to the heart" in page and "University of the North" in page
    assert 'name="approve"' in page and 'name="approve"' not in hers.get(f"/reuse/{row.pk}/").text
    assert hers.get(plan).status_code == 404, "asked is not approved"
    assert theirs.post(f"/reuse/{row.pk}/", decision(now, approve="1")).status_code == 302
    assert hers.get(plan).status_code == 200, "at once"
    row.refresh_from_db()
    assert (row.state, row.take_out, row.decided_by) == ("approved", 0, conny), "less than was asked"
    record = Disclosure.objects.get()
    assert (record.recipient, record.patients, record.legal_basis) == (
        "University of the North",
        1,
        "consent",
    )
    again = theirs.post(f"/reuse/{row.pk}/", decision(now, approve="1"), follow=True)
    assert "decided already" in again.text and Disclosure.objects.count() == 1
    assert theirs.post(f"/reuse/{row.pk}/revoke/", {"seen": "1", "reason": "stale"}).status_code == 200
    assert (
        theirs.post(f"/reuse/{row.pk}/revoke/", {"seen": "2", "reason": "agreement ended"}).status_code == 302
    )
    assert hers.get(plan).status_code in (403, 404)
    record.refresh_from_db()
    assert record.ended_at is not None
    csv = b"".join(theirs.get("/reuse/?format=csv")).decode()
    assert "University of the North" in csv and "agreement ended" in csv
    acts = Entry.objects.filter(object_kind="reuse", protocol="BRAIN").order_by("pk")
    assert [row.action for row in acts] == ["ask for reuse", "reuse approved", "reuse revoked"]


def test_refused_with_a_reason_and_asked_again(
    heart: Project, kira: User, conny: User, brain: Protocol, client_of: ClientOf, now: datetime
) -> None:
    hers, theirs = client_of(kira), client_of(conny)
    hers.post(f"/projects/{heart.pk}/reuse/ask/", asked(now))
    row = ReuseRequest.objects.get()
    assert theirs.post(f"/reuse/{row.pk}/", decision(now, decision="", refuse="1")).status_code == 200
    assert theirs.post(f"/reuse/{row.pk}/", decision(now, decision="not now", refuse="1")).status_code == 302
    assert "not now" in hers.get(f"/reuse/{row.pk}/").text
    assert not Disclosure.objects.exists()
    hers.post(f"/projects/{heart.pk}/reuse/ask/", asked(now))
    second = ReuseRequest.objects.get(state="asked")
    assert hers.post(f"/reuse/{second.pk}/take-back/").status_code == 302
    assert theirs.post(f"/reuse/{second.pk}/take-back/").status_code == 404
    assert "decided already" in hers.post(f"/reuse/{second.pk}/take-back/", follow=True).text
    page = theirs.get(f"/protocols/{brain.pk}/reuse/").text
    assert "refused" in page and "taken back" in page


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"protocol": "NONE"}, "no active protocol of this short name"),
        ({"protocol": "DRAFT"}, "no active protocol of this short name"),
        ({"purpose": "  "}, "required"),
        ({"until": "2020-01-01"}, "later than it begins"),
        ({"take_out": 2}, "has to see identities"),
        ({"see": 0}, "0"),
        ({"institutions": ["999999"]}, "999999"),
        ({"listed": "some"}, "some"),
    ],
)
def test_what_cannot_be_asked(
    rows: ProtocolRows,
    heart: Project,
    kira: User,
    brain: Protocol,
    client_of: ClientOf,
    now: datetime,
    change: dict[str, Any],
    says: str,
) -> None:
    rows.protocol("DRAFT", status="draft")
    answer = client_of(kira).post(f"/projects/{heart.pk}/reuse/ask/", asked(now, **change))
    assert answer.status_code == 200 and says in answer.text
    assert not ReuseRequest.objects.exists()


def test_more_than_was_asked_and_two_deciders(
    rows: ProtocolRows,
    heart: Project,
    kira: User,
    conny: User,
    brain: Protocol,
    client_of: ClientOf,
    now: datetime,
) -> None:
    client_of(kira).post(f"/projects/{heart.pk}/reuse/ask/", asked(now))
    url = f"/reuse/{ReuseRequest.objects.get().pk}/"
    late = f"{now + timedelta(days=300):%Y-%m-%d}"
    for more in ({"see": 3}, {"take_out": 2}, {"until": late}):
        assert client_of(conny).post(url, decision(now, approve="1", **more)).status_code == 200, more
    assert "meanwhile" in client_of(conny).post(url, decision(now, approve="1", seen="0")).text
    assert not Disclosure.objects.exists()


def test_who_asked_does_not_decide_and_others_see_nothing(
    rows: ProtocolRows,
    heart: Project,
    kira: User,
    brain: Protocol,
    client_of: ClientOf,
    now: datetime,
    site_admin: User,
) -> None:
    rows.grant(kira, "controller", brain)
    client_of(kira).post(f"/projects/{heart.pk}/reuse/ask/", asked(now))
    row = ReuseRequest.objects.get()
    assert "another controller" in client_of(kira).get(f"/reuse/{row.pk}/").text
    client_of(kira).post(f"/reuse/{row.pk}/", decision(now, approve="1"))
    row.refresh_from_db()
    assert row.state == "asked"
    other = rows.user("olga")
    rows.grant(other, "controller", rows.protocol("OTHER"))
    for user in (other, rows.user("stig", "AUH")):
        for rest in ("", "revoke/"):
            assert client_of(user).get(f"/reuse/{row.pk}/{rest}").status_code == 404
        assert client_of(user).post(f"/reuse/{row.pk}/", decision(now, approve="1")).status_code == 404
    dpo = rows.user("dpo")
    rows.grant(dpo, "auditor", None)
    for user in (dpo, site_admin):
        page = client_of(user).get(f"/reuse/{row.pk}/")
        assert page.status_code == 200 and 'name="approve"' not in page.text
