"""Patients and plans of a protocol: who sees what, as of, added, removed, brought back (R39 to R41)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from planbank.house import House
from planbank.journal.models import Entry
from planbank.people.models import User
from planbank.protocols.levels import See
from planbank.protocols.models import Enrolment, Membership, Protocol
from tests.protocols.rows import ProtocolRows

ClientOf = Callable[[User | None], Client]


@pytest.fixture
def rows(bank: House, now: datetime) -> ProtocolRows:
    return ProtocolRows(now - timedelta(days=1))


@pytest.fixture
def brain(rows: ProtocolRows) -> Protocol:
    row = rows.protocol("BRAIN")
    rows.centre(row, "AUH")
    rows.centre(row, "OUH")
    plan_set = rows.join(row, rows.small_plan("AUH", "0101501234"))
    rows.participant(row, "B-1", "AUH", patient=plan_set.patient_file.patient)
    rows.join(row, rows.small_plan("OUH", "0202501234"), via="late arrival")
    Enrolment.objects.filter(patient=plan_set.patient_file.patient).update(pseudonym="P-AAAA")
    return row


def key_user(rows: ProtocolRows, brain: Protocol, see: See = See.NONE) -> User:
    user = rows.user("kaya", "VLE")
    rows.grant(user, "key-user", brain, see=see)
    return user


def lines(client: Client, url: str) -> list[list[str]]:
    text = b"".join(client.get(url)).decode("utf-8-sig")  # type: ignore[arg-type]
    return [line.split(",") for line in text.splitlines()[1:]]


@pytest.mark.parametrize("page", ["patients", "plans"])
def test_each_sees_what_the_policy_says_at_their_level(
    brain: Protocol, rows: ProtocolRows, client_of: ClientOf, site_admin: User, page: str
) -> None:
    url = f"/protocols/{brain.pk}/{page}/"
    masked = client_of(key_user(rows, brain))
    for answer in (masked.get(url).text, str(lines(masked, f"{url}?format=csv"))):
        assert "P-AAAA" in answer and "OUH" in answer
        assert not any(word in answer for word in ("0101501234", "0202501234", "Holm", "Mette"))
    staff = client_of(rows.user("anna", "AUH"))  # its centre takes part: its own data, by name
    assert "Holm" in staff.get(url).text and "OUH" not in str(lines(staff, f"{url}?format=csv"))
    assert lines(client_of(site_admin), f"{url}?format=csv") == []
    assert client_of(rows.user("sten", "RH")).get(url).status_code == 404
    assert client_of(None).get(url).status_code == 302


def test_who_may_see_names_sees_them(brain: Protocol, rows: ProtocolRows, client_of: ClientOf) -> None:
    page = client_of(key_user(rows, brain, See.IDENTIFIED)).get(f"/protocols/{brain.pk}/patients/").text
    assert page.count("Holm") == 2


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ("institution=AUH", ["AUH"]),
        ("look=unexpected", ["OUH"]),
        ("look=late", ["OUH"]),
        ("q=P-AAAA", ["AUH"]),
        ("q=0101501234", []),
        ("q=%25", []),
        ("as_of=2020-01-01", []),
        ("as_of=nonsense", ["AUH", "OUH"]),
    ],
)
def test_filters(
    brain: Protocol, rows: ProtocolRows, client_of: ClientOf, query: str, codes: list[str]
) -> None:
    url = f"/protocols/{brain.pk}/patients/?format=csv&{query}"
    assert sorted(line[4] for line in lines(client_of(key_user(rows, brain)), url)) == codes


def test_a_day_is_told_as_it_was_and_what_went_since_is_counted(
    brain: Protocol, rows: ProtocolRows, client_of: ClientOf, now: datetime
) -> None:
    client = client_of(key_user(rows, brain))
    Membership.objects.filter(institution__code="OUH").update(removed_at=now)
    day = (now - timedelta(days=1)).date().isoformat()
    page = client.get(f"/protocols/{brain.pk}/patients/?as_of={day}").text
    assert "Data of 1 patient were removed since" in page
    assert "removed since" not in client.get(f"/protocols/{brain.pk}/patients/").text


def test_a_plan_goes_out_with_a_reason_and_comes_back(
    brain: Protocol, rows: ProtocolRows, client_of: ClientOf
) -> None:
    client, url = client_of(key_user(rows, brain)), f"/protocols/{brain.pk}/"
    anna = rows.user("anna", "AUH")
    rows.grant(anna, "normal-user", brain)
    plan_set = brain.memberships.get(institution__code="AUH", instance__isnull=False)
    from planbank.catalogue.models import PlanSet

    pk = PlanSet.objects.get(sop_instance_uid=plan_set.sop_instance_uid).pk
    assert client_of(anna).get(f"{url}plans/{pk}/remove/").status_code == 403  # may only add (R46)
    assert client.post(f"{url}plans/{pk}/remove/", {"reason": ""}).status_code == 200
    assert client.post(f"{url}plans/{pk}/remove/", {"reason": "wrong plan"}).status_code == 302
    assert client.get(f"{url}plans/{pk}/remove/").status_code == 404
    assert not Membership.objects.in_force().filter(institution__code="AUH").exists()
    page = client.get(f"{url}removed/").text
    assert "wrong plan" in page and "P-AAAA" in page and "0101501234" not in page
    assert client.post(f"{url}removed/back/").status_code == 302  # the toast's undo
    assert Membership.objects.in_force().filter(institution__code="AUH").count() == 2
    assert client.post(f"{url}removed/back/").status_code == 302
    assert Membership.objects.in_force().filter(institution__code="AUH").count() == 2
    acts = Entry.objects.filter(protocol="BRAIN").values_list("action", flat=True)
    assert {"remove data", "add data"} <= set(acts)


def test_a_patient_goes_out_and_only_a_person_brings_them_back(
    brain: Protocol, rows: ProtocolRows, client_of: ClientOf
) -> None:
    client, url = client_of(key_user(rows, brain)), f"/protocols/{brain.pk}/"
    row = Membership.objects.filter(institution__code="OUH").first()
    assert row is not None
    assert client.post(f"{url}patients/{row.patient_file_id}/remove/", {"reason": "wrong"}).status_code == 302
    assert Enrolment.objects.get(patient=row.patient_file.patient_id).state == "removed"
    row.refresh_from_db()
    assert row.removed_at is not None
    form = {"file": str(row.patient_file_id), "at": row.removed_at.isoformat()}
    assert client.post(f"{url}removed/back/", form).status_code == 302
    assert Enrolment.objects.get(patient=row.patient_file.patient_id).state == "enrolled"
    assert Membership.objects.in_force().filter(institution__code="OUH").count() == 2
    for bad in ({"file": "x", "at": "y"}, {"file": str(row.patient_file_id), "at": "yesterday"}):
        assert client.post(f"{url}removed/back/", bad).status_code == 302


def test_added_from_plan_patient_and_selection(
    brain: Protocol, rows: ProtocolRows, client_of: ClientOf
) -> None:
    anna = rows.user("anna", "AUH")
    client = client_of(anna)
    one, two = rows.small_plan("AUH", "0303501234"), rows.small_plan("AUH", "0404501234")
    other = rows.small_plan("OUH", "0505501234")
    assert "Add to protocol" not in client.get(f"/plans/{one.pk}/").text
    rows.grant(anna, "normal-user", brain)
    for url in (f"/plans/{one.pk}/", f"/patients/{one.patient_file_id}/"):
        assert "Add to protocol" in client.get(url).text
    assert "Add ticked" in client.get("/plans/").text
    assert client.get(f"/add-to-protocol/?plan={other.pk}").status_code == 404
    assert client.get("/add-to-protocol/").status_code == 404
    page = client.get(f"/add-to-protocol/?plan={one.pk}&plan={two.pk}").text
    assert "BRAIN" in page
    form = {"plan": [one.pk, two.pk], "protocol": brain.pk}
    before = Membership.objects.count()
    assert client.post("/add-to-protocol/", form).status_code == 302
    assert Membership.objects.count() == before + 4
    assert client.post("/add-to-protocol/", form).status_code == 302  # sent twice is added once
    assert Membership.objects.count() == before + 4
    three = rows.small_plan("AUH", "0606501234")
    series = three.members.get(series__isnull=False).series
    assert series is not None
    some = {"patient": three.patient_file_id, "protocol": brain.pk, "whole": "no"}
    assert "Tick at least one" in client.post("/add-to-protocol/", some).text
    assert client.post("/add-to-protocol/", {**some, "series": [series.pk]}).status_code == 302
    mine = Membership.objects.filter(patient_file=three.patient_file)
    assert [(m.series_id, m.instance_id) for m in mine] == [(series.pk, None)]
    assert client.post("/add-to-protocol/", {**some, "protocol": "999"}).status_code == 200


def test_what_cannot_be_added_says_why(brain: Protocol, rows: ProtocolRows, client_of: ClientOf) -> None:
    anna = rows.user("anna", "AUH")
    rows.grant(anna, "normal-user", brain)
    plan_set = rows.small_plan("AUH", "0303501234")
    brain.participations.filter(institution__code="AUH").update(until=rows.at)
    page = client_of(anna).get(f"/add-to-protocol/?plan={plan_set.pk}").text
    assert "no protocol that takes this" in page
