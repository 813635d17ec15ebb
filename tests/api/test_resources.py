"""Resources of the API: the same rows and levels as the pages (R155, R186, R190)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.http import HttpResponse

from planbank.access.models import Grant, Token
from planbank.access.tokens import revoke
from planbank.catalogue.models import PlanSet
from planbank.house import House
from planbank.journal.models import Entry
from planbank.journal.record import Actor
from planbank.people.models import User
from tests.api.calling import Caller
from tests.protocols.rows import ProtocolRows

MakeCaller = Callable[..., Caller]
SECRETS = ("0101501234", "Holm", "Mette", "19500101", "1.2.")


def test_without_a_token_there_is_nothing(bank: House) -> None:
    for token in ("", "pbk_guess", "x" * 200):
        answer = Caller(token).get("patients")
        assert answer.status_code == 401
        assert answer["Content-Type"] == "application/problem+json" and answer["WWW-Authenticate"] == "Bearer"
        assert answer.json()["status"] == 401


def test_a_session_of_the_site_opens_nothing_here(bank: House, rows: ProtocolRows) -> None:
    caller = Caller("")
    caller.http.force_login(
        rows.user("anna", "AUH"), backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    assert caller.get("patients").status_code == 401


def test_who_the_token_is(caller: MakeCaller, reader: User, rows: ProtocolRows) -> None:
    me = caller(reader, rows.protocol("BRAIN")).get("me").json()
    assert (me["username"], me["purpose"]) == ("rita", "a test")
    assert me["held_to"].startswith("protocol ")


def test_one_s_own_institution_is_seen_by_name(
    caller: MakeCaller, plan_set: PlanSet, rows: ProtocolRows
) -> None:
    otto = caller(rows.user("otto", "OUH"))
    (patient,) = otto.items("patients")
    assert (patient["patient_id"], patient["seen_as"]) == ("0101501234", "identified")
    (plan,) = otto.items("plan-sets", institution="OUH")
    assert plan["label"] == plan_set.label
    assert otto.items("plan-sets", institution="AUH") == []


def test_below_identified_nothing_names_a_patient(
    caller: MakeCaller, plan_set: PlanSet, reader: User
) -> None:
    rita = caller(reader)
    (patient,) = rita.items("patients", protocol="BRAIN")
    assert (patient["pseudonym"], patient["trial_id"]) == ("B-7K2PD", "T-041")
    assert patient["patient_id"] is patient["name"] is patient["birth_date"] is None
    paths = ["patients", "plan-sets", f"plan-sets/{plan_set.pk}", f"plan-sets/{plan_set.pk}/rois"]
    paths += [f"plan-sets/{plan_set.pk}/dvhs", f"plan-sets/{plan_set.pk}/findings", "journal"]
    for path in paths:
        text = rita.get(path).content.decode()
        assert [secret for secret in SECRETS if secret in text] == [], path


def test_dvhs_with_any_metric_and_curve(caller: MakeCaller, plan_set: PlanSet, rows: ProtocolRows) -> None:
    otto = caller(rows.user("otto", "OUH"))
    found = otto.items(f"plan-sets/{plan_set.pk}/dvhs", metrics="D95%, V20Gy,Dmean", curve="true")
    heart = next(row for row in found if row["roi"] == "Hjerte")
    assert set(heart["metrics"]) == {"D95%", "V20Gy", "Dmean"}
    assert len(heart["curve_gy"]) == len(heart["curve_cc"]) > 2
    assert heart["curve_cc"][0] == pytest.approx(heart["volume_cc"] - heart["outside_cc"], abs=1e-4)
    answer = otto.get(f"plan-sets/{plan_set.pk}/dvhs", metrics="Q95")
    assert answer.status_code == 422 and "Q95" in answer.json()["detail"]


def test_lists_go_on_where_they_ended(caller: MakeCaller, rows: ProtocolRows, bank: House) -> None:
    for n in range(7):
        rows.file("OUH", f"{n}")
    otto = caller(rows.user("otto", "OUH"))
    seen, after = [], ""
    while after is not None:
        page = otto.get("patients", limit=3, after=after).json()
        assert len(page["items"]) <= 3
        seen += [row["patient_id"] for row in page["items"]]
        after = page["next"]
    assert seen == [str(n) for n in range(7)]


@pytest.mark.parametrize(
    "wrong", [{"after": "x"}, {"after": "-1"}, {"limit": 0}, {"limit": 9999}, {"limit": "a"}]
)
def test_a_parameter_that_cannot_be_used(caller: MakeCaller, reader: User, wrong: dict[str, object]) -> None:
    answer = caller(reader).get("patients", **wrong)
    assert answer.status_code == 422 and answer.json()["title"] == "A parameter cannot be used"


def test_hidden_and_absent_are_one_answer(caller: MakeCaller, plan_set: PlanSet, rows: ProtocolRows) -> None:
    stranger = caller(rows.user("sven", "VLE"))
    hidden = stranger.get(f"plan-sets/{plan_set.pk}")
    absent = stranger.get("plan-sets/987654321")
    assert hidden.status_code == absent.status_code == 404 and hidden.content == absent.content
    assert (
        stranger.get("patients", protocol="BRAIN").content == stranger.get("patients", protocol="NO").content
    )


def test_a_token_held_to_a_protocol_sees_nothing_else(
    caller: MakeCaller, plan_set: PlanSet, rows: ProtocolRows
) -> None:
    otto = rows.user("otto", "OUH")
    rows.whole_plan("OUH", "0202502345")
    assert len(caller(otto).items("patients")) == 2
    rows.grant(otto, "reader", rows.protocol("BRAIN"), see=2)
    held = caller(otto, rows.protocol("BRAIN"))
    assert [row["trial_id"] for row in held.items("patients")] == ["T-041"]
    other = rows.protocol("OTHER")
    rows.grant(otto, "reader", other, see=2)
    assert held.get("patients", protocol="OTHER").status_code == 404


def test_a_lapsed_grant_a_revoked_token_a_disabled_account_act_at_once(
    caller: MakeCaller, plan_set: PlanSet, reader: User, bank: House
) -> None:
    rita = caller(reader)
    assert len(rita.items("plan-sets")) == 1
    Grant.objects.update(until=bank.clock.now())
    assert rita.items("plan-sets") == []
    answer = rita.get(f"plan-sets/{plan_set.pk}")
    assert answer.status_code == 403 and "lapsed" in answer.json()["detail"] and answer.json()["ask"]
    revoke(Token.objects.get(), Actor("user", "rita"), bank.clock.now())
    assert rita.get("plan-sets").status_code == 401
    again = caller(reader)
    User.objects.update(is_active=False)
    assert again.get("me").status_code == 401


def test_a_token_ends_by_itself(caller: MakeCaller, reader: User, bank: House) -> None:
    rita = caller(reader)
    bank.clock.at += timedelta(days=31)  # type: ignore[attr-defined]
    assert rita.get("me").status_code == 401


def test_participants_as_the_grant_says(caller: MakeCaller, plan_set: PlanSet, rows: ProtocolRows) -> None:
    brain = rows.protocol("BRAIN")
    rows.participant(brain, "T-100", "AUH")
    nora = rows.user("nora", "AUH")
    rows.grant(nora, "normal-user", brain)
    assert [row["trial_id"] for row in caller(nora).items("participants", protocol="BRAIN")] == ["T-100"]
    kaya = rows.user("kaya", "AUH")
    rows.grant(kaya, "key-user", brain)
    seen = [row["trial_id"] for row in caller(kaya).items("participants", protocol="BRAIN")]
    assert sorted(seen) == ["T-041", "T-100"]
    assert caller(rows.user("sven", "VLE")).get("participants", protocol="BRAIN").status_code == 404


def test_participants_are_registered_and_changed_by_the_rules_of_the_form(
    caller: MakeCaller, plan_set: PlanSet, rows: ProtocolRows
) -> None:
    brain = rows.protocol("BRAIN")
    nora = rows.user("nora", "AUH")
    rows.grant(nora, "normal-user", brain)
    if not brain.participations.filter(institution__code="AUH").exists():
        rows.centre(brain, "AUH")
    made = caller(nora)

    def send(method: str, **body: object) -> HttpResponse:
        verb = getattr(made.http, method)
        headers = {"Authorization": f"Bearer {made.token}"}
        return verb("/api/v1/participants?protocol=BRAIN", body, "application/json", headers=headers)

    for wrong in (
        {"trial_id": "0101501234"},
        {"trial_id": "=1"},
        {"trial_id": "N-1", "laterality": "up"},
        {"trial_id": "N-1", "institution": "OUH"},
        {"trial_id": "N-1", "attributes": {"weight": "80"}},
        {},
    ):
        answer = send("post", **wrong)
        assert answer.status_code == 422 and answer["Content-Type"] == "application/problem+json"
    first = send("post", trial_id="N-1", arm="A")
    assert first.status_code == 201, first.content
    assert send("post", trial_id="N-1").status_code == 422
    revision = first.json()["revision"]
    changed = send("patch", trial_id="N-1", laterality="left", revision=revision)
    assert (changed.json()["arm"], changed.json()["laterality"]) == ("A", "left")
    assert send("patch", trial_id="N-1", arm="B", revision=revision).status_code == 409
    assert send("patch", trial_id="N-404", arm="B", revision=1).status_code == 404
    made = caller(rows.user("sven", "VLE"))
    assert send("post", trial_id="N-2").status_code == 404


def test_each_reading_is_journalled_with_the_purpose(
    caller: MakeCaller, plan_set: PlanSet, reader: User
) -> None:
    rita = caller(reader)
    rita.items("plan-sets", protocol="BRAIN")
    entry = Entry.objects.get(action="read by API")
    assert (entry.actor, entry.protocol, entry.purpose) == ("rita", "BRAIN", "a test")
    assert [row["action"] for row in rita.items("journal")] == ["read by API"]


def test_the_token_itself_is_nowhere_kept(caller: MakeCaller, reader: User) -> None:
    made = caller(reader)
    token = Token.objects.get()
    assert made.token not in str(vars(token)) and len(token.digest) == 64
    assert made.token not in str(list(Entry.objects.values()))


def test_a_token_that_only_reads_changes_nothing(
    bank: House, reader: User, rows: ProtocolRows, caller: MakeCaller
) -> None:
    call = caller(reader)
    Token.objects.update(may_write=False)
    answer = call.http.post(
        "/api/v1/constraints", "{}", "application/json", headers={"Authorization": f"Bearer {call.token}"}
    )
    assert answer.status_code == 403 and "only reads" in answer.json()["detail"]
    assert call.get("me").status_code == 200
