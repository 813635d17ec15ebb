"""From grants to rows: who sees which plan set, at which level, under which name (R47, R52, R208)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from planbank.access.policy import Refused, may, one, visible, why_not
from planbank.access.scopes import INSTANCES, PATIENT_FILES, PLAN_SETS, SERIES, STUDIES, Columns, Scope
from planbank.catalogue.models import Instance, PatientFile, PlanSet, Series, Study
from planbank.people.models import User
from planbank.protocols.levels import See, TakeOut
from planbank.protocols.models import Enrolment, Membership, ProjectItem, Protocol
from tests.protocols.rows import ProtocolRows

KINDS: list[tuple[type[Any], Columns, int]] = [
    # What one small plan set is made of: a plan and one image.
    (PatientFile, PATIENT_FILES, 1),
    (PlanSet, PLAN_SETS, 1),
    (Study, STUDIES, 2),
    (Series, SERIES, 2),
    (Instance, INSTANCES, 2),
]


@pytest.fixture
def brain(rows: ProtocolRows) -> Protocol:
    return rows.protocol("BRAIN")


@pytest.fixture
def member(rows: ProtocolRows, brain: Protocol) -> PlanSet:
    """A plan set of AUH in BRAIN."""
    return rows.join(brain, rows.small_plan("AUH", "0101501234"))


@pytest.fixture
def reader(rows: ProtocolRows, brain: Protocol) -> User:
    user = rows.user("lise", "OUH")
    rows.grant(user, "reader", brain, see=See.PSEUDONYMISED)
    return user


def seen(rows: ProtocolRows, user: User, action: str = "data.view", **where: Any) -> list[PlanSet]:
    return list(visible(user, action, PlanSet.objects.all(), PLAN_SETS, at=rows.at, **where))


@pytest.mark.parametrize(("model", "columns", "count"), KINDS)
def test_a_reader_sees_the_members_and_nothing_else_of_the_patient(
    rows: ProtocolRows, member: PlanSet, reader: User, model: Any, columns: Columns, count: int
) -> None:
    rows.small_plan("AUH", "", member.patient_file)  # another plan of the same patient, no member
    rows.small_plan("AUH", "0202501234")
    found = visible(reader, "data.view", model.objects.all(), columns, at=rows.at)
    assert found.count() == len(list(found)) == count
    for row in found:
        assert (row.seen_as, row.take_as) == (See.PSEUDONYMISED, TakeOut.NONE)
        assert Protocol.objects.get(pk=row.seen_through).short_name == "BRAIN"


@pytest.mark.parametrize(("model", "columns", "count"), KINDS)
def test_ones_own_institution_is_seen_in_full_member_or_not(
    rows: ProtocolRows, member: PlanSet, model: Any, columns: Columns, count: int
) -> None:
    found = visible(rows.user("auh", "AUH"), "data.view", model.objects.all(), columns, at=rows.at)
    assert [(r.seen_as, r.take_as, r.seen_through) for r in found] == [(3, 2, None)] * count


def test_masked_rows_carry_the_names_they_go_by(rows: ProtocolRows, brain: Protocol, reader: User) -> None:
    plan_set = rows.join(brain, rows.small_plan("AUH", "0101501234"))
    (row,) = seen(rows, reader)
    assert (row.pseudonym, row.trial_id) == ("", "")
    Enrolment.objects.update(pseudonym="7K3QX-9M2PD")
    rows.participant(brain, "B-017", patient=plan_set.patient_file.patient)
    (row,) = seen(rows, reader)
    assert (row.pseudonym, row.trial_id) == ("7K3QX-9M2PD", "B-017")


def test_a_pseudonym_of_another_protocol_is_not_given(
    rows: ProtocolRows, brain: Protocol, member: PlanSet, reader: User
) -> None:
    other = rows.protocol("OTHER")
    rows.enrolment(other, member.patient_file, pseudonym="OTHER")
    assert seen(rows, reader)[0].pseudonym == ""


@pytest.mark.parametrize("see", See)
def test_each_level_of_sight(rows: ProtocolRows, brain: Protocol, member: PlanSet, see: See) -> None:
    user = rows.user("one")
    rows.grant(user, "reader", brain, see=see)
    for action, least in (
        ("data.statistics", See.SUMMARY),
        ("data.view", See.PSEUDONYMISED),
        ("data.identity", See.IDENTIFIED),
    ):
        assert bool(seen(rows, user, action)) is (see >= least), action


@pytest.mark.parametrize(
    ("take_out", "actions"),
    [
        (TakeOut.NONE, []),
        (TakeOut.PSEUDONYMISED, ["export.csv", "export.dicom"]),
        (TakeOut.RAW, ["export.csv", "export.dicom", "export.raw"]),
    ],
)
def test_each_level_of_taking_out(
    rows: ProtocolRows, brain: Protocol, member: PlanSet, take_out: TakeOut, actions: list[str]
) -> None:
    user = rows.user("one")
    rows.grant(user, "exporter", brain, see=See.IDENTIFIED, take_out=take_out)
    for action in ("export.csv", "export.dicom", "export.raw"):
        assert bool(seen(rows, user, action)) is (action in actions), action
    assert not seen(rows, user), "who may take out may not therefore look"


def test_the_best_of_two_grants_counts(
    rows: ProtocolRows, brain: Protocol, member: PlanSet, reader: User
) -> None:
    heart = rows.protocol("HEART")
    rows.join(heart, member)
    rows.grant(reader, "reader", heart, see=See.IDENTIFIED, take_out=TakeOut.PSEUDONYMISED)
    (row,) = seen(rows, reader)
    assert (row.seen_as, row.take_as, row.seen_through) == (3, 1, heart.pk)


def test_a_grant_narrowed_to_institutions_shows_theirs(
    rows: ProtocolRows, brain: Protocol, member: PlanSet
) -> None:
    theirs = rows.join(brain, rows.small_plan("VLE", "0303501234"))
    user = rows.user("one")
    rows.grant(user, "reader", brain, "VLE", see=See.PSEUDONYMISED)
    assert seen(rows, user) == [theirs]
    rows.institution("VLE")
    grant = rows.grant(rows.user("two"), "reader", brain, "VLE", see=See.PSEUDONYMISED)
    grant.institutions.clear()
    assert seen(rows, grant.user) == [], "narrower where its institutions go, never wider"


def test_levels_may_differ_from_institution_to_institution(
    rows: ProtocolRows, brain: Protocol, member: PlanSet
) -> None:
    theirs = rows.join(brain, rows.small_plan("VLE", "0303501234"))
    user = rows.user("one")
    rows.grant(user, "reader", brain, see=See.PSEUDONYMISED)
    rows.grant(user, "reader", brain, "VLE", see=See.IDENTIFIED)
    assert {row.pk: row.seen_as for row in seen(rows, user)} == {member.pk: 2, theirs.pk: 3}


@pytest.mark.parametrize("field", ["removed_at", "restricted_at"])
def test_what_is_removed_or_restricted_is_seen_by_nobody_through_the_protocol(
    rows: ProtocolRows, member: PlanSet, reader: User, field: str
) -> None:
    Membership.objects.update(**{field: rows.at})
    assert seen(rows, reader) == []
    assert seen(rows, rows.user("auh", "AUH")) == [member]


def test_a_closed_protocol_shows_nothing_but_while_it_is_kept_open(
    rows: ProtocolRows, brain: Protocol, member: PlanSet, reader: User
) -> None:
    closed = {"status": "closed", "closed_at": rows.at}
    Protocol.objects.filter(pk=brain.pk).update(**closed, readable_until=rows.at + timedelta(days=1))
    assert seen(rows, reader) == [member]
    rows.at += timedelta(days=1)
    assert seen(rows, reader) == []
    verdict = may(reader, "data.view", rows.at, Scope.of(brain))
    assert (verdict.status, verdict.kind) == (403, "closed")


def test_nothing_is_added_to_a_draft_or_a_closed_protocol(rows: ProtocolRows) -> None:
    user = rows.user("one", "AUH")
    rows.small_plan("AUH", "0101501234")
    for status, count in (("draft", 0), ("active", 1), ("closed", 0)):
        protocol = rows.protocol(status.upper(), status=status, closed_at=rows.at)
        rows.grant(user, "normal-user", protocol)
        assert len(seen(rows, user, "data.add", scope=Scope.of(protocol))) == count, status


def test_people_add_their_own_institutions_data_and_only_with_a_grant(
    rows: ProtocolRows, brain: Protocol, member: PlanSet
) -> None:
    ours = rows.small_plan("OUH", "0303501234")
    user = rows.user("one", "OUH")
    there = {"scope": Scope.of(brain)}
    assert seen(rows, user, "data.add", **there) == []
    rows.grant(user, "normal-user", brain)
    assert seen(rows, user, "data.add", **there) == [ours]
    assert seen(rows, user, "data.add", scope=Scope("protocol", brain.pk + 1)) == []
    assert seen(rows, user) == [ours], "to add is not to see what others added"


def test_only_a_key_user_removes_and_only_there(
    rows: ProtocolRows, brain: Protocol, member: PlanSet, reader: User
) -> None:
    assert seen(rows, reader, "data.remove", scope=Scope.of(brain)) == []
    key = rows.user("key")
    rows.grant(key, "key-user", brain)
    assert seen(rows, key, "data.remove", scope=Scope.of(brain)) == [member]
    assert seen(rows, key, "data.remove", scope=Scope.of(rows.protocol("OTHER"))) == []
    assert seen(rows, rows.user("auh", "AUH"), "data.remove", scope=Scope.of(brain)) == []


def test_inside_one_protocol_stand_its_members_also_for_those_who_sent_them(
    rows: ProtocolRows, brain: Protocol, member: PlanSet, reader: User
) -> None:
    rows.small_plan("AUH", "0404501234")
    rows.join(rows.protocol("HEART"), rows.small_plan("AUH", "0505501234"))
    ours = rows.join(brain, rows.small_plan("OUH", "0606501234"))
    inside = {"scope": Scope.of(brain)}
    assert seen(rows, rows.user("auh", "AUH"), **inside) == [member]
    assert sorted(r.pk for r in seen(rows, reader, **inside)) == sorted([member.pk, ours.pk])
    assert seen(rows, reader, scope=Scope.of(rows.institution("AUH"))) == [member]


def test_a_project_shows_what_approved_reuse_lets_it(
    rows: ProtocolRows, brain: Protocol, member: PlanSet
) -> None:
    project, user = rows.project(), rows.user("one")
    rows.grant(user, "reader", project, see=See.IDENTIFIED, take_out=TakeOut.RAW)
    assert seen(rows, user) == []
    request = rows.reuse(project, brain, state="asked")
    assert seen(rows, user) == [], "asked is not approved"
    type(request).objects.update(state="approved")
    (row,) = seen(rows, user)
    assert (row.seen_as, row.take_as) == (See.PSEUDONYMISED, TakeOut.NONE), "the lower of both levels"
    assert seen(rows, user, scope=Scope.of(project)) == [member]
    type(request).objects.update(state="revoked")
    assert seen(rows, user) == []


def test_a_project_that_lists_shows_its_list(rows: ProtocolRows, brain: Protocol, member: PlanSet) -> None:
    other = rows.join(brain, rows.small_plan("AUH", "0404501234"))
    project, user = rows.project(), rows.user("one")
    rows.grant(user, "reader", project, see=See.PSEUDONYMISED)
    request = rows.reuse(project, brain, listed=True)
    for membership in Membership.objects.filter(patient_file=other.patient_file):
        ProjectItem.objects.create(project=project, membership=membership, added_at=request.decided_at)
    assert seen(rows, user) == [other]
    for membership in Membership.objects.filter(patient_file=member.patient_file):
        ProjectItem.objects.create(project=project, membership=membership, added_at=rows.at)
    assert seen(rows, user) == [other], "what was listed after the approval waits for the next"
    rows.reuse(project, brain, listed=True, decided_at=rows.at)
    assert len(seen(rows, user)) == 2


@pytest.mark.parametrize(
    ("of", "fields"),
    [
        ("project", {"status": "closed"}),
        ("project", {"ends_at": timedelta(0)}),
        ("reuse", {"until": timedelta(0)}),
        ("reuse", {"since": timedelta(days=1)}),
        ("protocol", {"status": "closed", "closed_at": timedelta(0)}),
    ],
)
def test_a_project_ends_with_its_agreements(
    rows: ProtocolRows, brain: Protocol, member: PlanSet, of: str, fields: dict[str, Any]
) -> None:
    project, user = rows.project(), rows.user("one")
    rows.grant(user, "reader", project, see=See.PSEUDONYMISED)
    request = rows.reuse(project, brain)
    assert seen(rows, user) == [member]
    row = {"project": project, "reuse": request, "protocol": brain}[of]
    moved = {k: rows.at + v if isinstance(v, timedelta) else v for k, v in fields.items()}
    type(row)._default_manager.filter(pk=row.pk).update(**moved)
    assert seen(rows, user) == []


def test_a_project_changes_nothing_in_the_protocol(
    rows: ProtocolRows, brain: Protocol, member: PlanSet
) -> None:
    project, user = rows.project(), rows.user("one")
    rows.grant(user, "key-user", project, see=See.PSEUDONYMISED)
    rows.reuse(project, brain)
    assert seen(rows, user) == [member]
    assert seen(rows, user, "data.remove", scope=Scope.of(brain)) == []
    assert not may(user, "grant.give", rows.at, Scope.of(brain))
    assert may(user, "grant.give", rows.at, Scope.of(project))


def test_hidden_and_absent_are_one_answer(rows: ProtocolRows, member: PlanSet) -> None:
    stranger = rows.user("one", "OUH")
    for pk in (member.pk, member.pk + 1):
        with pytest.raises(Refused) as refused:
            one(stranger, "data.view", PlanSet.objects.all(), PLAN_SETS, pk, at=rows.at)
        assert (refused.value.verdict.status, refused.value.verdict.reason) == (404, "hidden, or not there")


def test_whose_own_grant_lapsed_is_told_and_whom_to_ask(
    rows: ProtocolRows, brain: Protocol, member: PlanSet, reader: User
) -> None:
    brain.contacts.create(name="Karen Lund", email="karen@example.org")
    rows.at += timedelta(days=365)
    with pytest.raises(Refused) as refused:
        one(reader, "data.view", PlanSet.objects.all(), PLAN_SETS, member.pk, at=rows.at)
    verdict = refused.value.verdict
    assert (verdict.status, verdict.kind, verdict.ask) == (403, "lapsed", "Karen Lund <karen@example.org>")
    other = rows.small_plan("AUH", "0404501234")
    elsewhere = PlanSet.objects.filter(pk=other.pk)
    assert why_not(reader, "data.view", elsewhere, PLAN_SETS, rows.at).status == 404


def test_who_sees_a_thing_but_lacks_the_level_is_told(
    rows: ProtocolRows, brain: Protocol, member: PlanSet, reader: User
) -> None:
    here = PlanSet.objects.filter(pk=member.pk)
    verdict = why_not(reader, "export.raw", here, PLAN_SETS, rows.at)
    assert (verdict.status, verdict.kind) == (403, "level")
    counter = rows.user("counter")
    rows.grant(counter, "reader", brain, see=See.SUMMARY)
    assert why_not(counter, "data.view", here, PLAN_SETS, rows.at).status == 404, "a count names no plan"


@pytest.mark.parametrize(
    "fields",
    [
        {"revoked_at": timedelta(0)},
        {"confirmed_at": None},
        {"since": timedelta(days=1)},
        {"until": timedelta(0)},
        {"scope_id": 99_999},
        {"scope_kind": "institution"},
        {"role": "no-such-role"},
        {"see": See.SUMMARY},
    ],
)
def test_a_grant_that_does_not_hold_shows_nothing(
    rows: ProtocolRows, member: PlanSet, reader: User, fields: dict[str, Any]
) -> None:
    moved = {k: rows.at + v if isinstance(v, timedelta) else v for k, v in fields.items()}
    reader.grants.update(**moved)
    assert seen(rows, reader) == []


def test_a_single_permission_gives_that_and_nothing_else(
    rows: ProtocolRows, brain: Protocol, member: PlanSet
) -> None:
    user = rows.user("one")
    rows.grant(user, "", brain, permission="dictionary.edit")
    assert may(user, "dictionary.edit", rows.at, Scope.of(brain))
    assert not may(user, "protocol.edit", rows.at, Scope.of(brain))
    rows.grant(user, "", brain, permission="data.view", see=See.IDENTIFIED)
    assert seen(rows, user) == [], "what is no single permission gives nothing"


def test_what_one_question_costs(
    rows: ProtocolRows, member: PlanSet, reader: User, django_assert_num_queries: Any
) -> None:
    """The list itself, and the standing: affiliations and grants; within a request it is read once."""
    from planbank.access.standing import remember

    with django_assert_num_queries(5):  # may and rows ask anew: no request is open
        assert seen(rows, reader) == [member]
    remember(reader)
    with django_assert_num_queries(3):
        assert seen(rows, reader) == [member]
    with django_assert_num_queries(1):
        assert seen(rows, reader) == [member]
