"""`planbank wait`: until everything that came in is dealt with.

Comes in: a house and a time limit. Goes out: a sentence, and whether all is well.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from planbank.house import House

LOOK_EVERY = 0.2


@dataclass(frozen=True)
class Waited:
    """`ok` is False on time-out, and when something failed while we waited."""

    ok: bool
    said: str


def wait(house: House, timeout: float | None) -> Waited:
    """Wait until the tray is empty and no job is to do or doing; 'later' does not hold it.

    The tray is looked at before the database: a parcel leaves it only after its rows and jobs
    are committed, so nothing can hide between the two looks.
    """
    from planbank.pipeline.counts import open_work

    begun = time.monotonic()
    failed_before = open_work()["outcomes_failed"]
    while True:
        looked = time.monotonic()
        in_transit = house.tray.load().parcels
        work = open_work()
        if not in_transit and not work["jobs_todo"] and not work["outcomes_due"]:
            failed = work["outcomes_failed"] - failed_before
            if failed > 0:
                return Waited(False, f"Idle, but {failed} pieces of work failed. See the page Services.")
            return Waited(True, "Idle: nothing in transit, nothing to do.")
        if timeout is not None and time.monotonic() - begun > timeout:
            left = f"{in_transit} parcels in transit, {work['jobs_todo']} jobs, {work['outcomes_due']} due"
            return Waited(False, f"Not idle after {timeout:g} s: {left}.")
        # With millions due a look takes a while; looking is to cost little beside the work itself.
        time.sleep(max(LOOK_EVERY, 4 * (time.monotonic() - looked)))
