"""Withdrawals on pages: hidden at once, 14 days, undo, what goes, asking for erasure (R41, R123)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from planbank.erasure.models import Erasure
from planbank.erasure.withdrawing import carry_on
from planbank.house import House
from planbank.journal.models import Entry
from planbank.people.models import User
from planbank.protocols.models import Enrolment, Membership, Protocol
from tests.protocols.rows import ProtocolRows

ClientOf = Callable[[User | None], Client]
CPR = "0101501234"


@pytest.fixture
def rows(bank: House, now: datetime) -> ProtocolRows:
    return ProtocolRows(now - timedelta(days=1))


@pytest.fixture
def brain(rows: ProtocolRows) -> Protocol:
    row = rows.protocol("BRAIN")
    rows.centre(row, "AUH")
    plan_set = rows.join(row, rows.small_plan("AUH", CPR))
    rows.participant(row, "B-1", "AUH", patient=plan_set.patient_file.patient)
    Enrolment.objects.update(pseudonym="BRAIN-7")
    return row


@pytest.fixture
def key(rows: ProtocolRows, brain: Protocol) -> User:
    user = rows.user("kaya", "VLE")
    rows.grant(user, "key-user", brain)
    return user


def url(protocol: Protocol, rest: str = "") -> str:
    return f"/protocols/{protocol.pk}/withdrawals/{rest}"


def test_who_may_come(
    rows: ProtocolRows, brain: Protocol, key: User, client_of: ClientOf, site_admin: User
) -> None:
    """The table of security.md: key user, controller, auditor; the administrator sees that it is there."""
    pk = Enrolment.objects.get().pk
    controller, auditor = rows.user("carl", "RH"), rows.user("dora", "RH")
    rows.grant(controller, "controller", brain)
    rows.grant(auditor, "auditor", None)
    reader, other = rows.user("rita", "VLE"), rows.user("olga", "VLE")
    rows.grant(reader, "reader", brain, see=3)
    rows.grant(other, "key-user", rows.protocol("LUNG"))
    for who, seen, asks in (
        (key, 200, 200), (auditor, 200, 200), (controller, 200, 403), (site_admin, 200, 403),
        (reader, 403, 403), (other, 404, 404), (rows.user("anders", "AUH"), 403, 403),
    ):  # fmt: skip
        client = client_of(who)
        file = Membership.objects.values_list("patient_file", flat=True).first()
        assert client.get(url(brain)).status_code == seen, who
        assert client.get(url(brain, f"{pk}/")).status_code == seen, who
        assert client.get(url(brain, f"{pk}/erase/{file}/")).status_code == asks, who
        text = client.get(url(brain, f"{pk}/")).text
        assert CPR not in text and "Holm" not in text
        if asks != 200:
            assert client.post(url(brain, f"{pk}/"), {"reason": "x"}).status_code == asks, who
            assert Enrolment.objects.get().state == "enrolled"


def test_withdrawn_hidden_at_once_and_undone(brain: Protocol, key: User, client_of: ClientOf) -> None:
    client, row = client_of(key), Enrolment.objects.get()
    page = client.get(url(brain, f"{row.pk}/")).text
    assert "2 objects are deleted after" in page and "nothing left the bank" in page
    assert client.post(url(brain, f"{row.pk}/"), {"reason": " "}).status_code == 200
    assert Enrolment.objects.get().state == "enrolled"
    done = client.post(url(brain, f"{row.pk}/"), {"reason": "consent withdrawn"})
    assert done.status_code == 302
    assert not Membership.objects.in_force().exists()
    page = client.get(url(brain, f"{row.pk}/")).text
    assert "Deleted in 14 days" in page and "consent withdrawn" in page and "Take it back" in page
    again = client.post(url(brain, f"{row.pk}/"), {"reason": "once more"}, follow=True).text
    assert "withdrawn already" in again
    assert "14 days" in client.get(url(brain)).text
    assert client.post(url(brain, f"{row.pk}/undo/")).status_code == 302
    assert Membership.objects.in_force().count() == 2
    assert Enrolment.objects.get().delete_after is None
    assert {"patient withdrawn", "lift restriction"} <= set(Entry.objects.values_list("action", flat=True))
    assert (
        client.post(url(brain, f"{row.pk}/undo/"), follow=True).text.count("Nothing is restricted here") == 1
    )


def test_once_the_days_are_over_nothing_undoes_it(
    bank: House, brain: Protocol, key: User, client_of: ClientOf
) -> None:
    client, row = client_of(key), Enrolment.objects.get()
    client.post(url(brain, f"{row.pk}/"), {"reason": "consent withdrawn"})
    bank.clock.at += timedelta(days=14)  # type: ignore[attr-defined]
    told = client.post(url(brain, f"{row.pk}/undo/"), follow=True).text
    assert "14 days are over" in told and Enrolment.objects.get().state == "withdrawn"
    assert carry_on(bank.clock.now()) == 1
    assert "The 14 days are over" in client.get(url(brain, f"{row.pk}/")).text


def test_what_another_protocol_holds_stays(
    rows: ProtocolRows, brain: Protocol, key: User, client_of: ClientOf
) -> None:
    plan_set = Membership.objects.first().patient_file.plan_sets.get()  # type: ignore[union-attr]
    rows.join(rows.protocol("LUNG"), plan_set)
    page = client_of(key).get(url(brain, f"{Enrolment.objects.get(protocol=brain).pk}/")).text
    assert "0 objects are deleted" in page and "2 objects stay" in page and "BRAIN, LUNG" in page


def test_a_grant_held_to_one_centre_reaches_no_other(
    rows: ProtocolRows, brain: Protocol, client_of: ClientOf
) -> None:
    user = rows.user("nora", "OUH")
    rows.grant(user, "key-user", brain, "OUH")
    client, pk = client_of(user), Enrolment.objects.get().pk
    assert "BRAIN-7" not in client.get(url(brain)).text
    assert client.get(url(brain, f"{pk}/")).status_code == 404
    assert client.post(url(brain, f"{pk}/"), {"reason": "x"}).status_code == 404
    assert Enrolment.objects.get().state == "enrolled"


def test_found_by_pseudonym_trial_id_and_state(brain: Protocol, key: User, client_of: ClientOf) -> None:
    client = client_of(key)
    for query, there in (
        ("q=brain-7", True),
        ("q=B-1", True),
        ("q=nobody", False),
        ("state=withdrawn", False),
    ):
        text = client.get(url(brain, f"?{query}")).text
        assert ("BRAIN-7" in text) is there, query
    assert "No patient fits these filters" in text


def test_an_erasure_is_asked_for_once(brain: Protocol, key: User, client_of: ClientOf) -> None:
    client, row = client_of(key), Enrolment.objects.get()
    file = Membership.objects.values_list("patient_file", flat=True).first()
    here = url(brain, f"{row.pk}/erase/{file}/")
    assert "All that AUH sent of this patient" in client.get(here).text
    assert client.post(here, {"plan": "", "reason": ""}).status_code == 200
    assert client.post(here, {"plan": "999999", "reason": "x"}).status_code == 200
    assert not Erasure.objects.exists()
    assert client.post(here, {"plan": "", "reason": "the citizen asked"}).status_code == 302
    assert "Somebody asked for this already" in client.post(here, {"plan": "", "reason": "again"}).text
    made = Erasure.objects.get()
    assert (made.kind, made.state, made.asked_by) == ("patient", "asked", key)
    assert client.get(url(brain, f"{row.pk}/erase/{file + 1000}/")).status_code == 404
