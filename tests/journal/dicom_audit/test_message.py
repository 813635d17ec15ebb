"""Every journal entry is an audit message that the Standard allows (PS3.15 A.5.1)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planbank.journal.dicom_audit.events import EVENTS, event_of
from planbank.journal.dicom_audit.message import Source, message
from planbank.journal.models import Entry
from tests.journal.dicom_audit.structure import faults

AT = datetime(2026, 11, 17, 8, 30, 0, 250_000, tzinfo=UTC)
SOURCE = Source("PLANBANK")


def entry(**fields: Any) -> Entry:
    values = {"at": AT, "actor_kind": "user", "actor": "mette", "action": "view", **fields}
    return Entry(**values)


def test_a_view_of_a_patient() -> None:
    row = entry(object_kind="patient file", object_id="12", institution="OUH", seal_number=7, seal="ab")
    text = message(row, SOURCE).decode()
    assert faults(text.encode()) == []
    for part in (
        'EventDateTime="2026-11-17T08:30:00.250Z"',
        'csd-code="110103"',
        'UserID="mette"',
        'ParticipantObjectID="12"',
        'originalText="Patient Number"',
        'AuditSourceID="PLANBANK"',
        'EventOutcomeIndicator="0"',
    ):
        assert part in text


@pytest.mark.parametrize("act", [*EVENTS, "something new"])
def test_every_act_is_one(act: str) -> None:
    assert faults(message(entry(action=act, outcome="refused"), SOURCE)) == []


def test_the_right_event() -> None:
    assert event_of("sign-in").code[0] == "110114"
    assert event_of("erase").code[0] == "110105" and event_of("erase").action == "D"
    assert event_of("take out list", "plan sets").code[0] == "110106"
    assert event_of("take out list", "journal").code[0] == "110101"
    assert event_of("something new").code[0] == "110100"


text = st.text(max_size=40)


@given(
    actor=text, kind=st.sampled_from(["user", "service", "sender", "command"]), action=text.filter(bool),
    object_kind=text, object_id=text, institution=text, protocol=text, outcome=text,
)  # fmt: skip
def test_nothing_from_outside_breaks_it(**fields: str) -> None:
    """Names of senders and of protocols come from people: no markup, no line break, no control character."""
    made = message(entry(actor_kind=fields.pop("kind"), **fields, seal_number=1, seal="0"), SOURCE)
    assert b"\n" not in made and b"\r" not in made
    told = [fault for fault in faults(made) if "UserID is ''" not in fault]
    assert told == []


@given(purpose=st.text(min_size=4), reason=st.text(min_size=4))
def test_what_people_typed_stays_here(purpose: str, reason: str) -> None:
    row = entry(purpose=f"canary {purpose}", detail={"reason": f"canary {reason}"})
    assert b"canary" not in message(row, SOURCE)


def test_accounts_are_named_only_where_the_setting_says() -> None:
    hashed = Source("PLANBANK", secret=b"0" * 32)
    one, two = message(entry(), hashed), message(entry(actor="jens"), hashed)
    assert b"mette" not in one and b"jens" not in two and one != two
    assert one == message(entry(), hashed) and faults(one) == []
    assert one != message(entry(), Source("PLANBANK", secret=b"1" * 32))
    assert b"DEMO_TPS" in message(entry(actor_kind="sender", actor="DEMO_TPS", action="submit"), hashed)


def test_the_checker_finds_what_is_wrong() -> None:
    good = message(entry(object_kind="plan set", object_id="3"), SOURCE)
    for old, new in (
        (b'EventOutcomeIndicator="0"', b'EventOutcomeIndicator="1"'),
        (b'UserIsRequestor="true"', b""),
        (b"<ParticipantObjectName>plan set</ParticipantObjectName>", b""),
        (b'codeSystemName="DCM"', b""),
        (b"EventDateTime=", b"When="),
        (b'ParticipantObjectTypeCode="2"', b'ParticipantObjectTypeCode="5"'),
    ):
        assert old in good and faults(good.replace(old, new, 1)) != [], old
