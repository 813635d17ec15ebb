"""The Python client against a real server on a real socket (R155)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime

import pytest

from planbank.client import ApiError, Client
from planbank.house import House
from tests.web.served import served


@pytest.fixture
def site(committed: House) -> Iterator[str]:
    with served() as address:
        yield address


@pytest.fixture
def token(committed: House, now: datetime) -> str:
    from planbank.access.tokens import issue
    from planbank.journal.record import Actor
    from tests.protocols.rows import ProtocolRows

    rows = ProtocolRows(now)
    for n in range(230):
        rows.file("OUH", f"{n}")
    rows.whole_plan("OUH", "0101501234")
    user, actor, at = rows.user("otto", "OUH"), Actor("command", "test"), committed.clock.now()
    return issue(user, name="nb", scope=None, purpose="a test", days=9, actor=actor, at=at, may_write=True)[1]


def test_rows_page_after_page_and_errors_in_words(site: str, token: str) -> None:
    bank = Client(site, token)
    assert bank.me()["username"] == "otto"
    assert len(list(bank.patients())) == 231
    (plan,) = bank.plan_sets(institution="OUH")
    dvhs = list(bank.dvhs(plan["id"], metrics="D95%", curve=True))
    assert dvhs and all(set(row["metrics"]) == {"D95%"} for row in dvhs)
    assert {row["name"] for row in bank.rois(plan["id"])} >= {"Hjerte"}
    assert list(bank.findings(plan["id"])) == [] and [row["code"] for row in bank.institutions()] == ["OUH"]
    with pytest.raises(ApiError, match="not exist") as refused:
        next(bank.rois(987654))
    assert refused.value.status == 404
    with pytest.raises(ApiError, match="no metric"):
        list(bank.dvhs(plan["id"], metrics="Q7"))
    with pytest.raises(ApiError, match="token in force"):
        Client(site, "pbk_wrong").me()


def test_a_bank_that_is_not_there_is_told() -> None:
    with pytest.raises(ApiError, match="not reached") as refused:
        Client("http://127.0.0.1:9", "pbk_x", timeout=1).me()
    assert refused.value.status == 0


@pytest.mark.parametrize("url", ["", "bank.example", "file:///etc/passwd", "ftp://x"])
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(ValueError, match="begins with https"):
        Client(url, "pbk_x")


def test_it_imports_nothing_else_of_planbank() -> None:
    code = "import sys, planbank.client; print(*sorted(m for m in sys.modules if m.startswith('planbank.')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    assert loaded and all(f"{name}.".startswith("planbank.client.") for name in loaded), loaded
