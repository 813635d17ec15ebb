"""Participants on pages: who sees and registers whom; form, table, attributes, undo (R45, R145)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from planbank.catalogue.models import PatientIdentity
from planbank.house import House
from planbank.journal.models import Entry
from planbank.people.models import User
from planbank.protocols.models import AttributeType, Enrolment, Participant, Protocol
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
    rows.participant(
        row, "B-1", "AUH", patient=plan_set.patient_file.patient, expected={"RTPLAN": 1, "RTDOSE": 1}
    )
    rows.participant(row, "B-2", "AUH", expected_on=(rows.at - timedelta(days=9)).date())
    rows.participant(row, "O-1", "OUH", arm="protons")
    return row


def typed(**more: object) -> dict[str, object]:
    return {"trial_id": "B-9", "institution": "AUH", "consent": "given", **more}


def test_each_sees_the_participants_that_the_policy_says(
    brain: Protocol, rows: ProtocolRows, client_of: ClientOf, site_admin: User
) -> None:
    key, normal, stranger = rows.user("kaya", "VLE"), rows.user("nils", "AUH"), rows.user("sten", "AUH")
    rows.grant(key, "key-user", brain)
    rows.grant(normal, "normal-user", brain)
    url = f"/protocols/{brain.pk}/participants/"
    seen = {}
    for who in (key, normal):
        lines = b"".join(client_of(who).get(f"{url}?format=csv")).decode("utf-8-sig").splitlines()  # type: ignore[arg-type]
        seen[who.username] = [line.split(",")[0] for line in lines[1:]]
    assert seen == {"kaya": ["B-1", "B-2", "O-1"], "nils": ["B-1", "B-2"]}
    for who in (stranger, site_admin):
        assert client_of(who).get(url).status_code in (403, 404)
    assert client_of(None).get(url).status_code == 302
    other = Participant.objects.get(trial_id="O-1")
    for rest in ("", "edit/", "remove/"):
        assert client_of(normal).get(f"{url}{other.pk}/{rest}").status_code == 404
        assert client_of(key).get(f"{url}{other.pk}/{rest}").status_code == 200
    page = client_of(key).get(url).text
    assert "RTDOSE 0/1" in page and "late" in page and "0101501234" not in page and "Holm" not in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("look=received", {"B-1"}),
        ("look=waiting", {"B-2", "O-1"}),
        ("look=late", {"B-2"}),
        ("institution=OUH", {"O-1"}),
        ("q=proton", {"O-1"}),
        ("q=100%25", set()),
    ],
)
def test_filters(
    brain: Protocol, rows: ProtocolRows, client_of: ClientOf, query: str, found: set[str]
) -> None:
    key = rows.user("kaya", "VLE")
    rows.grant(key, "key-user", brain)
    page = client_of(key).get(f"/protocols/{brain.pk}/participants/?{query}").text
    assert {name for name in ("B-1", "B-2", "O-1") if f"<bdi>{name}</bdi>" in page} == found


def test_registered_changed_by_two_removed_and_brought_back(
    brain: Protocol, rows: ProtocolRows, client_of: ClientOf
) -> None:
    AttributeType.objects.create(protocol=brain, name="Nodes", kind="flag", required=True)
    nils = rows.user("nils", "AUH")
    rows.grant(nils, "normal-user", brain)
    client, url = client_of(nils), f"/protocols/{brain.pk}/participants/"
    flag = f"attribute_{AttributeType.objects.get().pk}"
    wrong = client.post(f"{url}new/", typed(trial_id="0101501234", **{flag: "yes"}))
    assert wrong.status_code == 200 and "must not be a CPR" in wrong.text
    assert client.post(f"{url}new/", typed()).status_code == 200  # what is required is missing
    first = typed(**{flag: "yes"}, patient_id="020250-1234", expect_RTPLAN="1")
    assert client.post(f"{url}new/", first).status_code == 302
    again = client.post(f"{url}new/", first)
    assert again.status_code == 200 and "already" in again.text
    row = Participant.objects.get(trial_id="B-9")
    assert (row.attributes, row.expected, row.institution.code) == ({"Nodes": True}, {"RTPLAN": 1}, "AUH")
    assert PatientIdentity.objects.get(patient=row.patient).value in ("0202501234", "020250-1234")
    assert client.post(f"{url}{row.pk}/enrol/").status_code == 302
    assert Enrolment.objects.filter(protocol=brain, patient=row.patient).exists()
    more = typed(**{flag: "no"}, arm="A", seen=row.revision)
    assert client.post(f"{url}{row.pk}/edit/", more).status_code == 302
    late = client.post(f"{url}{row.pk}/edit/", {**more, "arm": "Mine"})
    assert late.status_code == 200 and "meanwhile" in late.text and 'value="Mine"' in late.text
    row.refresh_from_db()
    assert row.arm == "A" and row.patient_id
    assert client.post(f"{url}{row.pk}/remove/", {"reason": " ", "seen": row.revision}).status_code == 200
    client.post(f"{url}{row.pk}/remove/", {"reason": "screened out", "seen": row.revision})
    assert not Participant.objects.filter(trial_id="B-9").exists()
    client.post(f"{url}back/")
    back = Participant.objects.get(trial_id="B-9")
    assert (back.arm, back.patient_id, back.attributes) == ("A", row.patient_id, {"Nodes": False})
    client.post(f"{url}back/")
    assert Participant.objects.filter(trial_id="B-9").count() == 1
    acts = set(Entry.objects.filter(object_kind="participant").values_list("action", flat=True))
    assert acts == {"register participant", "change participant", "remove participant"}


def test_another_centre_cannot_be_registered_at(
    brain: Protocol, rows: ProtocolRows, client_of: ClientOf
) -> None:
    nils = rows.user("nils", "AUH")
    rows.grant(nils, "normal-user", brain)
    answer = client_of(nils).post(f"/protocols/{brain.pk}/participants/new/", typed(institution="OUH"))
    assert answer.status_code == 200 and not Participant.objects.filter(trial_id="B-9").exists()


def test_a_table_is_shown_then_done(brain: Protocol, rows: ProtocolRows, client_of: ClientOf) -> None:
    nils = rows.user("nils", "AUH")
    rows.grant(nils, "normal-user", brain)
    client, url = client_of(nils), f"/protocols/{brain.pk}/participants/upload/"
    assert "patient_id" in client.get(url).text

    def sent(text: str) -> object:
        return client.post(url, {"file": SimpleUploadedFile("p.csv", text.encode())})

    assert "no column" in sent("trial_id,weight\nB-7,80").text  # type: ignore[attr-defined]
    assert "empty" in sent(" ").text  # type: ignore[attr-defined]
    page = sent("trial_id;arm\nB-7;<b>x\n=cmd;A\nB-2;C")  # type: ignore[assignment]
    assert "&lt;b&gt;" not in page.text or "<b>x" not in page.text  # type: ignore[attr-defined]
    assert Participant.objects.filter(protocol=brain).count() == 3
    context = page.context  # type: ignore[attr-defined]
    assert dict(context["counts"]) == {"added": 1, "changed": 1, "refused": 1}
    form = {"text": context["text"], "outcome": context["outcome"]}
    Participant.objects.filter(trial_id="B-2").update(arm="D", revision=9)
    stale = client.post(url, form)
    assert stale.status_code == 200 and "meanwhile" in stale.text
    assert not Participant.objects.filter(trial_id="B-7").exists()
    form["outcome"] = stale.context["outcome"]
    assert client.post(url, form).status_code == 302
    assert Participant.objects.get(trial_id="B-2").arm == "C"
    assert Participant.objects.get(trial_id="B-7").arm == "<b>x"


def test_attributes_are_made_changed_and_kept_where_used(
    brain: Protocol, rows: ProtocolRows, client_of: ClientOf
) -> None:
    key = rows.user("kaya", "VLE")
    rows.grant(key, "key-user", brain)
    client, url = client_of(key), f"/protocols/{brain.pk}/attributes/"
    assert "No attribute yet" in client.get(url).text
    wish = {"name": "Stage", "kind": "choice", "choices": "I\nII", "order": "0"}
    assert client.post(f"{url}new/", {**wish, "choices": "I"}).status_code == 200
    assert client.post(f"{url}new/", {**wish, "name": "arm"}).status_code == 200
    assert client.post(f"{url}new/", wish).status_code == 302
    assert client.post(f"{url}new/", {**wish, "name": "stage"}).status_code == 200
    row = AttributeType.objects.get()
    Participant.objects.filter(trial_id="B-1").update(attributes={"Stage": "II"})
    for change in ({"choices": "I\nIII"}, {"kind": "text"}):
        assert client.post(f"{url}{row.pk}/", {**wish, **change}).status_code == 200
    assert client.post(f"{url}{row.pk}/", {**wish, "name": "Tumour stage"}).status_code == 302
    assert Participant.objects.get(trial_id="B-1").attributes == {"Tumour stage": "II"}
    client.post(f"{url}{row.pk}/remove/")
    assert AttributeType.objects.exists()
    Participant.objects.update(attributes={})
    client.post(f"{url}{row.pk}/remove/")
    assert not AttributeType.objects.exists()
