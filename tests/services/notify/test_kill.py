"""A process that is killed while it sends, and two that send at once: one mail (I4, R33).

The sender is a process of its own; the mail server kills it at the moment the test names. What SMTP
cannot close is shown as it is: killed after the server's yes, the same mail goes again with the same
Message-ID.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest
from aiosmtpd.smtp import Envelope
from django.db import connection, connections

from planbank.house import House
from planbank.messages.models import Message
from planbank.messages.outbox import Letter, post
from planbank.services.notify.deliver import Carrier, deliver
from tests.mail_server import Taken, mail_server
from tests.services.notify.conftest import with_mail

SENDER = """
import sys
from dataclasses import replace
from pathlib import Path
from django.conf import settings as conf
from planbank.config import load
from planbank.web.settings import django_settings
import django

home, url, port = sys.argv[1:]
settings = load(home=home, mail_host="127.0.0.1", mail_port=int(port), mail_security="none")
conf.configure(**django_settings(settings, url, "x"))
django.setup()
from planbank.house import House, SystemClock
from planbank.services.notify.deliver import Carrier, deliver
house = House(settings, None, None, Path(home), SystemClock())
deliver(house, Carrier(), "email")
"""


class Sender:
    """The process that sends; `kill` ends it as the machine would."""

    def __init__(self, house: House, port: int) -> None:
        d = connection.settings_dict
        url = f"postgresql://{d['USER']}@/{d['NAME']}?host={d['HOST']}"
        words = [sys.executable, "-c", SENDER, str(house.settings.home), url, str(port)]
        self.process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)

    def end(self) -> int:
        """How it ended; what it said where it should not have."""
        code = self.process.wait(120)
        assert self.process.stderr is not None
        said = self.process.stderr.read()
        self.process.stderr.close()
        assert code in (0, -signal.SIGKILL), said
        assert "Traceback" not in said, said
        return code


def put(house: House, keys: str = "k") -> None:
    for key in keys:
        post(house.settings, key, "ada@hospital.example", Letter("s", "t"), house.clock.now())


def at_recipient(taken: Taken, strike: Callable[[], None]) -> None:
    def struck(to: str) -> str | None:
        strike()
        return None

    taken.on_rcpt = struck


def at_data(taken: Taken, strike: Callable[[], None]) -> None:
    """All of the mail has come; the server dies with the sender before it says yes."""

    def struck(envelope: Envelope) -> str | None:
        strike()
        return "451 the sender was gone"

    taken.on_data = struck


@pytest.mark.parametrize("moment", [at_recipient, at_data])
def test_killed_before_the_servers_yes_it_goes_out_once(committed: House, moment: Any) -> None:
    taken = Taken()
    with mail_server(taken) as port:
        house = with_mail(committed, port)
        put(house)
        running: list[Sender] = []
        started = threading.Event()

        def strike() -> None:
            started.wait(60)
            running[0].kill()
            taken.on_rcpt = taken.on_data = None

        moment(taken, strike)
        running.append(Sender(house, port))
        started.set()
        assert running[0].end() == -signal.SIGKILL
        assert Message.objects.get().state == "waiting"
        assert Sender(house, port).end() == 0
    row = Message.objects.get()
    assert (row.state, taken.ids) == ("sent", [row.message_id])


def test_killed_after_the_servers_yes_it_goes_again_and_is_known_as_the_same(committed: House) -> None:
    """What no one can close: the yes was on its way. Both bear one Message-ID."""
    taken = Taken()
    with mail_server(taken) as port:
        house = with_mail(committed, port)
        put(house)
        running: list[Sender] = []
        started = threading.Event()
        kept = taken.handle_DATA

        async def keep_and_strike(server: Any, session: Any, envelope: Envelope) -> str:
            answer = await kept(server, session, envelope)
            started.wait(60)
            running[0].kill()
            taken.handle_DATA = kept  # type: ignore[method-assign]
            return answer

        taken.handle_DATA = keep_and_strike  # type: ignore[method-assign]
        running.append(Sender(house, port))
        started.set()
        running[0].end()
        taken.handle_DATA = kept  # type: ignore[method-assign]
        assert Sender(house, port).end() == 0
    assert len(set(taken.ids)) == 1 and Message.objects.get().state == "sent"


def test_two_at_once_send_each_message_once(committed: House) -> None:
    taken = Taken()
    with mail_server(taken) as port:
        house = with_mail(committed, port)
        put(house, "abcdefghijkl")
        threads = [threading.Thread(target=_deliver, args=(house,)) for _n in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(taken.ids) == len(set(taken.ids)) == 12
    assert set(Message.objects.values_list("state", flat=True)) == {"sent"}


def _deliver(house: House) -> None:
    try:
        deliver(house, Carrier(), "email")
    finally:
        connections.close_all()


def test_a_database_that_goes_away_after_the_yes_makes_no_second_mail(committed: House) -> None:
    """The process remembers what the server took and writes it down when it can."""
    taken = Taken()
    with mail_server(taken) as port:
        house, carrier = with_mail(committed, port), Carrier()
        put(house)
        kept = taken.handle_DATA

        async def keep_and_cut(server: Any, session: Any, envelope: Envelope) -> str:
            answer = await kept(server, session, envelope)
            _end_connections()
            taken.handle_DATA = kept  # type: ignore[method-assign]
            return answer

        taken.handle_DATA = keep_and_cut  # type: ignore[method-assign]
        with pytest.raises(Exception, match=r"terminat|closed|connection"):
            deliver(house, carrier, "email")
        connection.close()
        assert Message.objects.get().state == "waiting"
        deliver(house, carrier, "email")
    assert len(taken.ids) == 1 and Message.objects.get().state == "sent"


def _end_connections() -> None:
    """As a database that is started again: every other connection ends."""
    import psycopg

    d = connection.settings_dict
    with psycopg.connect(dbname=d["NAME"], user=d["USER"], host=d["HOST"], autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
