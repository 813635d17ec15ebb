"""`planbank due`: a service run again over everything there is, and how far that is.

Comes in: a house and a service. Goes out: outcomes due behind new arrivals; on request how many are
left, how fast they go and when they end, until none is left.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from planbank.house import House

LOOK_EVERY = 2.0


@dataclass(frozen=True)
class Pace:
    """How fast work goes: `left` of `first` subjects after `seconds`.

    It begins anew whenever more is left than before, as while subjects are still being made due.
    """

    first: int
    left: int
    seconds: float = 0.0

    def after(self, left: int, seconds: float) -> Pace:
        """The pace when `left` are left, `seconds` after the last look."""
        if left > self.left:
            return Pace(left, left)
        return replace(self, left=left, seconds=self.seconds + seconds)

    @property
    def rate(self) -> float:
        """Subjects done per second."""
        return (self.first - self.left) / self.seconds if self.seconds else 0.0

    def said(self) -> str:
        """One line for a person."""
        if not self.rate:
            return f"{self.left} left"
        minutes = self.left / self.rate / 60
        return f"{self.left} left, {self.rate:.1f} per second, {minutes:.1f} minutes to go"


def all_due(house: House, service: str) -> str:
    """Make every subject due; says how many. Raises ServiceUnknown, before anything is done."""
    from planbank.errors import ServiceUnknown
    from planbank.journal.record import Actor
    from planbank.pipeline.everything import make_all_due
    from planbank.pipeline.registry import SERVICES

    if service not in SERVICES:
        raise ServiceUnknown(f"Not {service!r}. There are: {', '.join(sorted(s.name for s in SERVICES))}")
    number = make_all_due(service, Actor("command", "due"), house.clock.now())
    if number is None:
        return f"{service}: a job makes everything due, portion by portion."
    return f"{service}: {number} due, behind new arrivals."


def watch(service: str, tell: Callable[[str], None]) -> int:
    """Tell how far it is until nothing is due; returns how many failed. A pause is told and waited out."""
    from planbank.pipeline.models import Outcome, Rerun, State
    from planbank.pipeline.pausing import paused
    from planbank.pipeline.registry import SERVICES

    mine = Outcome.objects.filter(service=service, version=SERVICES[service].version)
    pace, looked = Pace(0, 0), time.monotonic()
    while True:
        # First the job that makes due, then what is due: nothing hides between the two looks.
        making = Rerun.objects.filter(service=service, finished_at=None).exists()
        left = mine.filter(state=State.DUE).count()
        now = time.monotonic()
        pace, looked = pace.after(left, now - looked), now
        if not left and not making:
            return mine.filter(state=State.FAILED).count()
        tell(pace.said() + (", paused" if service in paused() else ""))
        time.sleep(max(LOOK_EVERY, 4 * (time.monotonic() - now)))
