"""Reuse: who asks does not decide; approval is visible at once and recorded (R42, R122, R202)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from planbank.access.policy import visible
from planbank.access.scopes import PLAN_SETS
from planbank.catalogue.models import PlanSet
from planbank.errors import ChangedMeanwhile, ProtocolError
from planbank.messages.models import Event
from planbank.people.models import User
from planbank.protocols.act import Act
from planbank.protocols.actions.reusing import approve, ask, refuse, revoke_reuse, take_back
from planbank.protocols.levels import See, TakeOut
from planbank.protocols.models import Disclosure, Membership, ReuseRequest
from planbank.services.notify.audience import audience
from planbank.services.notify.words import in_words
from tests.protocols.rows import ProtocolRows


@pytest.fixture
def researcher(rows: ProtocolRows) -> User:
    user = rows.user("researcher")
    rows.grant(user, "reader", rows.project(), see=See.IDENTIFIED, take_out=TakeOut.RAW)
    return user


@pytest.fixture
def controller(rows: ProtocolRows) -> User:
    return rows.user("controller")


@pytest.fixture
def request_(rows: ProtocolRows, researcher: User) -> ReuseRequest:
    rows.join(rows.protocol(), rows.small_plan("AUH", "0101501234"))
    return asked(rows, researcher)


def asked(rows: ProtocolRows, user: User, **fields: Any) -> ReuseRequest:
    period = {"since": rows.at, "until": rows.at + timedelta(days=365)}
    return ask(Act.of(user, rows.at), rows.project(), rows.protocol(), "hearts", **{**period, **fields})


def seen(rows: ProtocolRows, user: User) -> int:
    return visible(user, "data.view", PlanSet.objects.all(), PLAN_SETS, at=rows.at).count()


def test_approved_is_visible_at_once_copies_nothing_and_is_recorded(
    rows: ProtocolRows, researcher: User, controller: User, request_: ReuseRequest
) -> None:
    members = Membership.objects.count()
    assert seen(rows, researcher) == 0
    approve(Act.of(controller, rows.at), request_, request_.revision, "agreed")
    assert seen(rows, researcher) == 1
    assert Membership.objects.count() == members
    record = Disclosure.objects.get()
    assert (record.patients, record.objects_count, record.ended_at) == (1, 2, None)
    rows.at += timedelta(days=30)
    revoke_reuse(Act.of(controller, rows.at), request_, request_.revision, "agreement ended")
    assert seen(rows, researcher) == 0
    assert Disclosure.objects.get().ended_at == rows.at


def test_the_controller_hears_of_a_request(
    rows: ProtocolRows, researcher: User, controller: User, request_: ReuseRequest
) -> None:
    """R118: once, with the way to decide about it."""
    rows.grant(controller, "controller", rows.protocol())
    event = Event.objects.get()
    assert in_words(event) == (
        f"{rows.project().short_name} asks to use data of BRAIN.",
        f"/reuse/{request_.pk}/",
    )
    assert list(audience(event, rows.at)) == [controller]


def test_who_asked_does_not_decide(rows: ProtocolRows, researcher: User, request_: ReuseRequest) -> None:
    for decide in (approve, refuse):
        with pytest.raises(ProtocolError, match="Who asked does not decide"):
            decide(Act.of(researcher, rows.at), request_, request_.revision, "yes")


def test_more_than_was_asked_is_not_approved_and_less_may_be(
    rows: ProtocolRows, controller: User, request_: ReuseRequest
) -> None:
    act = Act.of(controller, rows.at)
    for more in ({"see": See.IDENTIFIED}, {"until": request_.until + timedelta(days=1)}, {"listed": False}):
        with pytest.raises(ProtocolError, match="More than was asked"):
            approve(act, request_, request_.revision, "", **more)
    approve(act, request_, request_.revision, "", see=See.SUMMARY)
    assert ReuseRequest.objects.get().see == See.SUMMARY


def test_two_controllers_at_once(rows: ProtocolRows, controller: User, request_: ReuseRequest) -> None:
    first, second = ReuseRequest.objects.get(), ReuseRequest.objects.get()
    refuse(Act.of(controller, rows.at), first, first.revision, "no basis")
    with pytest.raises(ChangedMeanwhile):
        approve(Act.of(controller, rows.at), second, second.revision, "yes")
    assert ReuseRequest.objects.get().state == "refused"
    assert not Disclosure.objects.exists()


def test_what_cannot_be_asked(rows: ProtocolRows, researcher: User, request_: ReuseRequest) -> None:
    with pytest.raises(ProtocolError, match="waits"):
        asked(rows, researcher)
    take_back(Act.of(researcher, rows.at), request_, request_.revision)
    for fields in ({"until": rows.at}, {"take_out": TakeOut.RAW}):
        with pytest.raises(ProtocolError):
            asked(rows, researcher, **fields)
    assert asked(rows, researcher).state == "asked", "after taking it back"
