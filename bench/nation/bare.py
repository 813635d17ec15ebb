"""Tables without their secondary indexes while they are filled.

Comes in: a connection. Goes out: statements that put back what was taken away, as the database
itself words them; primary keys stay.
"""

from __future__ import annotations

from typing import Any

import psycopg

Connection = psycopg.Connection[Any]
_OURS = "('catalogue', 'people', 'pipeline', 'journal', 'bank', 'protocols', 'access')"
_CONSTRAINTS = f"""
SELECT format('%I', c.relname), format('%I', k.conname), pg_get_constraintdef(k.oid)
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
WHERE k.contype = 'u' AND split_part(c.relname, '_', 1) IN {_OURS} ORDER BY 1, 2
"""
_INDEXES = f"""
SELECT format('%I', i.relname), pg_get_indexdef(x.indexrelid)
FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid
WHERE NOT x.indisprimary AND split_part(c.relname, '_', 1) IN {_OURS}
AND c.relnamespace = 'public'::regnamespace ORDER BY 1
"""
_SEQUENCES = """
SELECT format('%I', c.relname), format('%I', a.attname),
    pg_get_serial_sequence(format('%I', c.relname), a.attname)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped
AND pg_get_serial_sequence(format('%I', c.relname), a.attname) IS NOT NULL
"""


def take_away(connection: Connection) -> list[str]:
    """Drop unique constraints and secondary indexes; returns what puts them back."""
    back: list[str] = []
    for table, name, definition in connection.execute(_CONSTRAINTS).fetchall():
        back.append(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
        connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    for name, definition in connection.execute(_INDEXES).fetchall():
        back.append(definition)
        connection.execute(f"DROP INDEX {name}")
    return back


def put_back(connection: Connection, statements: list[str]) -> None:
    """Build them again. Raises psycopg's IntegrityError where the rows break a constraint."""
    for statement in statements:
        connection.execute(statement)


def draw_on(connection: Connection) -> None:
    """Every sequence goes on above the highest number of its column."""
    for table, column, sequence in connection.execute(_SEQUENCES).fetchall():
        connection.execute(
            f"SELECT setval('{sequence}', (SELECT max({column}) FROM {table})) "
            f"WHERE EXISTS (SELECT FROM {table})"
        )
