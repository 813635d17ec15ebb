"""What lapses and has to be told: to whom, once each; protocols nobody runs (R32, R49, R199, R213)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from planbank.access.models import Grant
from planbank.access.queries.reminders import due_reminders, orphans, renewable_by
from planbank.access.watch import tell_orphans
from planbank.messages.models import Event
from planbank.people.models import Affiliation
from planbank.protocols.levels import See
from tests.protocols.rows import ProtocolRows

DAY = timedelta(days=1)


def test_the_holder_and_everybody_who_can_renew(rows: ProtocolRows) -> None:
    brain, at = rows.protocol("BRAIN"), rows.at
    key, other, ada = rows.user("key"), rows.user("other"), rows.user("ada", is_site_admin=True)
    boss = rows.user("boss", "OUH")
    Affiliation.objects.filter(user=boss).update(is_admin=True)
    rows.grant(key, "key-user", brain, until=at + 5 * DAY)
    rows.grant(other, "key-user", brain, see=See.IDENTIFIED)
    nils = rows.grant(rows.user("nils", "OUH"), "normal-user", brain, until=at + DAY)
    rita = rows.grant(rows.user("rita"), "reader", brain, see=See.IDENTIFIED, until=at + 20 * DAY)
    rows.grant(rows.user("off", is_active=False), "reader", brain, until=at + DAY)
    rows.grant(rows.user("far"), "reader", brain, until=at + 31 * DAY)
    due = due_reminders(at)
    told = {one.grant.user.username: (one.days, one.renewers) for one in due}
    assert told == {
        "nils": (1, {key.pk, other.pk, ada.pk, boss.pk}),
        "key": (7, {other.pk, ada.pk}),  # never by oneself
        "rita": (30, {other.pk, ada.pk}),  # nobody renews a level they do not have
    }
    assert [one.grant.user.username for one in due] == ["nils", "key", "rita"], "the next first"
    assert [one.grant for one in renewable_by(key, due)] == [nils]
    keys = {one.grant: one.key for one in due}
    assert keys[rita] == next(one.key for one in due_reminders(at + DAY) if one.grant == rita)
    assert keys[rita] != next(one.key for one in due_reminders(at + 14 * DAY) if one.grant == rita)


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
