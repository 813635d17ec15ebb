"""A real mail server for tests: SMTP on a socket of its own, with faults where a test wants them.

Comes in: how it is to behave. Goes out: what it accepted, in order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope

from tests.journeys.live import free_ports

# What a test may put in: called with the envelope; a text is the answer in place of '250 OK'.
Answer = Callable[[Envelope], str | None]


class Taken:
    """The server's end: keeps what it answers 250 to."""

    def __init__(
        self, on_data: Answer | None = None, on_rcpt: Callable[[str], str | None] | None = None
    ) -> None:
        self.mails: list[EmailMessage] = []
        self.to: list[str] = []
        self.on_data, self.on_rcpt = on_data, on_rcpt

    async def handle_RCPT(self, server: Any, session: Any, envelope: Envelope, to: str, _o: Any) -> str:
        if self.on_rcpt and (answer := self.on_rcpt(to)):
            return answer
        envelope.rcpt_tos.append(to)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:
        if self.on_data and (answer := self.on_data(envelope)):
            return answer
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.to += envelope.rcpt_tos
        return "250 OK"

    @property
    def ids(self) -> list[str]:
        return [mail["Message-ID"] for mail in self.mails]


@contextmanager
def mail_server(taken: Taken, port: int = 0, **options: Any) -> Iterator[int]:
    """Serve until the end of the block; gives the port."""
    port = port or free_ports(1)[0]
    controller = Controller(taken, hostname="127.0.0.1", port=port, **options)  # type: ignore[arg-type]
    controller.start()
    try:
        yield port
    finally:
        controller.stop()
