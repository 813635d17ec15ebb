"""What machines are told: ready or why not, at the cost of one statement."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.test.utils import CaptureQueriesContext

from planbank.pipeline.models import Mark

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planbank.house import House


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """What an earlier test found ready is asked anew."""
    cache.clear()
    yield
    cache.clear()


def test_a_migrated_bank_is_ready_at_the_cost_of_one_statement(bank: House) -> None:
    assert Client().get("/healthz").content == b"ok\n"
    with CaptureQueriesContext(connection) as asked:
        answer = Client().get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert [q["sql"] for q in asked.captured_queries] == ["SELECT 1"]


def test_it_says_when_a_migration_is_missing_and_then_that_it_is_there(bank: House) -> None:
    recorder = MigrationRecorder(connection)
    last = recorder.migration_qs.filter(app="journal").order_by("-name")[0]
    last.delete()
    answer = Client().get("/healthz")
    assert (answer.status_code, answer.content) == (503, b"migrating\n")
    recorder.record_applied("journal", last.name)
    assert Client().get("/healthz").status_code == 200


def test_a_demonstration_is_ready_once_seeded_and_stays_so(bank: House) -> None:
    (bank.settings.home / "demo").touch()
    answer = Client().get("/healthz")
    assert (answer.status_code, answer.content) == (503, b"seeding\n")
    mark = Mark.objects.create(name="seeded", at=bank.clock.now())
    assert Client().get("/healthz").status_code == 200
    mark.delete()
    assert Client().get("/healthz").status_code == 200


def test_while_the_database_refuses_every_statement_it_is_starting(bank: House) -> None:
    with connection.cursor() as cursor, pytest.raises(DatabaseError, match="division"):
        cursor.execute("SELECT 1/0")
    answer = Client().get("/healthz")
    assert (answer.status_code, answer.content) == (503, b"starting\n")


def test_robots_are_asked_to_stay_away(bank: House) -> None:
    assert Client().get("/robots.txt").content == b"User-agent: *\nDisallow: /\n"
