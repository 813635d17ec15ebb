"""Work is due exactly when its cause is committed (model.md, Work: Queue)."""

from __future__ import annotations

import threading

import pytest
from django.db import OperationalError, connection, transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from planbank.house import House
from planbank.pipeline.due import ARRIVAL, BACKGROUND, DRAIN, defer_lane, defer_lanes, make_due
from planbank.pipeline.models import Outcome, State
from tests.pipeline.conftest import Probe

FETCH = "SELECT id FROM procrastinate_fetch_job_v2(NULL, NULL)"


def fetched() -> int | None:
    """What a worker on a connection of its own would get now."""
    found: list[int | None] = []

    def fetch() -> None:
        with connection.cursor() as cursor:
            cursor.execute(FETCH)
            found.append(cursor.fetchone()[0])
        connection.close()

    other = threading.Thread(target=fetch)
    other.start()
    other.join()
    return found[0]


def test_each_subject_has_one_outcome_and_each_lane_one_job(bank: House, probe: Probe) -> None:
    subjects = [(1, "lane:1"), (2, "lane:1"), (3, "lane:2")]
    assert make_due("probe", subjects, bank.clock.now()) == 3
    assert make_due("probe", subjects, bank.clock.now()) == 3
    assert Outcome.objects.count() == 3
    assert sorted(ProcrastinateJob.objects.values_list("lock", "queueing_lock", "priority")) == [
        ("lane:1", "probe:lane:1", ARRIVAL),
        ("lane:2", "probe:lane:2", ARRIVAL),
    ]


def test_made_due_again_an_outcome_begins_anew(bank: House, probe: Probe) -> None:
    make_due("probe", [(1, "lane:1")], bank.clock.now())
    Outcome.objects.update(state=State.FAILED, reason="No contours.", attempts=3)
    make_due("probe", [(1, "lane:9")], bank.clock.now())
    row = Outcome.objects.get()
    assert (row.state, row.reason, row.attempts, row.lane) == (State.DUE, "", 0, "lane:9")


def test_nothing_is_due_when_its_cause_is_rolled_back(bank: House, probe: Probe) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        make_due("probe", [(1, "lane:1")], bank.clock.now())
        raise ZeroDivisionError
    assert not Outcome.objects.exists()
    assert not ProcrastinateJob.objects.exists()


def test_no_subjects_are_no_work(bank: House, probe: Probe) -> None:
    assert make_due("probe", [], bank.clock.now()) == 0


def test_arrivals_go_before_recomputations(committed: House, probe: Probe) -> None:
    with transaction.atomic():
        defer_lane("probe", "lane:1", BACKGROUND)
        defer_lane("probe", "lane:2", ARRIVAL)
    first = ProcrastinateJob.objects.get(lock="lane:2").id
    assert fetched() == first


def test_a_queued_job_cannot_start_before_the_cause_is_committed(committed: House, probe: Probe) -> None:
    """It would read before the commit, end, and leave the new work without a job."""
    make_due("probe", [(1, "lane:1")], committed.clock.now())
    with transaction.atomic():
        make_due("probe", [(2, "lane:1")], committed.clock.now())
        assert fetched() is None, "the job is locked until the cause is committed"
    assert fetched() == ProcrastinateJob.objects.get().id


def test_a_job_that_runs_already_is_followed_by_another(committed: House, probe: Probe) -> None:
    with transaction.atomic():
        defer_lane("probe", "lane:1")
    running = fetched()
    with transaction.atomic():
        defer_lane("probe", "lane:1")
    assert ProcrastinateJob.objects.exclude(id=running).get().status == "todo"
    assert fetched() is None, "one lane is drained by one worker at a time"


def test_a_database_that_goes_away_is_told_as_djangos_own_error(committed: House, probe: Probe) -> None:
    """Whoever waits for the database (register, drain) knows one family of errors."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (server,) = cursor.fetchone()

    def end() -> None:
        with connection.cursor() as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", [server])
        connection.close()

    thread = threading.Thread(target=end)
    thread.start()
    thread.join()
    with pytest.raises(OperationalError):
        defer_lane("probe", "lane:1")
    connection.close()
    assert not ProcrastinateJob.objects.exists()


def test_of_many_lanes_those_queued_stay_and_the_others_are_queued(committed: House, probe: Probe) -> None:
    """A batch of arrivals from many patients costs few statements; none waits behind a recomputation."""
    with transaction.atomic():
        defer_lanes("probe", ["lane:2", "lane:4"], BACKGROUND)
    with transaction.atomic():
        defer_lanes("probe", [f"lane:{n}" for n in range(1, 6)])
        assert fetched() is None, "those queued before are locked until the cause is committed"
    queued = dict(ProcrastinateJob.objects.values_list("lock", "priority"))
    assert queued == {f"lane:{n}": ARRIVAL for n in range(1, 6)}
    job = ProcrastinateJob.objects.get(lock="lane:1")
    assert (job.task_name, job.queue_name, job.args) == (
        DRAIN,
        "default",
        {"service": "probe", "lane": "lane:1"},
    )
