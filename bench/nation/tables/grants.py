"""Grants: two key users and a controller a protocol, and for every person some that they read by.

Half of the people read masked in up to six protocols, a tenth by name in one; one grant in eight
has lapsed; each project has four readers.
"""

from __future__ import annotations

from bench.nation.sketch import Sketch
from bench.nation.tables.protocols import PROJECTS, PROTOCOLS

_HELD = """
SELECT 1 + floor(nation.part(n, 'key' || k) * {people})::int AS person, 'key-user' AS role,
    'protocol' AS kind, n AS scope, 2 AS see, 0 AS take_out, true AS lasts
FROM generate_series(1, {protocols}) n CROSS JOIN generate_series(1, 2) k
UNION ALL
SELECT 1 + floor(nation.part(n, 'controller') * {people})::int, 'controller', 'protocol', n, 0, 0, true
FROM generate_series(1, {protocols}) n
UNION ALL
SELECT u, 'reader', 'protocol', 1 + floor(nation.part(u * 10 + k, 'reads') * {protocols})::int,
    CASE WHEN k = 1 AND u %% 10 = 0 THEN 3 ELSE 2 END, CASE WHEN k = 1 AND u %% 10 = 0 THEN 2 ELSE 1 END,
    nation.part(u * 10 + k, 'lasts') > 0.125
FROM generate_series(1, {people}) u CROSS JOIN generate_series(1, 6) k
WHERE u %% 2 = 0 AND nation.part(u * 10 + k, 'held') < 0.7
UNION ALL
SELECT 1 + floor(nation.part(n * 10 + k, 'project') * {people})::int, 'reader', 'project', n, 2, 1, true
FROM generate_series(1, {projects}) n CROSS JOIN generate_series(1, 4) k
"""


def fill(sketch: Sketch) -> None:
    """`sketch.people` are there, numbered from 1 on."""
    held = _HELD.format(people=len(sketch.people), protocols=PROTOCOLS, projects=PROJECTS)
    sketch.insert(
        "access_grant",
        {
            "id": "row_number() OVER ()",
            "user_id": "person",
            "role": "role",
            "permission": "''",
            "scope_kind": "kind",
            "scope_id": "scope",
            "every_institution": "true",
            "see": "see",
            "take_out": "take_out",
            "since": "%(now)s - interval '400 days'",
            "until": "%(now)s + CASE WHEN lasts THEN interval '300 days' ELSE interval '-10 days' END",
            "granted_at": "%(now)s - interval '400 days'",
            "confirmed_at": "%(now)s - interval '400 days'",
            "reason": "''",
        },
        f"FROM ({held}) AS h",
    )
