"""A trigger that is killed has one effect all the same (fault 13, invariant I4; R90)."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from pydicom.dataset import Dataset

from planbank.catalogue.models import PatientFile
from planbank.house import House
from planbank.journal.models import Entry
from planbank.messages.models import Event
from planbank.pipeline.drain import drain
from planbank.pipeline.models import Outcome, State
from planbank.protocols.act import Act
from planbank.protocols.models import Firing, Membership, Trigger
from planbank.services.trigger.actions.include import Include
from planbank.services.trigger.actions.notify import Notify
from tests.made import thinned
from tests.protocols.rows import ProtocolRows
from tests.sending import register_sender
from tests.services.running import run_everything
from tests.services.test_order import send
from tests.services.trigger.test_run import NAME, with_roi

ACTIONS = [{"action": "include"}, {"action": "notify"}]
# Where the process ends: what it had done by then must be gone, or be there once.
MOMENTS = {
    "before the action": (Include, "run", "before"),
    "after the first action": (Include, "run", "after"),
    "after the second action": (Notify, "run", "after"),
    "after the journal": (Act, "journal", "after"),
    "after the firing": (Firing.objects, "update_or_create", "after"),
}


@pytest.fixture
def due(committed: House) -> House:
    """One plan set whose trigger ROI is empty; its trigger is due."""
    register_sender("OUH")
    now = committed.clock.now()
    rows = ProtocolRows(now - timedelta(days=1))
    protocol = rows.protocol("PROTON")
    rows.centre(protocol, "OUH")
    for ds in with_roi(rt_only(thinned("prostate"))):
        send(committed, ds)
    run_everything(committed)
    Trigger.objects.create(protocol=protocol, name=NAME, roi_name=NAME, actions=ACTIONS, changed_at=now)
    return committed


def rt_only(objects: list[Dataset]) -> list[Dataset]:
    return [ds for ds in objects if ds.Modality in ("RTSTRUCT", "RTPLAN")]


def make_due_again() -> tuple[str, str]:
    from planbank.catalogue.lanes import lane_of
    from planbank.pipeline.due import make_due

    file = PatientFile.objects.get()
    make_due("trigger", [(file.pk, lane_of(file.pk))], file.last_received_at)
    return "trigger", lane_of(file.pk)


def effects() -> tuple[int, int, int, int]:
    return (
        Firing.objects.filter(outcome="done").count(),
        Membership.objects.filter(removed_at=None).count(),
        Event.objects.filter(kind="triggered").count(),
        Entry.objects.filter(action="trigger fired").count(),
    )


def in_a_process(do: Callable[[], object]) -> int:
    """The signal that ended it, or 0."""
    connection.close()
    child = os.fork()
    if child == 0:
        try:
            do()
        finally:
            os._exit(0)
    return os.WTERMSIG(os.waitpid(child, 0)[1])


def test_killed_at_any_moment_it_fires_once(due: House) -> None:
    for moment in MOMENTS:
        assert _killed_at(due, moment) == signal.SIGKILL, moment
        assert effects() == (0, 0, 0, 0), moment
        assert Outcome.objects.get(service="trigger").state == State.DUE
    run_everything(due)
    assert effects() == (1, 2, 1, 1)
    make_due_again()
    run_everything(due)
    assert effects() == (1, 2, 1, 1)


def _killed_at(house: House, moment: str) -> int:
    owner, name, when = MOMENTS[moment]
    service, lane = make_due_again()

    def killed() -> None:
        whole = getattr(owner, name)

        def last(*args: Any, **kwargs: Any) -> Any:
            if when == "after":
                whole(*args, **kwargs)
            os.kill(os.getpid(), signal.SIGKILL)

        setattr(owner, name, last)
        drain(house, service, lane)

    return in_a_process(killed)


def test_two_workers_at_once_fire_once(due: House) -> None:
    service, lane = make_due_again()
    connection.close()
    children = []
    for _ in range(2):
        child = os.fork()
        if child == 0:
            try:
                drain(due, service, lane)
            finally:
                os._exit(0)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0]
    run_everything(due)
    assert effects() == (1, 2, 1, 1)
