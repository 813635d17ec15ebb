"""Grants, memberships and the journal by the API: as the pages show them (R46, R116, R155)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from planbank.catalogue.models import PlanSet
from planbank.house import House
from planbank.journal.models import Entry
from planbank.people.models import User
from planbank.protocols.levels import See
from planbank.protocols.models import Membership
from tests.api.calling import Caller
from tests.protocols.rows import ProtocolRows

MakeCaller = Callable[..., Caller]
SECRETS = ("0101501234", "Holm", "Mette", "1.2.")


def names(found: list[dict[str, Any]]) -> list[str]:
    return sorted(row["username"] for row in found)


def test_ones_own_grants_and_those_one_answers_for(
    caller: MakeCaller, rows: ProtocolRows, reader: User, plan_set: PlanSet
) -> None:
    brain, other = rows.protocol("BRAIN"), rows.protocol("OTHER")
    kaya, olga = rows.user("kaya"), rows.user("olga")
    rows.grant(kaya, "key-user", brain, until=rows.at + timedelta(days=5))
    rows.grant(olga, "reader", other, "OUH", see=See.PSEUDONYMISED)
    (own,) = caller(reader).items("grants")
    assert (own["username"], own["scope_name"], own["see"]) == ("rita", "BRAIN", "pseudonymised")
    assert (own["institutions"], own["state"]) == (None, "active")
    seen = caller(kaya).items("grants")
    assert names(seen) == ["kaya", "rita"]
    assert {row["username"]: row["state"] for row in seen}["kaya"] == "lapses soon"
    assert caller(kaya).items("grants", protocol="BRAIN") == seen
    assert caller(kaya).get("grants", protocol="OTHER").status_code == 404
    admin = rows.user("ada", is_site_admin=True)
    assert names(caller(admin).items("grants")) == ["kaya", "olga", "rita"]
    (theirs,) = caller(admin).items("grants", protocol="OTHER")
    assert theirs["institutions"] == ["OUH"]
    held = caller(admin, other)
    assert names(held.items("grants")) == ["olga"], "a token held to a protocol reads no other"


def test_members_are_those_the_policy_shows_and_name_nobody(
    caller: MakeCaller, rows: ProtocolRows, reader: User, plan_set: PlanSet
) -> None:
    brain = rows.protocol("BRAIN")
    rows.join(brain, rows.small_plan("AUH", "0202501234"))
    rows.join(rows.protocol("OTHER"), rows.small_plan("OUH", "0303501234"))
    rita = caller(reader)
    found = rita.items("memberships", protocol="BRAIN")
    assert {row["id"] for row in found} == set(
        Membership.objects.filter(protocol=brain).values_list("pk", flat=True)
    )
    ouh = next(row for row in found if row["institution"] == "OUH")
    assert (ouh["pseudonym"], ouh["trial_id"], ouh["protocol"]) == ("B-7K2PD", "T-041", "BRAIN")
    assert [row["protocol"] for row in rita.items("memberships")].count("OTHER") == 0
    text = rita.get("memberships").content.decode()
    assert [secret for secret in SECRETS if secret in text] == []
    otto = caller(rows.user("otto", "OUH"))
    assert {row["institution"] for row in otto.items("memberships")} == {"OUH"}
    counter = rows.user("carl")
    rows.grant(counter, "reader", brain, see=See.SUMMARY)
    assert caller(counter).items("memberships") == []
    assert Entry.objects.filter(object_kind="memberships", actor="rita", protocol="BRAIN").exists()


def test_members_as_they_stood(
    caller: MakeCaller, rows: ProtocolRows, reader: User, plan_set: PlanSet
) -> None:
    first = Membership.objects.order_by("pk").first()
    assert first is not None
    Membership.objects.filter(pk=first.pk).update(removed_at=rows.at, added_at=rows.at - timedelta(days=9))
    rita = caller(reader)
    assert first.pk not in {row["id"] for row in rita.items("memberships")}
    then = (rows.at - timedelta(days=5)).isoformat()
    assert {row["id"] for row in rita.items("memberships", as_of=then)} == {first.pk}
    assert rita.get("memberships", as_of="last week").status_code == 422
    Membership.objects.filter(pk=first.pk).update(restricted_at=rows.at)
    assert rita.items("memberships", as_of=then) == [], "what is restricted now is never given"


def test_the_journal_is_what_one_answers_for_newest_first_page_by_page(
    caller: MakeCaller, rows: ProtocolRows, reader: User, plan_set: PlanSet, bank: House
) -> None:
    kaya = rows.user("kaya")
    rows.grant(kaya, "key-user", rows.protocol("BRAIN"))
    for n, (who, protocol) in enumerate(
        [("rita", "BRAIN"), ("olga", "OTHER"), ("kaya", ""), ("otto", "BRAIN")]
    ):
        moment = rows.at + timedelta(minutes=n)
        Entry.objects.create(at=moment, actor_kind="user", actor=who, action=f"act {n}", protocol=protocol)
    hers = caller(kaya)
    first = hers.get("journal", limit=2).json()
    assert [row["action"] for row in first["items"]] == ["act 3", "act 2"]
    second = hers.get("journal", limit=2, after=first["next"]).json()
    assert [row["action"] for row in second["items"]][:1] == ["act 0"]
    assert "act 1" not in str(list(hers.items("journal", limit=500)))
    assert [row["action"] for row in hers.items("journal", protocol="OTHER")] == []
    assert [row["action"] for row in hers.items("journal", action="act 3")] == ["act 3"]
    held = caller(kaya, rows.protocol("BRAIN"))
    assert {row["action"] for row in held.items("journal")} == {"act 3", "act 0"}
    assert hers.get("journal", after="999999999").json() == {"items": [], "next": None}
