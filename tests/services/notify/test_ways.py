"""Mail over TLS and STARTTLS, text messages over HTTP: real servers, trusted or not (R33, R118)."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from planbank.commands import certs
from planbank.house import House
from planbank.messages.models import Message
from planbank.messages.outbox import Letter, post
from planbank.services.notify.deliver import Carrier, deliver
from tests.mail_server import Taken, mail_server
from tests.services.notify.conftest import with_mail

LETTER = Letter("Two plans arrived", "Two plans arrived.\n")


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority with a server's certificate, and another authority beside it."""
    folder = tmp_path_factory.mktemp("pki")
    for name in ("ours", "other"):
        certs.make_authority(folder / name, name)
    certs.make_server(folder / "ours", ["127.0.0.1", "localhost"])
    return folder


def served(pki: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pki / "ours/gate.crt", pki / "ours/gate.key")
    return context


def send(bank: House, port: int, **settings: object) -> Message:
    house = with_mail(bank, port)
    given = house.settings.model_copy(update=settings)
    object.__setattr__(house, "settings", given)
    row = post(given, "k", "ada@hospital.example", LETTER, house.clock.now())
    assert row is not None
    deliver(house, Carrier(), "email")
    row.refresh_from_db()
    return row


def test_starttls_with_a_server_that_wants_it(bank: House, taken: Taken, pki: Path) -> None:
    with mail_server(taken, tls_context=served(pki), require_starttls=True) as port:
        row = send(bank, port, mail_security="starttls", mail_ca=pki / "ours/ca.crt")
    assert row.state == "sent" and taken.ids == [row.message_id]


def test_tls_from_the_first_byte(bank: House, taken: Taken, pki: Path) -> None:
    with mail_server(taken, ssl_context=served(pki)) as port:
        row = send(bank, port, mail_security="tls", mail_ca=pki / "ours/ca.crt")
    assert row.state == "sent" and taken.ids == [row.message_id]


@pytest.mark.parametrize("how", ["starttls", "tls"])
def test_a_server_that_nobody_vouches_for_gets_nothing(
    bank: House, taken: Taken, pki: Path, how: str
) -> None:
    option = {"tls_context": served(pki)} if how == "starttls" else {"ssl_context": served(pki)}
    with mail_server(taken, **option) as port:
        row = send(bank, port, mail_security=how, mail_ca=pki / "other/ca.crt")
    assert (row.state, row.problem) == ("waiting", "the certificate of the mail server is not trusted")
    assert taken.mails == []


@dataclass
class Gateway:
    """A gateway for text messages; `status` is what it answers."""

    status: int = 200
    bodies: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    port: int = 0


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    kept = Gateway()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_args: object) -> None:
            pass

        def do_POST(self) -> None:
            kept.paths.append(self.path)
            kept.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(kept.status)
            self.end_headers()

    server = HTTPServer(("127.0.0.1", 0), Handler)
    kept.port = server.server_port
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield kept
    server.shutdown()
    thread.join()
    server.server_close()


def text(bank: House, port: int, number: str = "+4512345678") -> Message:
    house = with_mail(bank, 1, text_url=f"json://127.0.0.1:{port}/sms/{{number}}")
    row = post(house.settings, "t", number, LETTER, house.clock.now(), channel="text")
    assert row is not None
    deliver(house, Carrier(), "text")
    row.refresh_from_db()
    return row


# A plugin of apprise that nothing here uses still imports it on Python 3.11 and 3.12.
OLD_IMPORT = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


@OLD_IMPORT
def test_a_text_message_goes_to_its_number(bank: House, gateway: Gateway) -> None:
    row = text(bank, gateway.port)
    assert row.state == "sent"
    (body,), (path,) = gateway.bodies, gateway.paths
    assert body["message"].strip() == "Two plans arrived." and path.endswith("4512345678")


@OLD_IMPORT
def test_a_gateway_that_does_not_take_it_is_asked_again_later(bank: House, gateway: Gateway) -> None:
    gateway.status = 503
    row = text(bank, gateway.port)
    assert row.state == "waiting" and row.attempts == 1 and row.due_at > bank.clock.now()
    assert row.problem == "the gateway did not take it"


def test_what_is_no_number_never_leaves(bank: House, gateway: Gateway) -> None:
    house = with_mail(bank, 1, text_url=f"json://127.0.0.1:{gateway.port}/sms/{{number}}")
    now = house.clock.now()
    Message.objects.create(
        key="x", channel="text", to="+45/../admin", text="t", message_id="x", made_at=now, due_at=now
    )
    deliver(house, Carrier(), "text")
    assert gateway.paths == [] and Message.objects.get(key="x").state == "given-up"
