"""What a person sees centre by centre, and what a grant would change, agree with the policy (R53)."""

from __future__ import annotations

import pytest

from planbank.access.granting import Asked, planned
from planbank.access.models import Grant
from planbank.access.policy import visible
from planbank.access.scopes import PLAN_SETS, Scope
from planbank.access.sight import sight, would_change
from planbank.catalogue.models import PlanSet
from planbank.people.models import Institution
from planbank.protocols.act import Act
from planbank.protocols.levels import See, TakeOut
from planbank.protocols.models import Protocol
from tests.protocols.rows import ProtocolRows


@pytest.fixture
def brain(rows: ProtocolRows) -> Protocol:
    protocol = rows.protocol("BRAIN")
    for code, ids in (("AUH", ("01",)), ("OUH", ("02", "03"))):
        rows.centre(protocol, code)
        for sent_id in ids:
            rows.join(protocol, rows.small_plan(code, f"{sent_id}01501234"))
    twice = rows.small_plan("OUH", "0201501234", file=PlanSet.objects.last().patient_file)  # type: ignore[union-attr]
    rows.join(protocol, twice)
    return protocol


def test_levels_and_counts_by_centre(rows: ProtocolRows, brain: Protocol) -> None:
    user = rows.user("anna", "AUH")
    rows.grant(user, "reader", brain, "OUH", see=See.PSEUDONYMISED, take_out=TakeOut.PSEUDONYMISED)
    rows.grant(user, "reader", brain, "VLE", see=See.SUMMARY)
    found = sight(user, rows.at, Scope.of(brain), Institution.objects.all())
    shown = [(one.code, one.own, one.see, one.take_out, one.patients, one.plans) for one in found]
    assert shown == [
        ("AUH", True, 3, 2, 1, 1),
        ("OUH", False, 2, 1, 2, 3),
        ("VLE", False, 1, 0, 0, 0),
    ]
    rows_seen = visible(
        user, "data.view", PlanSet.objects.all(), PLAN_SETS, at=rows.at, scope=Scope.of(brain)
    )
    assert sum(one.plans for one in found) == rows_seen.count()
    type(user).objects.filter(pk=user.pk).update(is_active=False)
    assert sight(user, rows.at, Scope.of(brain)) == []


def test_what_a_grant_would_change_is_what_it_changes(rows: ProtocolRows, brain: Protocol) -> None:
    user = rows.user("anna")
    ouh = Institution.objects.get(code="OUH")
    asked = Asked("reader", Scope.of(brain), see=See.PSEUDONYMISED, institutions=(ouh,))
    grant = planned(Act.of_command("test", rows.at), user, asked)
    gains = would_change(grant, rows.at, institutions=[ouh.pk])
    assert [(g.before.plans, g.after.code, g.after.plans, g.after.patients) for g in gains] == [
        (0, "OUH", 3, 2)
    ]
    assert not Grant.objects.exists() and grant.pk is None, "looking changes nothing"
    grant.save()
    grant.institutions.set([ouh])
    assert sight(user, rows.at, Scope.of(brain)) == [g.after for g in gains]
    lost = would_change(grant, rows.at, revoked=True)
    assert [(g.before.plans, g.after.plans) for g in lost] == [(3, 0)]
    grant.refresh_from_db()
    assert grant.revoked_at is None
