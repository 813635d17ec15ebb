"""What one answer costs: seconds, processor time here and in the database, queries.

Comes in: a test client of a signed-in person and a path. Goes out: a `Cost` over several runs.
The database's processor time is that of this connection's own server process, out of /proc; the
helpers of a parallel query are not in it.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SLOW = 0.020


@dataclass
class Cost:
    """Seconds of each run, and the median run's processor time (ms); the queries of one run."""

    status: int = 0
    size: int = 0
    seconds: list[float] = field(default_factory=list)
    first_byte: list[float] = field(default_factory=list)
    page_ms: float = 0.0
    database_ms: float = 0.0
    queries: list[tuple[float, str, Any]] = field(default_factory=list)

    @property
    def p95_ms(self) -> float:
        return p95(self.seconds) * 1000

    @property
    def cpu_ms(self) -> float:
        return self.page_ms + self.database_ms

    @property
    def slow(self) -> int:
        return sum(seconds > SLOW for seconds, _sql, _params in self.queries)


def p95(times: list[float]) -> float:
    """The 95th percentile of some seconds."""
    return statistics.quantiles(times, n=20)[-1] if len(times) > 1 else times[0]


def measured(client: Any, path: str, runs: int) -> Cost:
    """One run to warm up and to count its queries, then `runs` that are timed."""
    from django.db import connection

    cost = Cost()

    def count(execute: Any, sql: str, params: Any, *more: Any) -> Any:
        begun = time.perf_counter()
        try:
            return execute(sql, params, *more)
        finally:
            cost.queries.append((time.perf_counter() - begun, sql, params))

    with connection.execute_wrapper(count):
        answer = client.get(path)
        cost.status, cost.size = answer.status_code, _read(answer)
    if cost.status != 200:
        return cost
    page, database = [], []
    for _run in range(runs):
        begun, here, there = time.perf_counter(), time.process_time(), _database_seconds()
        answer = client.get(path)
        cost.first_byte.append(time.perf_counter() - begun)
        _read(answer)
        cost.seconds.append(time.perf_counter() - begun)
        page.append(time.process_time() - here)
        database.append(_database_seconds() - there)
    cost.page_ms, cost.database_ms = statistics.median(page) * 1000, statistics.median(database) * 1000
    return cost


def _read(answer: Any) -> int:
    return sum(map(len, answer.streaming_content)) if answer.streaming else len(answer.content)


def _database_seconds() -> float:
    """Processor time so far of the server process behind this connection."""
    from django.db import connection

    connection.ensure_connection()
    pid = connection.connection.info.backend_pid
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def explained(sql: str, params: Any) -> str:
    """The plan of a query as the server ran it."""
    from django.db import connection

    if not sql.lstrip().upper().startswith(("SELECT", "WITH")):
        return "(not a question)"
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, BUFFERS) " + sql, params)
        return "\n".join(row[0] for row in cursor.fetchall())
