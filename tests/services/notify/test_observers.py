"""Observers are reminded by itself, at 7 days and 1; what is overdue is told once (R109, R118)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from planbank.audits.models import AuditStudy
from planbank.house import House
from planbank.messages.models import Event, Message
from planbank.services.notify.observers import remind_observers
from planbank.services.notify.run import by_date
from tests.audits.rows import copy_of, opened, protocol


@pytest.fixture
def study(posting: House) -> AuditStudy:
    made = opened(posting, protocol(posting))
    made.copies.update(state="accepted")
    AuditStudy.objects.filter(pk=made.pk).update(closes_on=today(posting) + timedelta(days=10))
    return made


def today(house: House) -> date:
    return house.clock.now().date()


def later(house: House, **by: int) -> None:
    house.clock.at += timedelta(**by)  # type: ignore[attr-defined]


def mails() -> list[str]:
    return sorted(Message.objects.filter(key__startswith="audit:").values_list("to", flat=True))


def test_seven_days_and_one_day_before_each_once(posting: House, study: AuditStudy) -> None:
    by_date(posting)
    assert mails() == [], "ten days are left"
    later(posting, days=3)
    for _often in range(3):
        by_date(posting)
    assert mails() == ["auh-1@example.org", "ouh-1@example.org", "ouh-2@example.org"]
    assert "Pelvis" in Message.objects.latest("pk").subject
    copy = copy_of(study, "OUH-2")
    type(copy).objects.filter(pk=copy.pk).update(state="returned")
    later(posting, days=6)
    for _often in range(3):
        by_date(posting)
    assert mails().count("ouh-1@example.org") == 2 and mails().count("ouh-2@example.org") == 1
    later(posting, days=1)
    assert remind_observers(posting) == 0, "the last day itself: they were told yesterday"


def test_a_bank_that_stood_still_reminds_once_not_twice(posting: House, study: AuditStudy) -> None:
    later(posting, days=9)
    assert remind_observers(posting) == 3
    assert remind_observers(posting) == 0


def test_nobody_is_reminded_where_the_organiser_said_not_to_or_it_is_closed(
    posting: House, study: AuditStudy
) -> None:
    later(posting, days=9)
    AuditStudy.objects.update(reminds=False)
    assert remind_observers(posting) == 0
    AuditStudy.objects.update(reminds=True, state="closed")
    assert remind_observers(posting) == 0


def test_once_the_day_is_over_key_users_are_told_once_for_each_last_day(
    posting: House, study: AuditStudy
) -> None:
    later(posting, days=11)
    for _often in range(2):
        assert remind_observers(posting) == 0
    told = Event.objects.get(kind="audit-overdue")
    assert told.params["count"] == 3 and told.scope_id == study.protocol_id
    later(posting, days=1)
    AuditStudy.objects.update(closes_on=today(posting) - timedelta(days=1))
    remind_observers(posting)
    assert Event.objects.filter(kind="audit-overdue").count() == 2
