"""Numbers of the overview: bounded, and of what may be seen."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from planbank.catalogue.models import Instance
from planbank.catalogue.queries.totals import count_to, newest_received, remembered, total
from planbank.people.models import Institution
from tests.catalogue.rows import Rows

pytestmark = pytest.mark.django_db


def test_counting_stops(now: datetime) -> None:
    Rows(now).whole(objects=5)
    assert count_to(Instance.objects.all(), 10) == 5
    assert count_to(Instance.objects.all(), 3) == 3


def test_the_newest_object_is_that_of_the_institutions_asked_for(now: datetime) -> None:
    rows = Rows(now)
    rows.whole("AUH", "1")
    rows.at = now + timedelta(hours=1)
    rows.whole("OUH", "2")
    rows.institution("RH")
    assert newest_received(Institution.objects.filter(code="AUH")) == now
    assert newest_received(Institution.objects.all()) == now + timedelta(hours=1)
    assert newest_received(Institution.objects.filter(code="RH")) is None


def test_large_totals_are_remembered_for_a_while(now: datetime) -> None:
    rows, objects = Rows(now), Instance.objects.all()
    rows.whole(objects=3)
    assert total(objects, "test-a", exact_to=5) == 3
    rows.whole(sent_id="2", objects=5)
    assert total(objects, "test-a", exact_to=5) == 8
    rows.whole(sent_id="3", objects=1)
    assert total(objects, "test-a", exact_to=5) == 8
    assert total(objects, "test-b", exact_to=5) == 9


def test_what_is_cheap_is_always_found_anew(now: datetime) -> None:
    rows, objects = Rows(now), Instance.objects.all()
    rows.whole(objects=3)
    found = iter("abcd")
    assert remembered(objects, ("k", 1), lambda: next(found), above=3) == "a"
    assert remembered(objects, ("k", 1), lambda: next(found), above=3) == "b"
    assert remembered(objects, ("k", 1), lambda: next(found), above=2) == "c"
    assert remembered(objects, ("k", 1), lambda: next(found), above=2) == "c"
    assert remembered(objects, ("k", 2), lambda: next(found), above=2) == "d"
