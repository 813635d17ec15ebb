"""Many rows in one statement, those that are there already passed over.

Comes in: unsaved rows of one model. Goes out: which of them were new. Only unique constraints decide
(receive.md, Registration): nothing is looked for before it is inserted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Model

M = TypeVar("M", bound=Model)


def insert_new(rows: Sequence[M], key: Sequence[str]) -> dict[tuple[Any, ...], int]:
    """Insert; returns the primary key of each row that was not there, by its values of `key`.

    One array a column and one statement, whatever the number of rows: a statement with a
    placeholder for each value takes longer to write down than to run. Rows go in in the order
    given; callers sort them, so that two at once lock in the same order.
    """
    if not rows:
        return {}
    meta = type(rows[0])._meta
    fields = [field for field in meta.concrete_fields if not field.primary_key]
    quote = connection.ops.quote_name
    names = ", ".join(quote(field.column) for field in fields)
    arrays = ", ".join(f"%s::{field.db_type(connection)}[]" for field in fields)
    returned = ", ".join(quote(meta.get_field(name).column) for name in key)
    values = [
        [field.get_db_prep_save(getattr(row, field.attname), connection) for row in rows] for field in fields
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {quote(meta.db_table)} ({names}) SELECT * FROM unnest({arrays}) "  # noqa: S608 - names are those of the models
            f"ON CONFLICT DO NOTHING RETURNING {quote(meta.pk.column)}, {returned}",
            values,
        )
        return {tuple(rest): pk for pk, *rest in cursor.fetchall()}
