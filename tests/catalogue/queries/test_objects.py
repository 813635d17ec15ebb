"""Series and objects as lists, and what an institution sees of an object's versions."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from planbank.catalogue.models import Instance, Series
from planbank.catalogue.queries import objects
from tests.catalogue.rows import Rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def rows(now: datetime) -> Rows:
    return Rows(now)


def test_numbers_sent_as_text_sort_as_numbers(rows: Rows) -> None:
    series = rows.series(rows.file(sent_id="1"))
    sent = ["10", "9", " 2 ", "", "-1", "x", "999999999999999"]
    for number in sent:
        rows.instance(series, rows.version(instance_number=number))
    listed = objects.object_rows(Instance.objects.all(), "number")
    assert [row.current_version.instance_number for row in listed][:4] == ["-1", " 2 ", "9", "10"]
    backwards = objects.object_rows(Instance.objects.all(), "-number")
    assert [row.current_version.instance_number for row in backwards][:4] == ["10", "9", " 2 ", "-1"]


def test_an_unknown_sort_is_the_usual_one(rows: Rows) -> None:
    rows.whole(objects=3)
    usual = list(objects.object_rows(Instance.objects.all(), "number"))
    for sort in ["", "nonsense", "-nonsense", "pk; drop table", "--number"]:
        assert list(objects.object_rows(Instance.objects.all(), sort)) == usual


def test_series_know_their_objects_and_bytes(rows: Rows) -> None:
    file = rows.file(sent_id="1")
    full, empty = rows.series(file, number="2"), rows.series(file, number="10")
    rows.instance(full, rows.version(size=5))
    rows.instance(full, rows.version(size=7))
    for sort, order in {
        "-objects": [full, empty],
        "size": [empty, full],
        "-number": [empty, full],
        "": [full, empty],
    }.items():
        page = list(objects.series_order(Series.objects.all(), sort))
        listed = objects.series_rows(page)
        assert listed == order
        assert {(row.pk, row.objects, row.size) for row in listed} == {(full.pk, 2, 12), (empty.pk, 0, 0)}
    assert objects.bytes_of(Series.objects.all()) == 12
    assert objects.bytes_of(Series.objects.none()) == 0


def test_objects_are_found_by_what_became_of_them(rows: Rows) -> None:
    failed = rows.whole(sent_id="1", objects=2)
    rows.outcome(failed.current_version, "failed")
    rows.outcome(rows.whole(sent_id="2").current_version, "failed", version=99)
    assert list(objects.in_state(Instance.objects.all(), "analyse", "failed")) == [failed]
    assert not objects.in_state(Instance.objects.all(), "analyse", "done").exists()


def test_versions_are_those_that_this_institution_sent(rows: Rows, now: datetime) -> None:
    here = rows.instance(rows.series(rows.file("AUH", "1")))
    there = rows.instance(rows.series(rows.file("OUH", "1")), rows.version(here.sop_instance_uid))
    rows.submission(there, rows.version(here.sop_instance_uid), relation="version")
    rows.at = now + timedelta(hours=1)
    newer = rows.version(here.sop_instance_uid)
    rows.submission(here, newer, relation="version")
    rows.submission(here, newer, relation="again")
    here.current_version = newer
    here.save()
    seen = objects.versions_of(here)
    assert [(v.version.pk, v.relation, v.times, v.is_current) for v in seen] == [
        (newer.pk, "version", 2, True),
        (here.submissions.last().version_id, "new", 1, False),
    ]
    assert objects.version_counts([here, there]) == {here.pk: 2, there.pk: 2}
    assert objects.first_sent(here) == now


def test_outcomes_are_of_the_newest_version_of_each_service(rows: Rows) -> None:
    version, other = rows.version(), rows.version()
    rows.outcome(version, "failed", "old", version=1)
    rows.outcome(version, "done", "new", version=2)
    rows.outcome(version, "waiting", "for a plan", service="another")
    rows.outcome(version, "failed", service="link", subject_kind="patient file")
    found = objects.outcomes_of([version.pk, other.pk], ["analyse", "another", "link"])
    assert [(o.service, o.reason) for o in found[version.pk]] == [
        ("analyse", "new"),
        ("another", "for a plan"),
    ]
    assert found[other.pk] == []
