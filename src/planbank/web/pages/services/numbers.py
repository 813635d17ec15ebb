"""How the work stands, at a cost that does not grow with the bank.

Comes in: the house. Goes out: the load of the transit area, jobs, and per service what is done,
to do, waiting, put off and not done. What is open is counted; what is done is counted in a small
bank and estimated from the database's own statistics in a large one, and then says 'about'.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import connection
from django.db.models import Count, Max, Q
from procrastinate.contrib.django.models import ProcrastinateJob

from planbank.pipeline.models import Outcome, Pause, State
from planbank.pipeline.registry import SERVICES, Service

if TYPE_CHECKING:
    from planbank.house import House
    from planbank.transit.tray import Load

EXACT_TO = 50_000  # rows of outcomes that are counted one by one
PACE = timedelta(minutes=10)
NEWEST = 5_000  # outcomes among which the last finished one is looked for


@dataclass
class Standing:
    """One service: numbers of outcomes of its present version."""

    service: Service
    done: int = 0
    done_is_estimate: bool = False
    open: dict[str, int] = field(default_factory=dict)
    last_finished: datetime | None = None
    last_problem: Outcome | None = None
    per_minute: float = 0.0
    oldest: datetime | None = None
    paused: Pause | None = None

    @property
    def total(self) -> int:
        """Done and to do, for a bar."""
        return self.done + self.due

    @property
    def due(self) -> int:
        return self.open.get(State.DUE, 0)

    @property
    def waiting(self) -> int:
        return self.open.get(State.WAITING, 0)

    @property
    def later(self) -> int:
        return self.open.get(State.LATER, 0)

    @property
    def failed(self) -> int:
        return self.open.get(State.FAILED, 0)


@dataclass(frozen=True)
class Numbers:
    """All that the head of the page shows."""

    load: Load
    jobs: dict[str, int]
    services: list[Standing]

    @property
    def failed(self) -> int:
        return sum(standing.failed for standing in self.services)

    @property
    def due(self) -> int:
        return sum(standing.due for standing in self.services)

    @property
    def busy(self) -> bool:
        """Whether anything is in hand: what `planbank wait` waits for."""
        due = sum(standing.due for standing in self.services if standing.paused is None)
        return bool(self.load.parcels or due or self.jobs["todo"] or self.jobs["doing"])


def current() -> Q:
    """Outcomes of services that there are, in the version they now have."""
    found = Q(pk__in=[])
    for spec in SERVICES:
        found |= Q(service=spec.name, version=spec.version)
    return found


def in_order() -> list[Service]:
    """The services in the order in which they work: each after those it comes after."""
    left, found = {spec.name: spec for spec in SERVICES}, []
    while left:
        ready = [spec for spec in left.values() if not left.keys() & set(spec.after)] or list(left.values())
        found += sorted(ready, key=lambda spec: spec.name)
        for spec in ready:
            del left[spec.name]
    return found


def numbers(house: House) -> Numbers:
    """How everything stands now."""
    standings = {spec.name: Standing(spec) for spec in in_order()}
    counted = Outcome.objects.exclude(state=State.DONE).values("service", "version", "state")
    for row in counted.annotate(number=Count("pk")).order_by():
        standing = standings.get(row["service"])
        if standing and standing.service.version == row["version"]:
            standing.open[row["state"]] = row["number"]
    _add_done(standings)
    _add_last(standings)
    _add_pace(standings, house.clock.now())
    jobs = ProcrastinateJob.objects.aggregate(
        **{status: Count("id", filter=Q(status=status)) for status in ("todo", "doing", "failed")}
    )
    return Numbers(house.tray.load(), jobs, list(standings.values()))


def _add_done(standings: dict[str, Standing]) -> None:
    rows, shares = _statistics()
    # What the statistics do not list is either in a small bank or rare: counting it is cheap.
    counted = [name for name in standings if rows <= EXACT_TO or name not in shares]
    done = Outcome.objects.filter(current(), state=State.DONE, service__in=counted).values_list("service")
    for name, number in done.annotate(number=Count("pk")).order_by():
        standings[name].done = number
    for name, standing in standings.items():
        if name not in counted:
            standing.done = max(0, round(rows * shares[name]) - sum(standing.open.values()))
            standing.done_is_estimate = True


def _add_pace(standings: dict[str, Standing], now: datetime) -> None:
    """What was finished in the last minutes, how long the oldest waits, and who paused what."""
    lately = Outcome.objects.filter(finished_at__gt=now - PACE, finished_at__lte=now).values_list("service")
    for name, number in lately.annotate(number=Count("pk")).order_by():
        if name in standings:
            standings[name].per_minute = number / (PACE.total_seconds() / 60)
    for name, standing in standings.items():
        if standing.due:
            due = Outcome.objects.filter(state=State.DUE, service=name).order_by("due_at")
            standing.oldest = due.values_list("due_at", flat=True).first()
    for row in Pause.objects.all():
        if row.service in standings:
            standings[row.service].paused = row


def _statistics() -> tuple[float, dict[str, float]]:
    """About how many outcomes there are, and which share of them each service has."""
    table = Outcome._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = to_regclass(%s)", [table])
        rows = cursor.fetchone()[0]
        cursor.execute(
            "SELECT common, share FROM pg_stats, unnest(most_common_vals::text::text[], most_common_freqs)"
            " AS listed(common, share) WHERE schemaname = current_schema() AND tablename = %s"
            " AND attname = 'service'",
            [table],
        )
        return rows, dict(cursor.fetchall())


def _add_last(standings: dict[str, Standing]) -> None:
    newest = Outcome.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    among = Outcome.objects.filter(Q(pk__gt=newest - NEWEST) | Q(state=State.FAILED))
    finished = among.exclude(finished_at=None).values_list("service")
    for name, at in finished.annotate(at=Max("finished_at")).order_by():
        if name in standings:
            standings[name].last_finished = at
    for standing in standings.values():
        if standing.failed:
            spec = standing.service
            failed = Outcome.objects.filter(state=State.FAILED, service=spec.name, version=spec.version)
            standing.last_problem = failed.order_by("-due_at").first()
