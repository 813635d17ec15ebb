"""A patient leaves a protocol while processes are killed (I7; R41).

Over a real bank: acts by its pages, objects by its gate, and SIGKILL to the site in the middle
of a withdrawal.
"""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from planbank.demo.patients import make_patient, part10
from planbank.embedded import socket_url
from tests.journeys.live import Browser, Live

ROI, PASSWORD, KILLS = "LEAVES", "a long enough password", 6
PROTOCOL = f"""
[[controller]]
name = "Region"

[[protocol]]
short_name = "PROTON"
title = "Proton or photon"
kind = "demo"
purpose = "To show it"
legal_basis = "None needed"
controllers = ["Region"]
contacts = [{{name = "Kaya", role = "key user", email = "kaya@example.org"}}]
status = "active"

[[participation]]
protocol = "PROTON"
institution = "OUH"

[[trigger]]
protocol = "PROTON"
roi_name = "{ROI}"

[[user]]
username = "kaya"
name = "Kaya Key"

[[user]]
username = "carl"
name = "Carl Controller"

[[user]]
username = "rita"
name = "Rita Reader"

[[grant]]
user = "kaya"
role = "key-user"
protocol = "PROTON"
see = "pseudonymised"

[[grant]]
user = "carl"
role = "controller"
protocol = "PROTON"

[[grant]]
user = "rita"
role = "reader"
protocol = "PROTON"
see = "pseudonymised"
"""


class Bank:
    """A bank with one patient in a protocol, and people signed in."""

    def __init__(self, live: Live, folder: Path) -> None:
        self.live = live
        live.apply(PROTOCOL)
        self.people: dict[str, Browser] = {}
        for name in ("kaya", "carl", "rita", "admin"):
            live.set_password(name, PASSWORD)
            self.people[name] = live.sign_in(name, PASSWORD)
        objects = list(make_patient("prostate", seed=41, trigger_roi=ROI).objects)
        images = [ds for ds in objects if ds.Modality == "CT"]
        self.objects = [*images[::16], *(ds for ds in objects if ds.Modality != "CT")]
        self.files = []
        for number, ds in enumerate(self.objects):
            self.files.append(folder / f"{number:03d}.dcm")
            self.files[-1].write_bytes(part10(ds))
        self.send(self.files)
        self.protocol, self.enrolment, self.file = self.row(
            "SELECT e.protocol_id, e.id, f.id FROM protocols_enrolment e "
            "JOIN catalogue_patientfile f ON f.patient_id = e.patient_id"
        )
        self.page = f"/protocols/{self.protocol}/withdrawals/{self.enrolment}/"

    def send(self, files: list[Path]) -> None:
        node = f"127.0.0.1:{self.live.dicom_port}"
        self.live.planbank("send", *map(str, files), "--to", node, "--calling", "DEMO_TPS")
        self.live.settled()

    def row(self, sql: str) -> Any:
        with psycopg.connect(socket_url(self.live.home), autocommit=True) as connection:
            return connection.execute(sql).fetchone()  # type: ignore[arg-type]

    def is_seen(self) -> bool:
        status = self.people["rita"].get(f"/patients/{self.file}/")[0]
        assert status in (200, 403, 404)
        return status == 200

    def state(self) -> tuple[str, int, int]:
        """State of the enrolment; members that are hidden, and that are not."""
        (state,) = self.row(f"SELECT state FROM protocols_enrolment WHERE id = {self.enrolment}")
        hidden, shown = self.row(
            "SELECT count(restricted_at), count(*) - count(restricted_at) FROM protocols_membership "
            "WHERE removed_at IS NULL"
        )
        return state, hidden, shown

    def acts(self, action: str) -> int:
        (count,) = self.row(f"SELECT count(*) FROM journal_entry WHERE action = '{action}'")
        return int(count)

    def kill(self, name: str) -> None:
        """The process and what it forked, so that nothing of it answers any more."""
        for pid in self.live.pids(name):
            with suppress(psutil.NoSuchProcess):
                main = psutil.Process(pid)
                for one in [main, *main.children(recursive=True)]:
                    with suppress(psutil.NoSuchProcess):
                        one.kill()

    def site_is_back(self) -> None:
        self.live.until(lambda: _answers(self.people["kaya"]), 60, "the site does not come back")


def _answers(browser: Browser) -> bool:
    try:
        return browser.get("/account/")[0] == 200
    except (OSError, HTTPException):
        return False


@pytest.fixture(scope="module")
def bank(live: Live, tmp_path_factory: pytest.TempPathFactory) -> Bank:
    return Bank(live, tmp_path_factory.mktemp("sent"))


def attempt(act: Callable[[], tuple[int, str]], answers: list[int]) -> None:
    try:
        answers.append(act()[0])
    except (OSError, HTTPException, AssertionError):
        return  # killed under way: nobody was told anything


def test_a_withdrawal_that_is_killed_widens_nothing(bank: Bank, kill_seed: int) -> None:
    """I7: whole or not at all; what was acknowledged holds, also what is seen. I5: each is journalled."""
    chance, done, kaya = random.Random(kill_seed), 0, bank.people["kaya"]
    members = bank.state()[2]
    assert members > 0 and bank.is_seen()
    for _ in range(KILLS):
        answers: list[int] = []
        posting = threading.Thread(
            target=attempt, args=(lambda: kaya.post(bank.page, reason="consent withdrawn"), answers)
        )
        posting.start()
        time.sleep(chance.uniform(0, 0.3))
        bank.kill("web")
        posting.join(60)
        bank.site_is_back()
        state, hidden, shown = bank.state()
        assert (state, hidden, shown) in (("enrolled", 0, members), ("withdrawn", members, 0)), (
            "I7: half of it"
        )
        assert bank.is_seen() is (state == "enrolled"), "I7: the answer is what the database says"
        assert not answers or state == "withdrawn", "I7: what was acknowledged holds"
        done += state == "withdrawn"
        assert bank.acts("patient withdrawn") == done, "I5"
        if state == "withdrawn":
            kaya.get(f"{bank.page}undo/", _token(kaya, bank.page))
            assert bank.is_seen()


def test_what_is_sent_again_while_withdrawn_stays_hidden(bank: Bank) -> None:
    """model.md: restricted at once; re-sent objects and new ones of the patient do not show it again."""
    bank.people["kaya"].post(bank.page, reason="consent withdrawn")
    assert not bank.is_seen()
    bank.send(bank.files)
    state, hidden, shown = bank.state()
    assert (state, shown) == ("withdrawn", 0) and hidden > 0
    assert not bank.is_seen()
    assert bank.people["kaya"].get(bank.page)[1].count("Deleted in 14 days") == 1


def _token(browser: Browser, path: str) -> bytes:
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', browser.get(path)[1])
    assert found
    return f"csrfmiddlewaretoken={found[1]}".encode()
