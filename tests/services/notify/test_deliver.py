"""Messages go out once, later or never; against a mail server on a real socket (R33, I4)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from aiosmtpd.smtp import Envelope
from django.db import transaction

from planbank.house import FixedClock, House
from planbank.messages.models import Event, EventKind, Message
from planbank.messages.outbox import Letter, post
from planbank.services.notify.alarm import LONG, tell_of_silence
from planbank.services.notify.deliver import Carrier, deliver
from tests.journeys.live import free_ports
from tests.mail_server import Taken, mail_server
from tests.services.notify.conftest import with_mail

LETTER = Letter("A subject", "A text, æøå\n", "<p>A text, æøå</p>")


def put(house: House, key: str = "k", to: str = "ada@hospital.example", letter: Letter = LETTER) -> Message:
    row = post(house.settings, key, to, letter, house.clock.now())
    assert row is not None
    return row


def state(key: str = "k") -> str:
    return Message.objects.get(key=key).state


def test_a_mail_goes_out_with_its_two_bodies_and_its_id(posting: House, taken: Taken) -> None:
    row = put(posting)
    assert deliver(posting, Carrier(), "email") == 1
    (mail,) = taken.mails
    assert mail["To"] == "ada@hospital.example" and mail["Subject"] == "A subject"
    assert mail["From"] == "planbank <planbank@bank.example>"
    assert mail["Message-ID"] == row.message_id and mail["Auto-Submitted"] == "auto-generated"
    bodies = {part.get_content_type(): part.get_content() for part in mail.walk() if not part.is_multipart()}
    assert set(bodies) == {"text/plain", "text/html"}
    assert all("A text, æøå" in body for body in bodies.values())
    assert state() == "sent" and deliver(posting, Carrier(), "email") == 0


def test_the_same_cause_twice_is_one_message(posting: House, taken: Taken) -> None:
    put(posting)
    assert post(posting.settings, "k", "ada@hospital.example", LETTER, posting.clock.now()) is None
    deliver(posting, Carrier(), "email")
    assert len(taken.mails) == 1


def test_a_cause_that_is_rolled_back_sends_nothing(posting: House, taken: Taken) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        put(posting)
        raise ZeroDivisionError
    assert deliver(posting, Carrier(), "email") == 0 and taken.mails == []


@pytest.mark.parametrize(
    "bad",
    [
        "Hello\r\nBcc: eve@evil.example",
        "Hello\n\nbody begins",
        "Hello\rX-Evil: 1",
        "Hello\x00\u2028there",
    ],
)
def test_a_subject_never_becomes_another_header(posting: House, taken: Taken, bad: str) -> None:
    put(posting, letter=Letter(bad, "text\r\nBcc: eve@evil.example\r\n.\r\nMAIL FROM:<eve@evil.example>\r\n"))
    deliver(posting, Carrier(), "email")
    (mail,) = taken.mails
    assert mail["Bcc"] is None and mail["X-Evil"] is None
    assert taken.to == ["ada@hospital.example"]
    assert mail["Subject"].startswith("Hello")
    assert "MAIL FROM:<eve@evil.example>" in mail.get_content()


@pytest.mark.parametrize(
    "to",
    [
        "ada@hospital.example\r\nBcc: eve@evil.example",
        "ada@hospital.example, eve@evil.example",
        "Ada <ada@hospital.example>",
        "ada",
        "",
        "ådå@hospital.example",
        "ada@hospital.example>\r\nRCPT TO:<eve@evil.example",
    ],
)
def test_what_is_no_address_is_put_nowhere(posting: House, taken: Taken, to: str) -> None:
    assert post(posting.settings, "k", to, LETTER, posting.clock.now()) is None
    # Nor where somebody wrote it into the table.
    Message.objects.create(
        key="x",
        channel="email",
        to=to,
        subject="s",
        text="t",
        message_id="<x@y>",
        made_at=posting.clock.now(),
        due_at=posting.clock.now(),
    )
    assert deliver(posting, Carrier(), "email") == 0
    assert taken.mails == [] and state("x") == "given-up"


def test_an_address_that_is_refused_holds_up_nobody_else(bank: House) -> None:
    taken = Taken(on_rcpt=lambda to: "550 no such person" if to.startswith("gone") else None)
    with mail_server(taken) as port:
        house = with_mail(bank, port)
        put(house, "a", "gone@hospital.example")
        put(house, "b")
        assert deliver(house, Carrier(), "email") == 1
    assert (state("a"), state("b")) == ("given-up", "sent")
    assert "550" in Message.objects.get(key="a").problem


def test_what_is_not_taken_now_is_tried_again_later_and_longer_apart(bank: House) -> None:
    busy = True
    taken = Taken(on_data=lambda _e: "451 try later" if busy else None)
    clock = bank.clock
    assert isinstance(clock, FixedClock)
    with mail_server(taken) as port:
        house = with_mail(bank, port)
        put(house)
        waits = []
        for _attempt in range(3):
            assert deliver(house, Carrier(), "email") == 0
            row = Message.objects.get(key="k")
            assert row.state == "waiting"
            waits.append(row.due_at - clock.now())
            assert deliver(house, Carrier(), "email") == 0, "not before it is due"
            clock.at = row.due_at
        assert waits == [timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=4)]
        busy = False
        assert deliver(house, Carrier(), "email") == 1
    assert len(taken.mails) == 1 and state() == "sent"


def test_what_is_never_taken_is_given_up_after_days(bank: House) -> None:
    taken = Taken(on_data=lambda _e: "451 try later")
    clock = bank.clock
    assert isinstance(clock, FixedClock)
    with mail_server(taken) as port:
        house = with_mail(bank, port)
        put(house)
        clock.at += timedelta(days=4)
        deliver(house, Carrier(), "email")
    assert state() == "given-up"


def test_a_server_that_is_away_delays_and_alarms_once_and_loses_nothing(bank: House, taken: Taken) -> None:
    clock = bank.clock
    assert isinstance(clock, FixedClock)
    (port,) = free_ports(1)
    house, carrier = with_mail(bank, port), Carrier()
    for key in "abc":
        put(house, key)
    assert deliver(house, carrier, "email") == 0
    assert Message.objects.get(key="a").problem and tell_of_silence(house) == 0
    clock.at += LONG
    deliver(house, carrier, "email")
    assert (tell_of_silence(house), tell_of_silence(house)) == (1, 0)
    event = Event.objects.get(kind=EventKind.MAIL_AWAY)
    assert event.params["count"] == 3
    clock.at += timedelta(days=30)
    with mail_server(taken, port):
        assert deliver(house, carrier, "email") == 3
    assert len(set(taken.ids)) == 3


def test_after_a_failure_the_server_is_left_alone_for_a_while(bank: House, taken: Taken) -> None:
    clock = bank.clock
    assert isinstance(clock, FixedClock)
    (port,) = free_ports(1)
    house, carrier = with_mail(bank, port), Carrier()
    put(house)
    deliver(house, carrier, "email")
    with mail_server(taken, port):
        assert deliver(house, carrier, "email") == 0
        clock.at += timedelta(minutes=1)
        assert deliver(house, carrier, "email") == 1


def test_a_server_that_breaks_off_before_its_yes_took_nothing(bank: House) -> None:
    """The connection ends in the middle of the data: sent again, accepted once."""
    broken: list[Envelope] = []

    def break_off(envelope: Envelope) -> str | None:
        if not broken:
            broken.append(envelope)
            return "421 going down"
        return None

    taken = Taken(on_data=break_off)
    clock = bank.clock
    assert isinstance(clock, FixedClock)
    with mail_server(taken) as port:
        house = with_mail(bank, port)
        row = put(house)
        deliver(house, Carrier(), "email")
        clock.at += timedelta(hours=1)
        deliver(house, Carrier(), "email")
    assert len(broken) == 1 and taken.ids == [row.message_id]


def test_plain_text_is_refused_where_encryption_is_asked_for(bank: House, taken: Taken) -> None:
    """No STARTTLS offered: nothing is sent, the settings say so."""
    with mail_server(taken) as port:
        house = with_mail(bank, port)
        strict = house.settings.model_copy(update={"mail_security": "starttls"})
        house = with_mail(bank, port)
        object.__setattr__(house, "settings", strict)
        put(house)
        assert deliver(house, Carrier(), "email") == 0
    assert taken.mails == [] and "no encryption" in Message.objects.get(key="k").problem


def test_a_wrong_password_is_told_without_it(bank: House, tmp_path: Path, taken: Taken) -> None:
    file = tmp_path / "password"
    file.write_text("not the one\n")
    options = {"auth_require_tls": False, "authenticator": lambda *_a: _no()}
    with mail_server(taken, **options) as port:
        house = with_mail(bank, port, mail_user="planbank", mail_password_file=file)
        put(house)
        assert deliver(house, Carrier(), "email") == 0
    problem = Message.objects.get(key="k").problem
    assert "refuses our account" in problem and "not the one" not in problem


def _no() -> object:
    from aiosmtpd.smtp import AuthResult

    return AuthResult(success=False, handled=False)
