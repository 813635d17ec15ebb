"""The database copied onto another PostgreSQL server, every table compared afterwards.

Comes in: the bank's database, and the address of an empty one. Goes out: how many rows, and that both sides
say the same. Rows go through as PostgreSQL copies them, so versions of the server may differ; tables are
made there by the bank's own migrations. One transaction: it is all there, or nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import sql

from planbank.errors import MoveError

Connection = psycopg.Connection[Any]


def copy_database(source_url: str, target_url: str) -> tuple[int, int]:
    """Rows and tables that were copied.

    The target has its tables, made by the same version's migrations, and nobody uses either side. Raises
    MoveError where the target is not empty, where a server refuses, or where the two differ afterwards.
    """
    try:
        return _copied(source_url, target_url)
    except psycopg.Error as exc:
        said = str(exc).strip().splitlines() or [type(exc).__name__]
        raise MoveError(f"A database said: {said[0]}. Nothing was copied.") from exc


def _copied(source_url: str, target_url: str) -> tuple[int, int]:
    with psycopg.connect(source_url) as source, psycopg.connect(target_url) as target:
        source.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        tables = _tables(source)
        if tables != _tables(target):
            raise MoveError("The tables there are not those of this version. Nothing was copied.")
        if _holds_people(target):
            raise MoveError("The database there is not empty. Nothing was copied.")
        # Neither constraints nor the journal's own triggers look at rows one by one; what is copied was held.
        target.execute("SET session_replication_role = replica")
        names = [sql.Identifier(name) for name in tables]
        target.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.SQL(", ").join(names)))
        rows = sum(_copy(source, target, name, columns) for name, columns in tables.items())
        for name, columns in tables.items():
            if _digest(source, name, columns) != _digest(target, name, columns):
                raise MoveError(f"The table {name} differs after it was copied. Nothing was changed there.")
        _count_on(source, target)
    return rows, len(tables)


def _tables(connection: Connection) -> dict[str, tuple[str, ...]]:
    """Every table of the bank with its columns that hold anything of their own."""
    found = connection.execute(
        "SELECT table_name, column_name FROM information_schema.columns JOIN information_schema.tables "
        "USING (table_schema, table_name) WHERE table_schema = 'public' AND table_type = 'BASE TABLE' "
        "AND is_generated = 'NEVER' ORDER BY table_name, column_name"
    ).fetchall()
    tables: dict[str, tuple[str, ...]] = {}
    for table, column in found:
        tables[table] = (*tables.get(table, ()), column)
    return tables


def _holds_people(connection: Connection) -> bool:
    query = "SELECT EXISTS (SELECT 1 FROM people_user) OR EXISTS (SELECT 1 FROM catalogue_instanceversion)"
    row = connection.execute(query).fetchone()
    return bool(row and row[0])


def _copy(source: Connection, target: Connection, table: str, columns: tuple[str, ...]) -> int:
    named = sql.SQL(", ").join(map(sql.Identifier, columns))
    out = sql.SQL("COPY {} ({}) TO STDOUT").format(sql.Identifier(table), named)
    into = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), named)
    rows = 0
    with source.cursor().copy(out) as reading, target.cursor().copy(into) as writing:
        for piece in reading:
            writing.write(piece)
            rows += bytes(piece).count(b"\n")
    return rows


def _digest(connection: Connection, table: str, columns: tuple[str, ...]) -> bytes:
    """Over all rows, whatever their order: the sum of the hashes of their lines."""
    named = sql.SQL(", ").join(map(sql.Identifier, columns))
    out = sql.SQL("COPY {} ({}) TO STDOUT").format(sql.Identifier(table), named)
    total = 0
    with connection.cursor().copy(out) as reading:
        for line in _lines(reading):
            total = (total + int.from_bytes(hashlib.sha256(line).digest(), "big")) % (1 << 256)
    return total.to_bytes(32, "big")


def _lines(pieces: Any) -> Iterator[bytes]:
    left = b""
    for piece in pieces:
        *whole, left = (left + bytes(piece)).split(b"\n")
        yield from whole


def _count_on(source: Connection, target: Connection) -> None:
    """New rows get the numbers they would have got."""
    found = source.execute(
        "SELECT sequencename, last_value FROM pg_sequences "
        "WHERE schemaname = 'public' AND last_value IS NOT NULL"
    ).fetchall()
    for name, last in found:
        target.execute("SELECT setval(%s::regclass, %s)", [f'"{name}"', last])
