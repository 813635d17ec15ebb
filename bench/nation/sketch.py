"""What the fillers share: the connection, the size, the schema of scratch tables, and chance.

Comes in: the address of an empty, migrated database. Goes out: filled tables; secondary indexes
and constraints are taken away first and put back last, which halves the time.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg import sql

from bench.nation import bare

_SETTINGS = ("synchronous_commit = off", "work_mem = '256MB'", "maintenance_work_mem = '1GB'", "jit = off")
_WANTED = """
SELECT column_name, data_type FROM information_schema.columns
WHERE table_schema = 'public' AND table_name = %s
AND is_nullable = 'NO' AND column_default IS NULL AND is_identity = 'NO'
"""
_EMPTY = {
    **dict.fromkeys(("character varying", "text"), "''"),
    **dict.fromkeys(("integer", "smallint", "bigint", "double precision"), "0"),
    "boolean": "false",
    "jsonb": "'{}'",
}
# part(id, 'what') is a number in [0, 1) that depends on nothing else than id, what and the seed.
_CHANCE = """
CREATE FUNCTION nation.part(id bigint, what text) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT (hashtextextended(what, id * 1000003 + {seed}) & 4294967295)::float8 / 4294967296 $$
"""
_PICK = """
CREATE FUNCTION nation.pick(id bigint, what text, list text[]) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT list[1 + floor(nation.part(id, what) * cardinality(list))::int] $$
"""


@dataclass
class Sketch:
    """A nation in the making."""

    connection: psycopg.Connection[Any]
    patients: int
    seed: int
    now: datetime
    password: str = field(default_factory=lambda: "-".join(secrets.token_hex(2) for _ in range(4)))
    people: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    indexing: float = 0.0

    @classmethod
    @contextmanager
    def begin(cls, url: str, patients: int, seed: int) -> Iterator[Sketch]:
        """Indexes away, scratch schema there; on success the reverse, numbers drawn on, statistics read."""
        with psycopg.connect(url, autocommit=True, cursor_factory=psycopg.ClientCursor) as connection:
            for setting in _SETTINGS:
                connection.execute(f"SET {setting}")
            connection.execute("SET session_replication_role = replica")
            connection.execute("CREATE SCHEMA nation")
            connection.execute(_CHANCE.format(seed=int(seed)))
            connection.execute(_PICK)
            taken = bare.take_away(connection)
            sketch = cls(connection, patients, seed, datetime.now(UTC).replace(microsecond=0))
            yield sketch
            started = time.monotonic()
            connection.execute("DROP SCHEMA nation CASCADE")
            bare.put_back(connection, taken)
            bare.draw_on(connection)
            connection.execute("VACUUM ANALYZE")
            sketch.indexing = time.monotonic() - started

    def run(self, statement: str, **values: Any) -> int:
        """Run one statement; %(now)s, %(seed)s and %(patients)s are always there. Returns the rows."""
        given = {"now": self.now, "seed": self.seed, "patients": self.patients, **values}
        return self.connection.execute(statement, given).rowcount

    def insert(self, table: str, columns: Mapping[str, str], source: str, **values: Any) -> None:
        """INSERT INTO table (columns) SELECT their expressions `source` (FROM ...); what else may not be
        NULL is empty."""
        columns = {**columns, **self._empty(table, columns)}
        names = ", ".join(f'"{name}"' for name in columns)
        chosen = ", ".join(columns.values())
        rows = self.run(f"INSERT INTO {table} ({names}) SELECT {chosen} {source}", **values)
        self.counts[table] = self.counts.get(table, 0) + rows

    def _empty(self, table: str, given: Mapping[str, str]) -> dict[str, str]:
        """Columns that want a value and have none: '', 0, false, {}."""
        rows = self.connection.execute(_WANTED, [table]).fetchall() if "." not in table else []
        return {name: _EMPTY[kind] for name, kind in rows if name not in given and kind in _EMPTY}

    def copy(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Rows made in Python, by COPY."""
        into = sql.SQL("COPY {} ({}) FROM STDIN").format(
            sql.SQL(table), sql.SQL(", ").join(sql.Identifier(name) for name in columns)
        )
        count = 0
        with self.connection.cursor() as cursor, cursor.copy(into) as copy:
            for row in rows:
                copy.write_row(row)
                count += 1
        if not table.startswith("nation."):
            self.counts[table] = self.counts.get(table, 0) + count
