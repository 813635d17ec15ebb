"""Arrivals by association: every one once, newest first, with the numbers of its own institution."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from planbank.catalogue.models import Instance, Submission
from planbank.catalogue.queries import associations
from planbank.catalogue.queries.associations import narrowed, per_day, read_associations
from tests.catalogue.rows import Rows

NOW = datetime(2026, 11, 17, 8, 30, tzinfo=UTC)
EVER = {"since": NOW - timedelta(days=3650), "until": NOW + timedelta(days=1)}


@pytest.fixture
def rows(db: None) -> Rows:
    return Rows(NOW)


def arrive(instance: Instance, association: str, seconds: int, rows: Rows, relation: str = "new") -> None:
    at = NOW - timedelta(seconds=seconds)
    rows.submission(instance, association_id=association, received_at=at, relation=relation)


def test_one_line_has_the_numbers_of_the_association(rows: Rows) -> None:
    file = rows.file(sent_id="1")
    ct, plan = rows.instance(rows.series(file, "CT")), rows.instance(rows.series(file, "RTPLAN"))
    other = rows.instance(rows.series(rows.file(sent_id="2"), "CT"))
    Submission.objects.all().delete()
    arrive(ct, "a1", 50, rows)
    arrive(ct, "a1", 40, rows, "again")
    arrive(plan, "a1", 30, rows, "version")
    arrive(other, "a1", 20, rows, "re-exported")
    page = read_associations(Submission.objects.all(), narrowed(Submission.objects.all(), **EVER), "", 25)
    (row,) = page.rows
    assert page.after == ""
    assert (row.began_at, row.ended_at) == (NOW - timedelta(seconds=50), NOW - timedelta(seconds=20))
    assert row.modalities == [("CT", 3), ("RTPLAN", 1)]
    assert (row.objects, len(row.patients)) == (4, 2)
    assert dict(row.by_relation) == {"new": 1, "again": 1, "version": 1, "re-exported": 1}
    assert (row.calling_ae, row.address) == ("PACS", "10.0.0.7")


def test_an_association_is_split_by_institution(rows: Rows) -> None:
    here, there = rows.whole("AUH", "1", 1), rows.whole("OUH", "1", 1)
    Submission.objects.all().delete()
    for n, instance in enumerate([here, there, here]):
        arrive(instance, "same", n, rows)
    submissions = Submission.objects.all()
    page = read_associations(submissions, submissions, "", 25)
    assert {(row.institution_id, row.objects) for row in page.rows} == {
        (here.institution_id, 2),
        (there.institution_id, 1),
    }
    mine = Submission.objects.filter(institution=there.institution)
    (only,) = read_associations(mine, mine, "", 25).rows
    assert (only.institution_id, only.objects) == (there.institution_id, 1)


def test_a_filter_chooses_associations_and_keeps_their_numbers(rows: Rows) -> None:
    instance = rows.whole(objects=1)
    Submission.objects.all().delete()
    arrive(instance, "a1", 9, rows)
    arrive(instance, "a1", 8, rows, "version")
    arrive(instance, "a2", 7, rows)
    submissions = Submission.objects.all()
    (row,) = read_associations(submissions, narrowed(submissions, **EVER, relation="version"), "", 25).rows
    assert (row.association_id, row.objects) == ("a1", 2)
    early = {"since": NOW - timedelta(seconds=8, milliseconds=500), "until": NOW - timedelta(seconds=8)}
    assert read_associations(submissions, narrowed(submissions, **early), "", 25).rows == []


def test_senders_narrow(rows: Rows) -> None:
    one = rows.sender("ONE")
    rows.instance(rows.series(rows.file(sent_id="1")), sender=one, association_id="a1")
    rows.instance(rows.series(rows.file(sent_id="2")), association_id="a2")
    found = narrowed(Submission.objects.all(), **EVER, sender=one.pk)
    assert list(found.values_list("association_id", flat=True)) == ["a1"]


def test_days_are_those_of_the_zone(rows: Rows) -> None:
    instance = rows.whole(objects=1)
    Submission.objects.all().delete()
    for text in ["2026-11-15T22:59:59", "2026-11-15T23:00:00", "2026-11-16T22:59:59"]:
        rows.submission(instance, received_at=datetime.fromisoformat(text).replace(tzinfo=UTC))
    assert per_day(Submission.objects.all(), ZoneInfo("Europe/Copenhagen")) == {
        date(2026, 11, 15): 1,
        date(2026, 11, 16): 2,
    }


class TestEveryAssociationOnce(TestCase):  # type: ignore[misc]
    """However arrivals interleave and however small the portions, walking on misses and repeats nothing."""

    @given(
        st.lists(st.tuples(st.integers(0, 40), st.sampled_from("abcdefg"), st.booleans()), max_size=40),
        st.integers(1, 4),
        st.integers(1, 3),
        st.booleans(),
    )
    def test_walk(
        self, arrivals: list[tuple[int, str, bool]], size: int, portion: int, by_institution: bool
    ) -> None:
        rows = Rows(NOW)
        here, there = rows.whole("AUH", "1", 1), rows.whole("OUH", "1", 1)
        Submission.objects.all().delete()
        ends: dict[tuple[str, int], tuple[int, int]] = {}
        for n, (seconds, name, is_here) in enumerate(arrivals):
            instance = here if is_here else there
            arrive(instance, name, seconds, rows)
            key = (name, instance.institution_id)
            ends[key] = max(ends.get(key, (-99, 0)), (-seconds, n))
        submissions = Submission.objects.all()
        walked, place = [], ""
        named = [here.institution_id, there.institution_id] if by_institution else []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(associations, "CHUNK", portion)
            while True:
                page = read_associations(submissions, submissions, place, size, named)
                walked += [(row.association_id, row.institution_id) for row in page.rows]
                if not page.after:
                    break
                place = page.after
        assert walked == sorted(ends, key=lambda key: ends[key], reverse=True)

    def test_reading_stops_and_can_be_continued(self) -> None:
        """One association larger than what is read at once does not hide what came before it."""
        rows = Rows(NOW)
        instance = rows.whole(objects=1)
        Submission.objects.all().delete()
        for n in range(12):
            arrive(instance, "huge", n, rows)
        arrive(instance, "small", 20, rows)
        submissions = Submission.objects.all()
        walked, place = [], ""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(associations, "CHUNK", 2)
            patch.setattr(associations, "MOST_READ", 4)
            for _ in range(9):
                page = read_associations(submissions, submissions, place, 1)
                walked += [row.association_id for row in page.rows]
                place = page.after
                if not place:
                    break
        assert walked == ["huge", "small"]
