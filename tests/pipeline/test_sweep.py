"""Nothing due is ever forgotten (model.md, Work: Outcome, Queue)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob

from planbank.house import House
from planbank.pipeline.due import defer_lane, make_due
from planbank.pipeline.models import Outcome, ServiceVersion, State
from planbank.pipeline.sweep import give_back_stalled, notice_new_versions, sweep
from tests.pipeline.conftest import Probe, add_probe


def take(lane: str) -> int:
    """A worker takes the job of a lane and dies with it; the job's id."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE procrastinate_jobs SET status = 'doing' WHERE lock = %s AND status = 'todo' RETURNING id",
            [lane],
        )
        (job,) = cursor.fetchone()
    return int(job)


def jobs() -> list[tuple[str, str, int]]:
    return list(ProcrastinateJob.objects.order_by("id").values_list("lock", "status", "attempts"))


def test_a_lane_without_a_job_is_queued_after_a_while(bank: House, probe: Probe) -> None:
    """A lost job is never a lost plan."""
    make_due("probe", [(1, "lane:1"), (3, "lane:2")], bank.clock.now(), defer=False)
    assert sweep(bank) == 0, "work just made due has its job on the way"
    bank.clock.at += timedelta(seconds=21)
    assert sweep(bank) == 2
    assert jobs() == [("lane:1", "todo", 0), ("lane:2", "todo", 0)]
    assert sweep(bank) == 2
    assert len(jobs()) == 2, "one job a lane, however often it is swept"


def test_later_becomes_due_when_its_time_has_come(bank: House, probe: Probe) -> None:
    make_due("probe", [(1, "lane:1")], bank.clock.now(), defer=False)
    until = bank.clock.now() + timedelta(days=180)
    Outcome.objects.update(state=State.LATER, due_at=until)
    bank.clock.at = until - timedelta(seconds=1)
    assert sweep(bank) == 0
    bank.clock.at = until
    assert sweep(bank) == 1
    assert Outcome.objects.get().state == State.DUE


def test_what_waits_or_failed_is_left_alone(bank: House, probe: Probe) -> None:
    make_due("probe", [(1, "lane:1"), (2, "lane:1"), (3, "lane:2")], bank.clock.now(), defer=False)
    Outcome.objects.filter(subject_id=1).update(state=State.WAITING)
    Outcome.objects.filter(subject_id=2).update(state=State.FAILED)
    Outcome.objects.filter(subject_id=3).update(state=State.DONE)
    bank.clock.at += timedelta(days=1)
    assert sweep(bank) == 0


def test_the_work_of_a_service_that_is_gone_is_not_queued(bank: House, probe: Probe) -> None:
    make_due("probe", [(1, "lane:1")], bank.clock.now(), defer=False)
    Outcome.objects.update(service="once")
    bank.clock.at += timedelta(minutes=1)
    sweep(bank)
    assert jobs() == []


def test_the_job_of_a_dead_worker_is_given_back(bank: House, probe: Probe) -> None:
    defer_lane("probe", "lane:1")
    take("lane:1")
    assert give_back_stalled() == 1
    assert jobs() == [("lane:1", "todo", 1)]
    assert give_back_stalled() == 0


def test_a_dead_workers_job_does_not_lock_its_lane_when_another_is_queued(bank: House, probe: Probe) -> None:
    """Data arrived after the death: one job is left, and it knows that a worker died over it."""
    defer_lane("probe", "lane:1")
    take("lane:1")
    defer_lane("probe", "lane:1")
    assert give_back_stalled() == 1
    assert jobs() == [("lane:1", "todo", 1)]


def test_one_dead_workers_job_does_not_keep_the_others(bank: House, probe: Probe) -> None:
    for lane in ("lane:1", "lane:2", "lane:3"):
        defer_lane("probe", lane)
        take(lane)
    defer_lane("probe", "lane:2")
    assert give_back_stalled() == 3
    assert sorted(jobs()) == [("lane:1", "todo", 1), ("lane:2", "todo", 1), ("lane:3", "todo", 1)]


def test_a_living_workers_job_is_not_taken(bank: House, probe: Probe) -> None:
    defer_lane("probe", "lane:1")
    job = take("lane:1")
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id")
        (worker,) = cursor.fetchone()
        cursor.execute("UPDATE procrastinate_jobs SET worker_id = %s WHERE id = %s", [worker, job])
    assert give_back_stalled() == 0
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute'")
    assert give_back_stalled() == 1


def test_a_new_version_makes_everything_due_once(
    bank: House, probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert notice_new_versions(bank) == ["probe"]
    assert sorted(Outcome.objects.values_list("subject_id", "version")) == [(1, 1), (2, 1), (3, 1)]
    Outcome.objects.update(state=State.DONE)
    assert notice_new_versions(bank) == []
    assert not Outcome.objects.filter(state=State.DUE).exists()
    add_probe(monkeypatch, probe, version=2)
    assert notice_new_versions(bank) == ["probe"]
    due = Outcome.objects.filter(state=State.DUE)
    assert sorted(due.values_list("subject_id", "version")) == [(1, 2), (2, 2), (3, 2)]
    assert ServiceVersion.objects.get().version == 2


def test_an_older_release_does_not_undo_a_newer_version(
    bank: House, probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_probe(monkeypatch, probe, version=2)
    notice_new_versions(bank)
    add_probe(monkeypatch, probe, version=1)
    assert notice_new_versions(bank) == []
    assert ServiceVersion.objects.get().version == 2
