"""`planbank settings export`: what no archive could bring back, into one sealed file.

Comes in: a running or resting bank. Goes out: a file with every decision, person, number and name the bank
keeps, as of one moment (one snapshot of the database), and how much of it there is.
"""

from __future__ import annotations

import json
from pathlib import Path

from planbank import __version__
from planbank.commands.rebuild.file import sealed
from planbank.commands.rebuild.tables import Kept, kept, migrations
from planbank.house import House
from planbank.transit.keys import KeyFolder

FORMAT = 1


def write(house: House, path: Path) -> str:
    """Returns what was written, in words. Raises ExportError, OSError."""
    from django.db import connection, transaction

    keys = KeyFolder(house.keys).recipients()
    rows = 0
    with transaction.atomic(), sealed(path, keys) as out, connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        tables = kept()
        head = {
            "format": FORMAT,
            "planbank": __version__,
            "written_at": house.clock.now().isoformat(),
            "migrations": migrations(),
        }
        out.write(json.dumps(head).encode() + b"\n")
        for one in tables:
            rows += _table(cursor, one, out)
        out.write(b'{"end": true}\n')
    size = path.stat().st_size
    return f"{rows} rows of {len(tables)} tables, {size / 1e6:.1f} MB, sealed for {len(keys)} keys"


def _table(cursor: object, one: Kept, out: object) -> int:
    """A line that names the table and its columns, its rows as PostgreSQL copies them, and an end."""
    from psycopg import sql

    out.write(json.dumps({"table": one.label, "columns": one.columns}).encode() + b"\n")  # type: ignore[attr-defined]
    statement = sql.SQL("COPY {} ({}) TO STDOUT").format(
        sql.Identifier(one.table), sql.SQL(", ").join(map(sql.Identifier, one.columns))
    )
    rows = 0
    with cursor.copy(statement) as copy:  # type: ignore[attr-defined]
        for row in copy:
            data = bytes(row)
            rows += data.count(b"\n")
            out.write(data)  # type: ignore[attr-defined]
    out.write(b"\\.\n")  # type: ignore[attr-defined]
    return rows
