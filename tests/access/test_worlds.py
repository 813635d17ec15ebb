"""Random worlds against the oracle, which knows nothing of the code (security.md, properties 3, 6, 9)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from planbank.access.actions import ACTIONS
from planbank.access.policy import may, one, visible
from planbank.access.scopes import PATIENT_FILES, PLAN_SETS, Scope
from planbank.access.verdict import Refused
from planbank.catalogue.models import PatientFile, PlanSet
from planbank.people.models import User
from planbank.protocols.models import Disclosure, Membership, Participation, ReuseRequest
from tests.access.building import build_person, build_reuses, build_scopes
from tests.access.oracle import DATA, EXPORT, Held, Person, Reuse, Works, World, answers, decides, sees
from tests.protocols.rows import ProtocolRows

# Shrinking a world takes minutes; the one that failed is printed whole.
PHASES = (Phase.explicit, Phase.generate)
CENTRES, PROTOCOLS, PROJECTS = ("AUH", "OUH", "VLE", "OSL"), ("A", "B", "C"), ("P", "Q")
ROLES = (
    "reader",
    "reader",
    "exporter",
    "key-user",
    "normal-user",
    "controller",
    "auditor",
    "participant.edit",
)
PLANS = {f"{code}{n}": code for code in CENTRES for n in range(3)}
SOME = st.none() | st.frozensets(st.sampled_from(CENTRES), min_size=1, max_size=3)
BEGINS, LASTS = st.integers(-3, 2), st.integers(1, 5)
RARELY = st.sampled_from([False, False, False, True])


@st.composite
def grants(draw: st.DrawFn) -> Held:
    role, see, since = draw(st.sampled_from(ROLES)), draw(st.integers(0, 3)), draw(BEGINS)
    places = PROTOCOLS if role in ("normal-user", "controller", "participant.edit") else PROTOCOLS + PROJECTS
    return Held(
        role,
        "" if role == "auditor" else draw(st.sampled_from(places)),
        draw(SOME),
        see,
        draw(st.integers(0, 2 if see == 3 else 1)),
        since,
        since + draw(LASTS),
        draw(RARELY),
        not draw(RARELY),
    )


@st.composite
def works(draw: st.DrawFn) -> Works:
    since = draw(BEGINS)
    return Works(draw(st.sampled_from(CENTRES)), since, since + draw(LASTS), draw(RARELY))


PEOPLE = st.builds(
    Person,
    st.just("one"),
    st.lists(works(), max_size=2, unique_by=lambda w: w.where).map(tuple),
    st.lists(grants(), max_size=4).map(tuple),
    admin=RARELY,
    active=RARELY.map(lambda b: not b),
)


@st.composite
def reuses(draw: st.DrawFn) -> Reuse:
    since = draw(BEGINS)
    return Reuse(
        draw(st.sampled_from(PROJECTS)),
        draw(st.sampled_from(PROTOCOLS)),
        draw(st.integers(1, 3)),
        draw(st.integers(0, 1)),
        draw(st.sampled_from(["approved", "approved", "approved", "revoked"])),
        draw(SOME),
        since,
        since + draw(LASTS),
        draw(st.none() | st.frozensets(st.sampled_from(sorted(PLANS)), max_size=4)),
    )


STATUS = st.sampled_from([("active", 0), ("active", 0), ("closed", 0), ("closed", 5), ("draft", 0)])
WORLDS = st.builds(
    World,
    st.fixed_dictionaries(dict.fromkeys(PROTOCOLS, STATUS)),
    st.just(PROJECTS),
    st.fixed_dictionaries(
        {name: st.frozensets(st.sampled_from(PROTOCOLS)).map(lambda p, c=code: (c, p))
         for name, code in PLANS.items()}
    ),
    # One request for a project and a protocol, so that what a project lists is that of its request.
    st.lists(reuses(), max_size=3, unique_by=lambda r: r.project).map(tuple),
    st.frozensets(st.tuples(st.sampled_from(PROTOCOLS), st.sampled_from(CENTRES)), max_size=4),
)  # fmt: skip


@pytest.fixture
def plans(rows: ProtocolRows) -> dict[str, PlanSet]:
    """One small plan for each name; examples put them into protocols."""
    return {name: rows.small_plan(code, f"{n:02d}01501234") for n, (name, code) in enumerate(PLANS.items())}


def build(rows: ProtocolRows, plans: dict[str, PlanSet], world: World, person: Person) -> User:
    User.objects.filter(username=person.name).delete()
    for model in (Disclosure, ReuseRequest, Membership, Participation):
        model.objects.all().delete()
    build_scopes(rows, world)
    for name, (_code, protocols) in world.rows.items():
        for protocol in sorted(protocols):
            rows.join(rows.protocol(protocol), plans[name])
    build_reuses(rows, world, plans)
    return build_person(rows, world, person)


def seen(
    rows: ProtocolRows, user: User, action: str, plans: dict[str, PlanSet], **more: Any
) -> dict[str, int]:
    names = {plan.pk: name for name, plan in plans.items()}
    found = visible(user, action, PlanSet.objects.all(), PLAN_SETS, at=rows.at, **more)
    listed = {names[row.pk]: row.seen_as for row in found}
    assert found.count() == len(listed), "counts are those of the rows"
    return listed


@settings(phases=PHASES, max_examples=40)
@given(world=WORLDS, person=PEOPLE, action=st.sampled_from(sorted(DATA | EXPORT)))
def test_the_policy_shows_what_the_oracle_shows(
    rows: ProtocolRows, plans: dict[str, PlanSet], world: World, person: Person, action: str
) -> None:
    user = build(rows, plans, world, person)
    expected = sees(world, person, action)
    assert seen(rows, user, action, plans) == expected
    files = visible(user, action, PatientFile.objects.all(), PATIENT_FILES, at=rows.at)
    assert files.count() == len(expected), "one patient for each plan"


@settings(phases=PHASES, max_examples=40)
@given(world=WORLDS, person=PEOPLE, row=st.sampled_from(sorted(PLANS)))
def test_a_row_that_is_refused_is_refused_as_the_oracle_says(
    rows: ProtocolRows, plans: dict[str, PlanSet], world: World, person: Person, row: str
) -> None:
    user = build(rows, plans, world, person)
    for action in sorted(DATA | EXPORT) if person.active else ():
        verdict = may(user, action, rows.at)
        if verdict:
            try:
                one(user, action, PlanSet.objects.all(), PLAN_SETS, plans[row].pk, at=rows.at)
            except Refused as refused:
                verdict = refused.verdict
        assert verdict.status == answers(world, person, action, row), (action, verdict)


@settings(phases=PHASES, max_examples=40)
@given(world=WORLDS, person=PEOPLE)
def test_every_action_is_decided_as_the_oracle_says(
    rows: ProtocolRows, plans: dict[str, PlanSet], world: World, person: Person
) -> None:
    """Every action, anywhere and in each protocol and project."""
    user = build(rows, plans, replace(world, rows={}), person)
    scopes = {None: None, **{name: Scope.of(rows.protocol(name)) for name in PROTOCOLS}}
    scopes |= {name: Scope.of(rows.project(name)) for name in PROJECTS}
    for action, asked in ACTIONS.items():
        kinds = {"protocol": PROTOCOLS, "project": PROJECTS}.get(asked.scope, ())
        for name in (None, *kinds):
            expected = decides(world, person, action, name) if person.active else 404
            verdict = may(user, action, rows.at, scopes[name])
            assert verdict.status == expected, f"{action} {name} {verdict.kind} {person}"


@settings(phases=PHASES, max_examples=40)
@given(world=WORLDS, person=PEOPLE, gone=st.integers(0, 3))
def test_removing_a_grant_never_adds_a_row_or_raises_a_level(
    rows: ProtocolRows, plans: dict[str, PlanSet], world: World, person: Person, gone: int
) -> None:
    before = seen(rows, build(rows, plans, world, person), "data.view", plans)
    less = replace(person, holds=person.holds[:gone] + person.holds[gone + 1 :])
    after = seen(rows, build(rows, plans, world, less), "data.view", plans)
    assert all(before.get(row, 0) >= level for row, level in after.items())


@settings(phases=PHASES, max_examples=25)
@given(world=WORLDS, person=PEOPLE)
def test_a_grant_on_b_shows_nothing_of_a(
    rows: ProtocolRows, plans: dict[str, PlanSet], world: World, person: Person
) -> None:
    only_b = replace(person, works=(), holds=tuple(replace(h, where="B") for h in person.holds if h.where))
    user = build(rows, plans, world, only_b)
    for row in seen(rows, user, "data.view", plans):
        assert "B" in world.rows[row][1]
    inside_a = seen(rows, user, "data.view", plans, scope=Scope.of(rows.protocol("A")))
    assert set(inside_a) <= set(seen(rows, user, "data.view", plans))


@settings(phases=PHASES, max_examples=25)
@given(world=WORLDS, person=PEOPLE)
def test_leaving_a_leaves_b(
    rows: ProtocolRows, plans: dict[str, PlanSet], world: World, person: Person
) -> None:
    """Detaching from A leaves B, and everything that B alone shows."""
    user = build(rows, plans, world, person)
    heart = {"scope": Scope.of(rows.protocol("B"))}
    before = seen(rows, user, "data.view", plans, **heart)
    Membership.objects.filter(protocol=rows.protocol("A")).update(removed_at=rows.at)
    assert set(seen(rows, user, "data.view", plans, **heart)) == set(before)
