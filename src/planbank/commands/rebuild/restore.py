"""What a settings export holds, back into an empty database.

Comes in: a house whose tables are made and empty, and the file. Goes out: the rows, with the numbers they
had: addresses, journal and receipts go on meaning what they meant. All in one transaction, or nothing.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, BinaryIO

from planbank.commands.rebuild.export import FORMAT
from planbank.commands.rebuild.file import opened
from planbank.commands.rebuild.tables import Kept, kept, migrations
from planbank.errors import ExportError
from planbank.house import House
from planbank.transit.agekeys import read_keys
from planbank.transit.keys import KeyFolder

PIECE = 1 << 16


def read(house: House, path: Path) -> str:
    """Returns what was read, in words. Raises ExportError where the bank is not empty or the file is odd."""
    from django.db import connection, transaction

    private = [key.secret for key in read_keys(KeyFolder(house.keys).file("transit.key"))]
    rows = 0
    with opened(path, private) as lines, transaction.atomic(), connection.cursor() as cursor:
        head = _line(lines)
        _must_fit(head)
        _must_be_empty()
        known = {one.label: one for one in kept()}
        _make_room(cursor, list(known.values()))
        while not (named := _line(lines)).get("end"):
            rows += _table(cursor, _known(named, known), tuple(named["columns"]), lines)
        _count_on(cursor)
    return f"{rows} rows of {head['written_at'][:16].replace('T', ' ')} UTC"


def _line(lines: BinaryIO) -> dict[str, Any]:
    try:
        found = json.loads(lines.readline())
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ExportError("This is no settings export, or it is cut short; nothing was changed.")
    return found


def _must_fit(head: dict[str, Any]) -> None:
    if head.get("format") != FORMAT:
        raise ExportError("This is no settings export that this version can read; nothing was changed.")
    here, there = migrations(), head["migrations"]
    if differing := sorted(app for app in here.keys() | there.keys() if here.get(app) != there.get(app)):
        raise ExportError(
            f"It was written by planbank {head['planbank']}, whose tables differ ({', '.join(differing)}). "
            "Rebuild with that version, then upgrade. Nothing was changed."
        )


def _must_be_empty() -> None:
    from planbank.catalogue.models import InstanceVersion
    from planbank.people.models import Institution, User

    if User.objects.exists() or Institution.objects.exists() or InstanceVersion.objects.exists():
        raise ExportError("This bank is not empty. Nothing was changed; rebuild into a new database.")


def _known(named: dict[str, Any], known: dict[str, Kept]) -> Kept:
    one = known.get(str(named.get("table")))
    if one is None or not set(named["columns"]) <= set(one.columns):
        raise ExportError("It holds a table that this version does not have; nothing was changed.")
    return one


def _make_room(cursor: Any, tables: list[Kept]) -> None:
    """Rows that migrations put there come with the file."""
    from psycopg import sql

    for one in tables:
        table = sql.Identifier(one.table)
        cursor.execute(sql.SQL("SELECT EXISTS (SELECT 1 FROM {})").format(table))
        if cursor.fetchone()[0]:
            cursor.execute(sql.SQL("DELETE FROM {}").format(table))


def _table(cursor: Any, one: Kept, columns: tuple[str, ...], lines: BinaryIO) -> int:
    from psycopg import sql

    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(one.table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    rows = 0
    with cursor.copy(statement) as copy:
        while (line := lines.readline()) != b"\\.\n":
            if not line:
                raise ExportError("It is cut short; nothing was changed.")
            copy.write(line)
            rows += 1
    return rows


def _count_on(cursor: Any) -> None:
    """New rows get numbers beyond those that were read."""
    from django.apps import apps
    from django.core.management.color import no_style
    from django.db import connection

    models = [model for model in apps.get_models(include_auto_created=True) if model._meta.managed]
    for statement in connection.ops.sequence_reset_sql(no_style(), models):
        cursor.execute(statement)
