"""Protocols that nobody runs, told once for each step (R32, R199, R213)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from planbank.access.models import Grant
from planbank.access.queries.reminders import orphans
from planbank.access.watch import tell_orphans
from planbank.messages.models import Event
from tests.protocols.rows import ProtocolRows

DAY = timedelta(days=1)


@pytest.mark.parametrize(("left", "days"), [(31, None), (30, 30), (8, 30), (7, 7), (1, 1), (0, 0)])
def test_a_protocol_that_nobody_will_run(rows: ProtocolRows, left: int, days: int | None) -> None:
    brain = rows.protocol("BRAIN")
    rows.grant(rows.user("key"), "key-user", brain, until=rows.at + left * DAY)
    rows.protocol("DRAFT", status="draft")
    assert [(one.protocol, one.days) for one in orphans(rows.at)] == ([] if days is None else [(brain, days)])


def test_it_is_told_once_for_each_step(rows: ProtocolRows) -> None:
    brain = rows.protocol("BRAIN")
    rows.grant(rows.user("key"), "key-user", brain, until=rows.at + 12 * DAY)
    assert (tell_orphans(rows.at), tell_orphans(rows.at)) == (1, 0)
    assert tell_orphans(rows.at + 6 * DAY) == 1
    assert tell_orphans(rows.at + 13 * DAY) == 1
    told = list(Event.objects.order_by("pk").values_list("kind", "params__protocol", "params__days"))
    assert told == [("last-key-user", "BRAIN", step) for step in (30, 7, 0)]
    Grant.objects.update(until=rows.at + 200 * DAY)
    assert tell_orphans(rows.at + 13 * DAY) == 0
