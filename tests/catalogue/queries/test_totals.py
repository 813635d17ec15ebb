"""Numbers of the overview: bounded, and of what may be seen."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from planbank.catalogue.models import Instance
from planbank.catalogue.queries.totals import count_to, newest_received
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
