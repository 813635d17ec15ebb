"""Rows found in one question, as a part of the next ones.

Comes in: numbers of rows. Goes out: what `pk__in` takes: one parameter however many they are, which the
database hashes once for each question. For what costs to find and is asked for by a list and its count.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models.expressions import RawSQL


def among(pks: Iterable[int]) -> RawSQL:
    """Reads `pks` to its end, now."""
    return RawSQL("SELECT unnest(%s::bigint[])", [list(pks)])
