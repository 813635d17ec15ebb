"""Making work due.

Comes in: subjects that changed. Goes out: outcomes in state `due` and one job per lane, both in
the caller's transaction: work is due exactly when its cause is committed (model.md, Work).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import connection, transaction

from planbank.pipeline.models import State
from planbank.pipeline.registry import SERVICES, Subject

DRAIN = "planbank:drain"
# New arrivals go before recomputations: Procrastinate takes the highest priority first.
ARRIVAL, BACKGROUND = 10, 0
PORTION = 5000
# One array a column: the cost is that of the rows, not of as many placeholders. In order of the
# subjects, so that two at once lock in the same order.
_DUE = """
INSERT INTO pipeline_outcome
(service, subject_kind, version, state, reason, attempts, due_at, subject_id, lane)
SELECT %s, %s, %s, %s, '', 0, %s, * FROM unnest(%s::bigint[], %s::varchar[])
ON CONFLICT (service, subject_kind, subject_id, version) DO UPDATE SET
state = EXCLUDED.state, due_at = EXCLUDED.due_at, lane = EXCLUDED.lane, attempts = 0, reason = ''
"""
_UNLESS_SINCE = "WHERE pipeline_outcome.due_at < EXCLUDED.due_at"
# What Procrastinate's own deferral inserts, for many lanes at once and passing over those queued.
_QUEUE = """
INSERT INTO procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args)
SELECT 'default', %s, %s, * FROM unnest(%s::text[], %s::text[], %s::jsonb[])
ON CONFLICT (queueing_lock) WHERE status = 'todo' DO NOTHING RETURNING lock
"""
_QUEUED = """
SELECT lock FROM procrastinate_jobs WHERE queueing_lock = ANY(%s) AND status = 'todo' ORDER BY id FOR UPDATE
"""
_SOONER = """
UPDATE procrastinate_jobs SET priority = %s
WHERE queueing_lock = ANY(%s) AND status = 'todo' AND priority < %s
"""


def make_due(
    service: str,
    subjects: Iterable[Subject],
    at: datetime,
    *,
    priority: int = ARRIVAL,
    defer: bool = True,
    unless_since: bool = False,
) -> int:
    """Make `service` due for each (id, lane); returns how many. Call inside the causing transaction.

    `unless_since`: what was made due at `at` or later is left as it is, done or not.
    """
    spec = SERVICES[service]
    lanes = dict(subjects)
    ids = sorted(lanes)
    with transaction.atomic():
        for start in range(0, len(ids), PORTION):
            portion = ids[start : start + PORTION]
            constants = [service, spec.subject, spec.version, State.DUE.value, at]
            with connection.cursor() as cursor:
                statement = f"{_DUE} {_UNLESS_SINCE}" if unless_since else _DUE
                cursor.execute(statement, [*constants, portion, [lanes[pk] for pk in portion]])
        if defer:
            defer_lanes(service, sorted(set(lanes.values())), priority)
    return len(ids)


def defer_lane(service: str, lane: str, priority: int = ARRIVAL) -> None:
    """Queue one job that drains a lane: see `defer_lanes`."""
    defer_lanes(service, [lane], priority)


def defer_lanes(service: str, lanes: Sequence[str], priority: int = ARRIVAL) -> None:
    """Queue for each lane one job that drains it, unless one is queued already.

    Where one is queued for later, it is done as soon as is asked now, and its row is locked until this
    transaction ends: a worker skips locked rows, so the job cannot start and miss what is about to be
    committed. Raises OperationalError, as Django does, where the database goes away.
    """
    left = list(lanes)
    with transaction.atomic(), connection.cursor() as cursor:
        for _attempt in range(5):
            if not left:
                return
            keys = [f"{service}:{lane}" for lane in left]
            said = [json.dumps({"service": service, "lane": lane}) for lane in left]
            cursor.execute(_QUEUE, [DRAIN, priority, left, keys, said])
            settled = {lane for (lane,) in cursor.fetchall()}
            if len(settled) < len(left):
                cursor.execute(_QUEUED, [keys])
                settled |= {lane for (lane,) in cursor.fetchall()}
                # An arrival in a lane that waits to be recomputed does not wait with it. Ours by now.
                cursor.execute(_SOONER, [priority, keys, priority])
            # The rest was taken between the two statements, and may have read before our commit.
            left = [lane for lane in left if lane not in settled]
    # A worker takes jobs as fast as they are queued; the sweep brings what is left.
