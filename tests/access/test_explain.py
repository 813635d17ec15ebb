"""What somebody sees and why, who sees a patient, and what a grant would change (R53)."""

from __future__ import annotations

import pytest

from planbank.access.explain import explain, simulate, who_can_see
from planbank.access.models import Grant
from planbank.access.policy import visible
from planbank.access.scopes import PLAN_SETS
from planbank.catalogue.models import PlanSet
from planbank.protocols.levels import See, TakeOut
from planbank.protocols.models import Protocol
from tests.protocols.rows import ProtocolRows


@pytest.fixture
def brain(rows: ProtocolRows) -> Protocol:
    return rows.protocol("BRAIN")


def test_the_chain_says_what_gives_it_and_what_does_not(rows: ProtocolRows, brain: Protocol) -> None:
    plan_set = rows.join(brain, rows.small_plan("AUH", "0101501234"))
    here = {"rows": PlanSet.objects.filter(pk=plan_set.pk), "columns": PLAN_SETS}
    user = rows.user("one", "OUH")
    rows.grant(user, "reader", brain, see=See.PSEUDONYMISED)
    rows.grant(user, "reader", rows.protocol("HEART"), see=See.SUMMARY)
    steps = explain(user, "data.view", rows.at, **here)  # type: ignore[arg-type]
    assert [step.holds for step in steps] == [False, True, False, True]
    assert "does not lead to these data" in steps[0].text and "OUH" in steps[0].text
    assert "BRAIN" in steps[1].text
    assert "too low" in steps[2].text
    assert "one reason is enough" in steps[3].text


def test_it_agrees_with_the_policy_for_those_who_may_not(rows: ProtocolRows, brain: Protocol) -> None:
    rows.join(brain, rows.small_plan("AUH", "0101501234"))
    lapsed, nobody = rows.user("lapsed"), rows.user("nobody")
    rows.grant(lapsed, "reader", brain, see=See.PSEUDONYMISED, until=rows.at)
    for user, words in ((lapsed, "has lapsed"), (nobody, "Nothing that Nobody holds")):
        steps = explain(user, "data.view", rows.at, rows=PlanSet.objects.all(), columns=PLAN_SETS)
        assert words in steps[0].text and not steps[-1].holds
    nobody.is_active = False
    assert "switched off" in explain(nobody, "data.view", rows.at)[0].text


def test_who_sees_a_patient(rows: ProtocolRows, brain: Protocol) -> None:
    plan_set = rows.join(brain, rows.small_plan("AUH", "0101501234"))
    rows.user("auh", "AUH"), rows.user("vle", "VLE"), rows.user("admin", is_site_admin=True)
    for name, scope, role in (
        ("reader", brain, "reader"),
        ("counter", brain, "reader"),
        ("elsewhere", rows.protocol("HEART"), "reader"),
        ("project", project := rows.project(), "reader"),
    ):
        see = See.SUMMARY if name == "counter" else See.PSEUDONYMISED
        rows.grant(rows.user(name), role, scope, see=see)
    rows.reuse(project, brain)
    assert plan_set.patient_file.patient is not None
    seers = who_can_see(plan_set.patient_file.patient, rows.at)
    assert [(s.user.username, s.see, s.take_out) for s in seers] == [
        ("auh", See.IDENTIFIED, TakeOut.RAW),
        ("project", See.PSEUDONYMISED, TakeOut.NONE),
        ("reader", See.PSEUDONYMISED, TakeOut.NONE),
    ]
    assert all(s.reasons for s in seers)


def test_simulating_says_what_would_be_and_changes_nothing(rows: ProtocolRows, brain: Protocol) -> None:
    for number in range(3):
        rows.join(brain, rows.small_plan("AUH", f"0{number + 1}01501234"))
    user = rows.user("one")
    values = {"role": "reader", "scope_kind": "protocol", "scope_id": brain.pk, "granted_at": rows.at}
    dates = {"since": rows.at, "until": rows.at.replace(year=rows.at.year + 1)}
    grant = Grant(user=user, see=See.PSEUDONYMISED, **values, **dates)
    change = simulate(grant, rows.at)
    assert (change.patients, change.plans, change.identified) == ((0, 3), (0, 3), (0, 0))
    assert not Grant.objects.exists()
    grant.confirmed_at = rows.at
    grant.save()
    seen = visible(user, "data.view", PlanSet.objects.all(), PLAN_SETS, at=rows.at)
    assert seen.count() == change.plans[1]
    assert simulate(grant, rows.at, revoked=True).plans == (3, 0)
    assert Grant.objects.get().revoked_at is None
