"""Random worlds against a small oracle that knows nothing of the code (security.md, properties 3, 6, 9)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planbank.access.policy import visible
from planbank.access.scopes import PATIENT_FILES, PLAN_SETS, Scope
from planbank.catalogue.models import PatientFile, PlanSet
from planbank.people.models import Affiliation, User
from planbank.protocols.models import Membership, Protocol, ReuseRequest
from tests.protocols.rows import ProtocolRows

PROTOCOLS, CENTRES, DAYS = ("A", "B"), ("AUH", "OUH", "VLE"), st.integers(-2, 2)
# action -> (least see, least take-out): from model.md and security.md, not from the code.
NEEDS = {
    "data.statistics": (1, 0),
    "data.view": (2, 0),
    "data.identity": (3, 0),
    "export.csv": (2, 1),
    "export.raw": (3, 2),
}
GIVES = {
    "reader": set(NEEDS),
    "exporter": {"export.csv", "export.raw"},
    "key-user": {"data.statistics", "data.view", "data.identity"},
    "normal-user": set(),
}


@dataclass(frozen=True)
class Given:
    """A grant: role, where ('A', 'B' or 'project'), whose, levels, from and until in days."""

    role: str
    where: str
    whose: frozenset[str] | None
    see: int
    take_out: int
    since: int
    until: int
    revoked: bool

    def holds(self) -> bool:
        return self.since <= 0 < self.until and not self.revoked


@dataclass(frozen=True)
class World:
    """A person's grants, where they work, what is closed, what a project may reuse."""

    grants: tuple[Given, ...]
    works: tuple[tuple[str, int, int], ...]
    closed: frozenset[str]
    reused: tuple[tuple[str, int, int, str], ...]
    active: bool


@st.composite
def grant(draw: st.DrawFn) -> Given:
    see, since = draw(st.integers(0, 3)), draw(DAYS)
    return Given(
        draw(st.sampled_from(sorted(GIVES))),
        draw(st.sampled_from([*PROTOCOLS, "project"])),
        draw(st.none() | st.frozensets(st.sampled_from(CENTRES), max_size=2)),
        see,
        draw(st.integers(0, 2 if see == 3 else 1)),
        since,
        since + draw(st.integers(1, 4)),
        draw(st.booleans()) and draw(st.booleans()),
    )


WORLDS = st.builds(
    World,
    st.lists(grant(), max_size=4).map(tuple),
    st.lists(
        st.tuples(st.sampled_from(CENTRES), DAYS, st.integers(1, 3)), max_size=2, unique_by=lambda w: w[0]
    ).map(tuple),
    st.frozensets(st.sampled_from(PROTOCOLS), max_size=1),
    st.lists(
        st.tuples(
            st.sampled_from(PROTOCOLS),
            st.integers(1, 3),
            st.integers(0, 1),
            st.sampled_from(["approved", "approved", "revoked"]),
        ),
        max_size=2,
    ).map(tuple),
    st.sampled_from([True, True, True, False]),
)
# Every centre has a plan in A, one in B, one in both and one in none.
MEMBERS = {(code, which): set(which) for code in CENTRES for which in ("A", "B", "AB", "")}
Row = tuple[str, str]


def oracle(world: World, action: str) -> dict[Row, int]:
    """Row -> best level of sight."""
    found: dict[Row, int] = {}
    see_needed, out_needed = NEEDS[action]
    for row, protocols in MEMBERS.items():
        levels = [3 for code, since, days in world.works if code == row[0] and since <= 0 < since + days]
        for one in world.grants:
            if not one.holds() or action not in GIVES[one.role]:
                continue
            own = max(one.see, 2) if one.role == "key-user" else one.see
            ways = [(one.where, own, one.take_out)]
            if one.where == "project":
                ways = [
                    (p, min(own, see), min(one.take_out, out))
                    for p, see, out, state in world.reused
                    if state == "approved"
                ]
            levels += [
                see
                for protocol, see, out in ways
                if protocol in protocols
                and protocol not in world.closed
                and (one.whose is None or row[0] in one.whose)
                and see >= see_needed
                and out >= out_needed
            ]
        if levels and world.active:
            found[row] = max(levels)
    return found


@pytest.fixture
def plans(rows: ProtocolRows) -> dict[int, Row]:
    """The plan sets of MEMBERS, with their rows."""
    found = {}
    for number, (row, protocols) in enumerate(MEMBERS.items()):
        plan_set = rows.small_plan(row[0], f"{number:02d}01501234")
        for name in sorted(protocols):
            rows.join(rows.protocol(name), plan_set)
        found[plan_set.pk] = row
    for name in PROTOCOLS:
        rows.protocol(name)
    rows.project("P")
    return found


