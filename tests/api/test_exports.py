"""Files over the API: asked, approved by another, taken whole or from where it broke off (R113, R155)."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from planbank.access.models import Token
from planbank.errors import AnswerEnded
from planbank.house import House
from planbank.journal.models import Entry
from planbank.people.models import User
from planbank.protocols.act import Act
from planbank.protocols.levels import See, TakeOut
from planbank.protocols.models import Protocol
from planbank.takeout import asking
from planbank.takeout.models import Export
from tests.api.calling import Caller
from tests.protocols.rows import ProtocolRows
from tests.protocols.sent import brain_with_a_plan
from tests.services.running import run_until_idle

MakeCaller = Callable[..., Caller]
ASKED = {"purpose": "better plans", "recipient": "Region", "form": "raw"}


@pytest.fixture
def rows(bank: House, now: datetime) -> ProtocolRows:
    return ProtocolRows(now - timedelta(days=1))


@pytest.fixture
def brain(bank: House, rows: ProtocolRows) -> Protocol:
    return brain_with_a_plan(bank, rows, purpose="better plans")


@pytest.fixture
def rita(rows: ProtocolRows, brain: Protocol) -> User:
    user = rows.user("rita")
    rows.grant(user, "exporter", brain, see=See.IDENTIFIED, take_out=TakeOut.RAW)
    return user


def approved(bank: House, rows: ProtocolRows, number: int) -> Export:
    row = Export.objects.get(pk=number)
    asking.approve(Act.of(rows.user("kaya"), bank.clock.now()), row, row.revision, "fits the purpose")
    run_until_idle(bank)
    row.refresh_from_db()
    assert row.state == "ready"
    return row


def test_from_asking_to_the_last_byte(
    bank: House, rita: User, rows: ProtocolRows, brain: Protocol, caller: MakeCaller
) -> None:
    call = caller(rita, brain)
    made = call.send("post", "exports?protocol=BRAIN", {**ASKED, "kinds": ["plans", "doses"]})
    assert made.status_code == 201 and made.json()["state"] == "asked", made.content
    number = made.json()["id"]
    too_early = call.send("get", f"exports/{number}/files")
    assert too_early.status_code == 422 and "cannot be taken now" in too_early.json()["detail"]
    row = approved(bank, rows, number)
    told = call.get(f"exports/{number}").json()
    assert (told["state"], told["objects"], told["prepared"], told["size"]) == ("ready", 2, 2, row.size)
    answer = call.send("get", f"exports/{number}/files")
    whole = b"".join(answer.streaming_content)
    assert len(whole) == row.size and zipfile.ZipFile(io.BytesIO(whole)).testzip() is None
    ahead = {"Range": "bytes=1000-", "If-Range": answer["ETag"]}
    rest = call.send("get", f"exports/{number}/files", **ahead)
    assert rest.status_code == 206 and b"".join(rest.streaming_content) == whole[1000:]
    past = call.send("get", f"exports/{number}/files", Range=f"bytes={row.size}-")
    assert past.status_code == 416 and past["Content-Range"] == f"bytes */{row.size}"
    taken = Entry.objects.filter(action="take out files", actor="rita")
    assert [entry.detail["resumed"] for entry in taken.order_by("pk")] == [False, True]


def test_it_breaks_off_when_the_token_ends(
    bank: House, rita: User, rows: ProtocolRows, caller: MakeCaller
) -> None:
    call = caller(rita)
    number = call.send("post", "exports?protocol=BRAIN", ASKED).json()["id"]
    approved(bank, rows, number)
    pieces = iter(call.send("get", f"exports/{number}/files").streaming_content)
    next(pieces)
    Token.objects.update(revoked_at=bank.clock.now())
    bank.clock.at += timedelta(seconds=2)  # type: ignore[attr-defined]
    with pytest.raises(AnswerEnded):
        b"".join(pieces)
    assert call.send("get", f"exports/{number}").status_code == 401


def test_what_may_not_be_asked_says_why_and_asks_nothing(
    bank: House, rita: User, rows: ProtocolRows, brain: Protocol, caller: MakeCaller
) -> None:
    call = caller(rita)
    assert call.send("post", "exports", ASKED).status_code == 422
    assert call.send("post", "exports?protocol=NONE", ASKED).status_code == 404
    assert call.send("post", "exports?protocol=BRAIN", {**ASKED, "purpose": ""}).status_code == 422
    nowhere = call.send("post", "exports?protocol=BRAIN", {**ASKED, "destination": "Moon"})
    assert nowhere.status_code == 422 and "no confirmed destination" in nowhere.json()["detail"]
    wrong = call.send("post", "exports?protocol=BRAIN", {**ASKED, "institutions": ["XXX"]})
    assert wrong.status_code == 422 and "XXX" in wrong.json()["detail"]
    reader = rows.user("otto")
    rows.grant(reader, "reader", brain, see=See.PSEUDONYMISED)
    assert caller(reader).send("post", "exports?protocol=BRAIN", ASKED).status_code == 403
    assert not Export.objects.exists()


def test_only_who_asked_takes_or_cancels(
    bank: House, rita: User, rows: ProtocolRows, brain: Protocol, caller: MakeCaller
) -> None:
    call = caller(rita)
    made = call.send("post", "exports?protocol=BRAIN", ASKED).json()
    number, seen = made["id"], made["revision"]
    other = rows.user("otto")
    rows.grant(other, "exporter", brain, see=See.IDENTIFIED, take_out=TakeOut.RAW)
    stranger = caller(other)
    for method, path in (("get", ""), ("get", "/files"), ("delete", f"?revision={seen}")):
        assert stranger.send(method, f"exports/{number}{path}").status_code == 404
    assert stranger.items("exports") == [] and [row["id"] for row in call.items("exports")] == [number]
    assert call.send("delete", f"exports/{number}?revision={seen + 1}").status_code == 409
    assert call.send("delete", f"exports/{number}?revision={seen}").status_code == 204
    assert call.get(f"exports/{number}").json()["state"] == "cancelled"
