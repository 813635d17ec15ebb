"""How the work stands."""

from __future__ import annotations

import pytest
from django.db import connection

from planbank.house import House
from planbank.pipeline.counts import by_service, open_work
from planbank.pipeline.due import make_due
from planbank.pipeline.models import Outcome, State
from tests.pipeline.conftest import Probe, add_probe


def test_jobs_and_outcomes_are_counted_by_what_becomes_of_them(bank: House, probe: Probe) -> None:
    make_due("probe", [(1, "lane:1"), (2, "lane:1"), (3, "lane:2")], bank.clock.now())
    Outcome.objects.filter(subject_id=2).update(state=State.FAILED)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing' WHERE lock = 'lane:2'")
    assert open_work() == {"jobs_todo": 2, "jobs_failed": 0, "outcomes_due": 2, "outcomes_failed": 1}
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'failed' WHERE lock = 'lane:2'")
    assert open_work()["jobs_failed"] == 1


def test_an_empty_bank_has_nothing_to_do(bank: House) -> None:
    assert set(open_work().values()) == {0}
    assert by_service() == []


def test_a_service_shows_its_outcomes_by_state(bank: House, probe: Probe) -> None:
    make_due("probe", [(1, "lane:1"), (2, "lane:1"), (3, "lane:2")], bank.clock.now(), defer=False)
    Outcome.objects.filter(subject_id=1).update(state=State.DONE)
    (row,) = by_service()
    assert (row["service"], row["total"], row["due"], row["done"], row["failed"]) == ("probe", 3, 2, 1, 0)


def test_what_an_older_version_said_is_history(
    bank: House, probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault that a new version of a service mended is not shown for ever."""
    make_due("probe", [(1, "lane:1"), (2, "lane:1")], bank.clock.now(), defer=False)
    Outcome.objects.update(state=State.FAILED)
    add_probe(monkeypatch, probe, version=2)
    make_due("probe", [(1, "lane:1"), (2, "lane:1")], bank.clock.now(), defer=False)
    Outcome.objects.filter(version=2, subject_id=1).update(state=State.DONE)
    Outcome.objects.filter(version=2, subject_id=2).update(state=State.FAILED)
    assert open_work()["outcomes_failed"] == 1
    (row,) = by_service()
    assert (row["total"], row["done"], row["failed"]) == (2, 1, 1)