def build(rows: ProtocolRows, world: World) -> User:
    User.objects.filter(username="one").delete()
    ReuseRequest.objects.all().delete()
    user = rows.user("one", is_active=world.active)
    day = timedelta(days=1)
    for code, since, days in world.works:
        Affiliation.objects.create(
            user=user,
            institution=rows.institution(code),
            since=rows.at + since * day,
            until=rows.at + (since + days) * day,
        )
    for one in world.grants:
        scope = rows.project("P") if one.where == "project" else rows.protocol(one.where)
        fields: dict[str, Any] = {"see": one.see, "take_out": one.take_out}
        fields |= {"since": rows.at + one.since * day, "until": rows.at + one.until * day}
        fields |= {"revoked_at": rows.at if one.revoked else None, "confirmed_at": rows.at - 9 * day}
        row = rows.grant(user, one.role, scope, *sorted(one.whose or ()), **fields)
        type(row).objects.filter(pk=row.pk).update(every_institution=one.whose is None)
    for name in PROTOCOLS:
        status = "closed" if name in world.closed else "active"
        Protocol.objects.filter(short_name=name).update(status=status, closed_at=rows.at)
    for name, see, out, state in world.reused:
        request = rows.reuse(rows.project("P"), rows.protocol(name), see=see, take_out=out)
        ReuseRequest.objects.filter(pk=request.pk).update(state=state)
    return user


def seen(rows: ProtocolRows, user: User, action: str, plans: dict[int, Row]) -> dict[Row, int]:
    found = visible(user, action, PlanSet.objects.all(), PLAN_SETS, at=rows.at)
    listed = {plans[row.pk]: row.seen_as for row in found}
    assert found.count() == len(listed), "counts are those of the rows"
    return listed


@settings(max_examples=60)
@given(world=WORLDS, action=st.sampled_from(sorted(NEEDS)))
def test_the_policy_is_the_oracle(
    rows: ProtocolRows, plans: dict[int, Row], world: World, action: str
) -> None:
    user = build(rows, world)
    expected = oracle(world, action)
    assert seen(rows, user, action, plans) == expected
    files = visible(user, action, PatientFile.objects.all(), PATIENT_FILES, at=rows.at)
    assert files.count() == len(expected), "one patient for each plan"


@settings(max_examples=60)
@given(world=WORLDS, gone=st.integers(0, 3))
def test_removing_a_grant_never_adds_a_row_or_raises_a_level(
    rows: ProtocolRows, plans: dict[int, Row], world: World, gone: int
) -> None:
    before = seen(rows, build(rows, world), "data.view", plans)
    less = replace(world, grants=world.grants[:gone] + world.grants[gone + 1 :])
    after = seen(rows, build(rows, less), "data.view", plans)
    assert all(before.get(row, 0) >= level for row, level in after.items())


@settings(max_examples=20)
@given(world=WORLDS)
def test_a_grant_on_b_shows_nothing_of_a(rows: ProtocolRows, plans: dict[int, Row], world: World) -> None:
    only_b = replace(
        world,
        grants=tuple(replace(one, where="B") for one in world.grants),
        works=(),
    )
    user = build(rows, only_b)
    for row in seen(rows, user, "data.view", plans):
        assert "B" in MEMBERS[row]
    inside_a = visible(
        user, "data.view", PlanSet.objects.all(), PLAN_SETS, at=rows.at, scope=Scope.of(rows.protocol("A"))
    )
    assert not inside_a.exists()


@settings(max_examples=15)
@given(world=WORLDS)
def test_leaving_a_leaves_b(rows: ProtocolRows, plans: dict[int, Row], world: World) -> None:
    """security.md, property 9: detaching from A leaves B."""
    user = build(rows, world)
    heart = {"scope": Scope.of(rows.protocol("B"))}

    def in_b() -> set[int]:
        found = visible(user, "data.view", PlanSet.objects.all(), PLAN_SETS, at=rows.at, **heart)  # type: ignore[arg-type]
        return set(found.values_list("pk", flat=True))

    before = in_b()
    Membership.objects.filter(protocol=rows.protocol("A")).update(removed_at=rows.at)
    try:
        assert in_b() == before
    finally:
        Membership.objects.filter(protocol=rows.protocol("A")).update(removed_at=None)
