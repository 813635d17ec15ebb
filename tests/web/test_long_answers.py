"""Lapse at midnight: with a page open, while a table streams, between two pages of the API (R32, R190).

The rule: rights are checked at every request; a streamed answer asks again before each portion of 500 pieces
and as soon as the clock moved on by a second, and is broken off; a list of the API goes on only as it began.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client

from planbank.access.holding import PIECES
from planbank.access.models import Grant
from planbank.access.tokens import issue
from planbank.errors import AnswerEnded
from planbank.house import House
from planbank.journal.models import Entry
from planbank.journal.record import Actor
from planbank.people.models import User
from planbank.protocols.levels import See
from planbank.protocols.models import Protocol
from planbank.web.long_answers import guarded
from tests.api.calling import Caller
from tests.protocols.rows import ProtocolRows

ClientOf = Callable[[User | None], Client]
MIDNIGHT = datetime(2026, 11, 17, 23, 0, tzinfo=UTC)  # in Copenhagen
PLANS = 5


@pytest.fixture
def rows(bank: House) -> ProtocolRows:
    bank.clock.at = MIDNIGHT - timedelta(seconds=2)  # type: ignore[attr-defined]
    return ProtocolRows(bank.clock.now() - timedelta(days=1))


@pytest.fixture
def brain(rows: ProtocolRows) -> Protocol:
    protocol = rows.protocol("BRAIN")
    rows.centre(protocol, "OUH")
    for number in range(PLANS):
        rows.join(protocol, rows.small_plan("OUH", f"0{number}01501234"))
    return protocol


@pytest.fixture
def rita(rows: ProtocolRows, brain: Protocol) -> User:
    """Reads BRAIN until midnight."""
    user = rows.user("rita")
    rows.grant(user, "reader", brain, see=See.PSEUDONYMISED, until=MIDNIGHT)
    return user


def at(bank: House, moment: datetime) -> None:
    bank.clock.at = moment  # type: ignore[attr-defined]


def begun(answer: HttpResponse) -> tuple[list[bytes], object]:
    """The first two pieces of a streamed answer, and the rest of it."""
    rest = iter(answer.streaming_content)  # type: ignore[attr-defined]
    return [next(rest), next(rest)], rest


def test_an_open_page_is_refused_at_midnight_with_the_reason(
    bank: House, brain: Protocol, rita: User, client_of: ClientOf
) -> None:
    browser, url = client_of(rita), f"/protocols/{brain.pk}/"
    assert browser.get(url).status_code == 200
    assert browser.get("/plans/").text.count('scope="row"') >= PLANS
    at(bank, MIDNIGHT)
    answer = browser.get(url)
    assert answer.status_code == 403 and "Your permission has lapsed" in answer.text
    assert browser.get("/plans/").text.count('scope="row"') == 0


def test_a_table_that_streams_is_broken_off_at_midnight(
    bank: House, brain: Protocol, rita: User, client_of: ClientOf
) -> None:
    first, rest = begun(client_of(rita).get("/plans/?format=csv"))
    assert len(first) == 2
    at(bank, MIDNIGHT)
    with pytest.raises(AnswerEnded):
        list(rest)  # type: ignore[call-overload]
    entry = Entry.objects.get(action="answer broken off")
    assert (entry.actor, entry.outcome) == ("rita", "refused")


@pytest.mark.parametrize("how", ["revoked", "switched off", "signed out", "closed", "narrowed"])
def test_whatever_ends_it(
    bank: House, rows: ProtocolRows, brain: Protocol, rita: User, client_of: ClientOf, how: str
) -> None:
    browser = client_of(rita)
    _first, rest = begun(browser.get("/plans/?format=csv"))
    grant = Grant.objects.get(user=rita)
    if how == "revoked":
        Grant.objects.update(revoked_at=bank.clock.now())
    elif how == "switched off":
        User.objects.filter(pk=rita.pk).update(is_active=False)
    elif how == "signed out":
        browser.session.flush()
    elif how == "closed":
        Protocol.objects.update(status="closed", closed_at=bank.clock.now())
    else:
        Grant.objects.update(every_institution=False)
        grant.institutions.set([rows.institution("AUH")])
    at(bank, bank.clock.now() + timedelta(seconds=1))
    with pytest.raises(AnswerEnded):
        list(rest)  # type: ignore[call-overload]


def test_what_goes_on_holding_goes_on(
    bank: House, rows: ProtocolRows, brain: Protocol, rita: User, client_of: ClientOf
) -> None:
    whole = list(client_of(rita).get("/plans/?format=csv"))
    first, rest = begun(client_of(rita).get("/plans/?format=csv"))
    rows.grant(rita, "reader", rows.protocol("MORE"), see=See.PSEUDONYMISED)  # more is no reason to end
    at(bank, MIDNIGHT - timedelta(seconds=1))
    assert [*first, *rest] == whole  # type: ignore[misc]


def test_it_is_asked_again_while_the_clock_stands(bank: House, rita: User) -> None:
    request = HttpRequest()
    request.house, request.session = bank, Client().session  # type: ignore[attr-defined]
    pieces = guarded(request, rita, (b"x" for _ in range(3 * PIECES)))
    assert next(pieces) == b"x"
    Grant.objects.update(revoked_at=bank.clock.now())
    with pytest.raises(AnswerEnded):
        list(pieces)


def test_a_list_of_the_api_goes_on_only_as_it_began(bank: House, brain: Protocol, rita: User) -> None:
    actor, now = Actor("command", "test"), bank.clock.now()
    _token, text = issue(rita, name="nb", scope=None, purpose="p", days=9, actor=actor, at=now)
    caller = Caller(text)
    page = caller.get("plan-sets", limit=2).json()
    at(bank, MIDNIGHT - timedelta(seconds=1))
    page = caller.get("plan-sets", limit=2, after=page["next"]).json()
    assert len(page["items"]) == 2 and page["next"]
    at(bank, MIDNIGHT)
    answer = caller.get("plan-sets", limit=2, after=page["next"])
    assert answer.status_code == 403 and "It is not whole" in answer.json()["detail"]
    assert answer["Content-Type"] == "application/problem+json"
    assert caller.get("plan-sets", limit=2).json() == {"items": [], "next": None}
    assert caller.get("plan-sets", protocol="BRAIN").status_code == 403, "told whom to ask"
    forged = caller.get("plan-sets", after="1-000000000000")
    assert forged.status_code == 403
    for wrong in ("x", "-1", "1-", "1-xyz", "9" * 30):
        assert caller.get("plan-sets", after=wrong).status_code == 422, wrong
