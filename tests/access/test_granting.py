"""Giving rights: never to oneself, never more than one may; the last key user (R49, R54, R213)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from planbank.access.granting import (
    PERIOD,
    Asked,
    LastKeyUser,
    ask_again,
    confirm,
    give,
    let_end,
    renew,
    revoke,
)
from planbank.access.models import Grant, Renewal
from planbank.access.policy import may
from planbank.access.queries.holders import key_users, lapsing, reminder, without_key_user
from planbank.access.scopes import Scope
from planbank.errors import AccessError, ChangedMeanwhile
from planbank.journal.models import Entry
from planbank.people.models import Affiliation, Institution, User
from planbank.people.zones import end_in, last_day_in
from planbank.protocols.act import Act
from planbank.protocols.levels import See, TakeOut
from planbank.protocols.models import Protocol
from tests.protocols.rows import ProtocolRows


@pytest.fixture
def brain(rows: ProtocolRows) -> Protocol:
    return rows.protocol("BRAIN")


@pytest.fixture
def reader_asked(brain: Protocol) -> Asked:
    return Asked("reader", Scope.of(brain), see=See.PSEUDONYMISED, reason="analysis")


@pytest.fixture
def admin(rows: ProtocolRows) -> User:
    return rows.user("admin", is_site_admin=True)


@pytest.fixture
def key(rows: ProtocolRows, brain: Protocol) -> User:
    user = rows.user("key")
    rows.grant(user, "key-user", brain, see=See.PSEUDONYMISED)
    return user


def by(rows: ProtocolRows, user: User) -> Act:
    return Act.of(user, rows.at)


def test_a_grant_lasts_a_year_and_is_journalled(rows: ProtocolRows, key: User, reader_asked: Asked) -> None:
    grant = give(by(rows, key), rows.user("one"), reader_asked)
    assert (grant.since, grant.until, grant.granted_by) == (
        rows.at,
        end_in((rows.at + PERIOD).date(), ""),
        key,
    )
    entry = Entry.objects.get(action="give grant")
    assert (entry.actor, entry.protocol, entry.detail["holder"]) == ("key", "BRAIN", "one")
    assert may(grant.user, "data.view", rows.at, reader_asked.scope)


def test_nobody_gives_or_renews_or_confirms_their_own(
    rows: ProtocolRows, brain: Protocol, key: User, admin: User, reader_asked: Asked
) -> None:
    for user in (key, admin):
        with pytest.raises(AccessError, match="their own"):
            give(by(rows, user), user, reader_asked)
    with pytest.raises(AccessError, match="their own"):
        renew(by(rows, key), [Grant.objects.get(user=key)])
    grant = Grant.objects.get(user=key)
    for field in ("granted_by", "confirmed_by"):
        with pytest.raises(IntegrityError), transaction.atomic():
            Grant.objects.filter(pk=grant.pk).update(**{field: key})


@pytest.mark.parametrize(
    "changes",
    [
        {"role": "controller"},
        {"role": "auditor"},
        {"role": "system-admin"},
        {"role": "staff"},
        {"role": "no-such-role"},
        {"role": "external"},
        {"role": "normal-user"},  # carries no level
        {"see": See.IDENTIFIED},  # more than the key user has
        {"see": See.IDENTIFIED, "take_out": TakeOut.RAW},
        {"take_out": TakeOut.RAW},
        {"role": "", "permission": "data.identity"},
        {"permission": "dictionary.edit"},  # beside a role
        {"scope": Scope("protocol", 99_999)},
        {"scope": Scope("site")},
        {"until": timedelta(days=400)},
        {"until": timedelta(0)},
    ],
)
def test_what_cannot_be_given(
    rows: ProtocolRows, key: User, reader_asked: Asked, changes: dict[str, Any]
) -> None:
    if "until" in changes:
        changes = {"until": rows.at + changes["until"]}
    with pytest.raises(AccessError):
        give(by(rows, key), rows.user("one"), replace(reader_asked, **changes))
    assert Grant.objects.count() == 1


def test_who_may_not_give(rows: ProtocolRows, brain: Protocol, key: User, reader_asked: Asked) -> None:
    reader = rows.user("reader")
    rows.grant(reader, "reader", brain, see=See.IDENTIFIED)
    elsewhere = rows.user("elsewhere")
    rows.grant(elsewhere, "key-user", rows.protocol("HEART"))
    key.is_active = False
    for user in (reader, elsewhere, rows.user("staff", "AUH"), key):
        with pytest.raises(AccessError, match="may not"):
            give(by(rows, user), rows.user(f"for-{user.username}"), reader_asked)


def test_the_administrator_of_an_institution_lets_their_own_people_add(
    rows: ProtocolRows, brain: Protocol
) -> None:
    boss, ours, theirs = rows.user("boss", "AUH"), rows.user("ours", "AUH"), rows.user("theirs", "VLE")
    Affiliation.objects.filter(user=boss).update(is_admin=True)
    asked = Asked("normal-user", Scope.of(brain))
    assert give(by(rows, boss), ours, asked).pk
    with pytest.raises(AccessError, match="may not"):
        give(by(rows, boss), theirs, asked)
    with pytest.raises(AccessError, match="may not"):
        give(by(rows, boss), ours, replace(asked, role="reader"))


def test_four_eyes_want_a_second_person(
    rows: ProtocolRows, brain: Protocol, key: User, reader_asked: Asked
) -> None:
    Protocol.objects.update(four_eyes=True)
    one, other = rows.user("one"), rows.user("other")
    rows.grant(other, "key-user", brain, see=See.PSEUDONYMISED)
    grant = give(by(rows, key), one, reader_asked)
    assert not may(one, "data.view", rows.at, reader_asked.scope)
    for user in (key, one, rows.user("stranger")):
        with pytest.raises(AccessError):
            confirm(by(rows, user), grant)
    confirm(by(rows, other), grant)
    assert may(one, "data.view", rows.at, reader_asked.scope)
    with pytest.raises(ChangedMeanwhile):
        confirm(by(rows, other), grant)


def test_renewal_in_bulk_by_another_also_of_what_lapsed(
    rows: ProtocolRows, brain: Protocol, key: User
) -> None:
    grants = [rows.grant(rows.user(f"u{n}"), "normal-user", brain) for n in range(3)]
    key.grants.update(until=rows.at + timedelta(days=800))
    rows.at += timedelta(days=400)
    assert not may(grants[0].user, "data.add", rows.at)
    assert renew(by(rows, key), grants, "still in the trial") == 3
    assert may(grants[0].user, "data.add", rows.at)
    row = Renewal.objects.filter(grant=grants[0]).get()
    assert (row.renewed_by, row.until_before, row.until_after) == (
        key,
        grants[0].until,
        end_in((rows.at + PERIOD).date(), ""),
    )
    with pytest.raises(ChangedMeanwhile):
        renew(by(rows, key), grants)  # shown before somebody renewed them


def test_bulk_renewal_is_all_or_nothing(rows: ProtocolRows, brain: Protocol, key: User) -> None:
    one = rows.grant(rows.user("one"), "normal-user", brain)
    revoked = rows.grant(rows.user("two"), "normal-user", brain, revoked_at=rows.at)
    with pytest.raises(AccessError, match="revoked"):
        renew(by(rows, key), [one, revoked])
    assert not Renewal.objects.exists()


def test_revoking_acts_at_once_and_only_once(rows: ProtocolRows, key: User, reader_asked: Asked) -> None:
    grant = give(by(rows, key), rows.user("one"), reader_asked)
    revoke(by(rows, key), grant, "left the group")
    assert not may(grant.user, "data.view", rows.at)
    with pytest.raises(ChangedMeanwhile):
        revoke(by(rows, key), grant, "again")


def test_the_last_key_user_does_not_leave_unnoticed(rows: ProtocolRows, brain: Protocol, key: User) -> None:
    grant = Grant.objects.get(user=key)
    with pytest.raises(LastKeyUser):
        revoke(by(rows, key), grant, "leaving")
    assert list(without_key_user(rows.at)) == []
    assert list(without_key_user(rows.at, timedelta(days=400))) == [brain], "told before it happens"
    rows.grant(other := rows.user("other"), "key-user", brain)
    revoke(by(rows, key), grant, "leaving")
    assert list(key_users(Scope.of(brain), rows.at)) == [other]
    last = Grant.objects.get(user=other)
    revoke(by(rows, other), last, "the trial is over", knowingly=True)
    assert Entry.objects.filter(action="revoke grant", detail__last_key_user=True).count() == 1
    assert list(without_key_user(rows.at)) == [brain]


def test_a_disabled_key_user_is_none(rows: ProtocolRows, brain: Protocol, key: User) -> None:
    User.objects.filter(pk=key.pk).update(is_active=False)
    assert list(without_key_user(rows.at)) == [brain]


@pytest.mark.parametrize(
    ("days", "due"), [(31, None), (30, 30), (8, 30), (7, 7), (2, 7), (1, 1), (0.5, 1), (0, None), (-1, None)]
)
def test_reminders_thirty_seven_and_one_day_ahead(
    rows: ProtocolRows, key: User, days: float, due: int | None
) -> None:
    grant = Grant.objects.get(user=key)
    at = grant.until - timedelta(days=days)
    assert reminder(grant, at) == due
    assert list(lapsing(at)) == ([grant] if due else [])


@pytest.mark.parametrize(
    ("zone", "hour"), [("Europe/Copenhagen", 23), ("Pacific/Auckland", 11), ("America/Nuuk", 2)]
)
def test_a_grant_ends_with_its_day_where_the_person_works(
    rows: ProtocolRows, key: User, reader_asked: Asked, zone: str, hour: int
) -> None:
    one = rows.user("one", "OUH")
    Institution.objects.filter(code="OUH").update(time_zone=zone)
    at = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
    Grant.objects.update(since=at - PERIOD / 2, until=at + PERIOD / 2, confirmed_at=at - PERIOD / 2)
    Affiliation.objects.update(since=at - PERIOD)
    grant = give(Act.of(key, at), one, reader_asked)
    # 15 January 2027 is the last day; winter there, or summer in the south.
    assert (last_day_in(grant.until, zone), grant.until.hour, grant.until.minute) == (
        date(2027, 1, 15),
        hour,
        0,
    )
    before, over = grant.until - timedelta(seconds=1), grant.until
    key_too = Grant.objects.filter(user=key)
    key_too.update(until=over + PERIOD)
    assert may(User.objects.get(pk=one.pk), "data.view", before, reader_asked.scope)
    verdict = may(User.objects.get(pk=one.pk), "data.view", over, reader_asked.scope)
    assert not verdict and "until 2027-01-15" in verdict.reason, "said as the day it was there"


def test_one_is_let_end_taken_back_and_a_renewal_undoes_it(
    rows: ProtocolRows, key: User, brain: Protocol
) -> None:
    grant = rows.grant(rows.user("one"), "reader", brain, see=See.PSEUDONYMISED)
    until = grant.until
    assert let_end(by(rows, key), grant).let_end_by == key
    with pytest.raises(ChangedMeanwhile):
        let_end(by(rows, key), grant)
    assert may(grant.user, "data.view", rows.at, Scope.of(brain)), "it holds until its day"
    assert ask_again(by(rows, key), grant).let_end_at is None
    let_end(by(rows, key), grant)
    assert renew(by(rows, key), [grant]) == 1
    grant.refresh_from_db()
    assert (grant.let_end_at, grant.let_end_by) == (None, None) and grant.until > until - timedelta(days=2)
    grant.until -= timedelta(days=1)
    with pytest.raises(ChangedMeanwhile):
        let_end(by(rows, key), grant)
    own = Grant.objects.get(user=key)
    with pytest.raises(AccessError, match="their own"):
        let_end(by(rows, key), own)
    actions = Entry.objects.filter(object_kind="grant").values_list("action", flat=True)
    assert {"let grant end", "ask about grant again"} <= set(actions)
