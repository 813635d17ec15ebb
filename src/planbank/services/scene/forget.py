"""Bundles removed: because their plan set is gone, because nobody opens them, or by erasure.

Comes in: rows of Scene. Goes out: the rows and what no other bundle needs of the archive removed.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.db.models import QuerySet

from planbank.catalogue.models import Scene, ScenePart
from planbank.house import House


def forget(house: House, rows: QuerySet[Scene]) -> int:
    """Remove bundles; returns how many. Their bytes go once the transaction is committed."""
    keys = keys_of(rows)
    count = rows.count()
    rows.delete()
    transaction.on_commit(lambda: erase_unneeded(house, keys))
    return count


def keys_of(rows: QuerySet[Scene]) -> set[str]:
    """The keys of all parts of bundles."""
    return set(ScenePart.objects.filter(scene__in=rows).values_list("key", flat=True))


def erase_unneeded(house: House, keys: Collection[str]) -> int:
    """Erase what no bundle names; returns how many."""
    needed = set(ScenePart.objects.filter(key__in=keys).values_list("key", flat=True))
    return sum(house.store.erase(key) for key in sorted(set(keys) - needed))
