"""What the kill loop watches of triggers, forwards and mails: each takes effect once (invariant I4).

Comes in: a running bank. Goes out: a protocol whose trigger files and forwards what the loop sends, a DICOM
node and a mail server that keep what they took, and the assertions.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from planbank.embedded import socket_url
from tests.gate.raw_peer import Part10
from tests.journeys.live import Live
from tests.mail_server import Taken, mail_server
from tests.services.forward.peers import Receiver

ROI = "TO_THE_NODE"
MR = "1.2.840.10008.5.1.4.1.1.4"
SETTINGS = """
[[institution]]
code = "DCPT"
name = "Protons"

[[sender]]
ae_title = "DEMO_TPS"
network = "127.0.0.0/8"
institution = "OUH"
recipients = ["tps@ouh.example"]

[[destination]]
name = "Protons"
institution = "DCPT"
ae_title = "PROTON"
host = "127.0.0.1"
port = {port}
tls = false
purpose = "To decide about protons"

[[controller]]
name = "Region"

[[protocol]]
short_name = "PROTON"
title = "Proton or photon"
kind = "demo"
purpose = "To show it"
legal_basis = "None needed"
controllers = ["Region"]
contacts = [{{name = "Kaya"}}]
agreements = [{{kind = "centre", title = "DCPT", institution = "DCPT", signed_on = 2026-01-02}}]
status = "active"

[[participation]]
protocol = "PROTON"
institution = "OUH"

[[trigger]]
protocol = "PROTON"
roi_name = "{roi}"
actions = ["include", {{action = "forward", destination = "Protons"}}]
"""
RELEASE = """
from planbank import boot
from planbank.config import load
house = boot.build(load(), "command")
from planbank.delivery.asking import release
from planbank.delivery.models import Forward
from planbank.protocols.act import Act
for row in Forward.objects.filter(state="held"):
    release(Act.of_command("test", house.clock.now()), row)
"""


@dataclass
class Effects:
    """What came out of the bank."""

    live: Live
    node: Receiver
    mails: Taken

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The answer of the database; [] while it is away."""
        try:
            with psycopg.connect(socket_url(self.live.home), autocommit=True) as connection:
                return connection.execute(query.encode()).fetchall()
        except psycopg.OperationalError:
            return []

    def wait_for(self, wanted: list[tuple[Any, ...]], query: str, seconds: float = 120) -> None:
        """Until the database answers this; fails with what it answers instead."""
        deadline = time.monotonic() + seconds
        while (found := self.rows(query)) != wanted and time.monotonic() < deadline:
            time.sleep(0.2)
        assert found == wanted

    def node_goes_away(self, seconds: float) -> None:
        self.node.stop()
        time.sleep(seconds)
        self.node.start()


@contextmanager
def around(live: Live) -> Iterator[Effects]:
    """A bank that is not running yet gets its surroundings; whatever waits for a click is clicked."""
    effects = Effects(live, Receiver(before=lambda: time.sleep(0.02)).start(), Taken())
    over = threading.Event()
    clicker = threading.Thread(target=_click, args=(effects, over), daemon=True)
    with mail_server(effects.mails) as port:
        live.env |= {
            "PLANBANK_MAIL_HOST": "127.0.0.1",
            "PLANBANK_MAIL_PORT": str(port),
            "PLANBANK_MAIL_SECURITY": "none",
            "PLANBANK_QUIET_MINUTES": "0.02",
            "PLANBANK_FORWARD_TIMEOUT": "5",
        }
        try:
            live.up()
            live.apply()
            live.apply(SETTINGS.format(port=effects.node.port, roi=ROI))
            clicker.start()
            yield effects
        finally:
            over.set()
            live.down()
            effects.node.stop()


def _click(effects: Effects, over: threading.Event) -> None:
    while not over.wait(1):
        if effects.rows("SELECT 1 FROM delivery_forward WHERE state = 'held' LIMIT 1"):
            subprocess.run([sys.executable, "-c", RELEASE], env=effects.live.env, capture_output=True)


# --- invariants


def assert_all_was_forwarded_once(effects: Effects, files: list[Part10], struck: int) -> None:
    """I1, I4: every object at the node byte for byte, each delivered once, told as it was."""
    # The MR beside a proton plan is not in its structure set's references, so not in the plan set.
    wanted = {file.sop_instance_uid: file.data for file in files if file.sop_class_uid != MR}
    states = "SELECT state, reason, count(*) FROM delivery_delivery GROUP BY 1, 2"
    effects.wait_for([("delivered", "", len(wanted))], states)
    came = Counter(uid for uid, _data in effects.node.came)
    assert set(came) == set(wanted), "nothing lost"
    assert all(data == wanted[uid] for uid, data in effects.node.came), "I1: byte for byte"
    assert sum(came.values()) <= len(wanted) + struck + 1, "at most one object goes twice with each kill"
    whole = (
        "SELECT count(*) FROM delivery_forward f JOIN catalogue_planset p "
        "ON p.sop_instance_uid = f.subject_uid WHERE p.kind = 'plan' AND f.ended_at IS NOT NULL"
    )
    plans = effects.rows("SELECT count(*) FROM catalogue_planset WHERE kind = 'plan'")
    effects.wait_for(plans, whole)
    told: dict[int, list[int]] = {}
    events = "SELECT params FROM bank_messages_event WHERE kind = 'forwarded' ORDER BY id"
    for (params,) in effects.rows(events):
        told.setdefault(params["forward"], []).append(params["delivered"])
    assert all(counts == sorted(set(counts)) for counts in told.values()), "I4: no end is told twice"


def assert_triggers_fired_once(effects: Effects) -> None:
    """I4, I5: one firing a plan set, one entry a firing, one membership an object."""
    ((firings,),) = effects.rows("SELECT count(*) FROM protocols_firing WHERE outcome = 'done'")
    ((entries,),) = effects.rows("SELECT count(*) FROM journal_entry WHERE action = 'trigger fired'")
    assert firings == entries >= len(effects.rows("SELECT 1 FROM catalogue_planset WHERE kind = 'plan'"))
    twice = (
        "SELECT patient_file_id, series_id, instance_id FROM protocols_membership "
        "GROUP BY 1, 2, 3 HAVING count(*) > 1"
    )
    assert effects.rows(twice) == []
    outside = (
        "SELECT count(*) FROM catalogue_member m LEFT JOIN protocols_membership p "
        "ON p.instance_id = m.instance_id WHERE m.instance_id IS NOT NULL AND p.id IS NULL"
    )
    assert effects.rows(outside) == [(0,)], "the whole plan set is filed, late arrivals too"


def assert_each_mail_went_once(effects: Effects, struck: int) -> None:
    """I4: every message is sent; only one whose sender died after the server's yes went again, as itself."""
    effects.wait_for([("sent",)], "SELECT DISTINCT state FROM bank_messages_message")
    ids = Counter(effects.mails.ids)
    ((messages,),) = effects.rows("SELECT count(*) FROM bank_messages_message")
    assert len(ids) == messages > 0
    assert sum(ids.values()) <= messages + struck
    effects.wait_for([(0,)], "SELECT count(*) FROM bank_messages_event WHERE noticed_at IS NULL")
