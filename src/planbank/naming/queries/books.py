"""A dictionary as a `Book`: as it stands, or as it stood on a day.

Comes in: a dictionary and, perhaps, a time or the number of an edition. Goes out: its book and its
choices. What a later edition ended stood until then.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from django.db.models import Q

from planbank.naming.book import Book, Rule
from planbank.naming.cells import Chosen, Verdict
from planbank.naming.models import Dictionary, Edition

Where = tuple[int, str]
"""Patient file and SOP Instance UID of a structure set."""


def edition_at(dictionary: Dictionary, at: datetime) -> int:
    """The number of the edition that stood at a moment; 0 before the first."""
    rows = dictionary.editions.filter(at__lte=at)
    return rows.values_list("number", flat=True).first() or 0


def book_of(dictionary: Dictionary, edition: int | None = None) -> Book:
    """The book as it stands, or as that edition left it."""
    rows = dictionary.rules.filter(_in_force(edition)).order_by("pk")
    rules = rows.values_list("pk", "entry", "structure_type", "institution")
    return Book((Rule(*row) for row in rules), _case(dictionary, edition))


def choices_of(dictionary: Dictionary, edition: int | None = None) -> dict[Where, tuple[Chosen, ...]]:
    """What was chosen by hand, for each structure set."""
    found: dict[Where, list[Chosen]] = defaultdict(list)
    rows = dictionary.choices.filter(_in_force(edition)).order_by("pk")
    for file, uid, *rest in rows.values_list(
        "patient_file", "structure_set_uid", "verdict", "structure_type", "roi_number", "roi_name"
    ):
        verdict, type_, number, name = rest
        found[file, uid].append(Chosen(Verdict(verdict), type_, number, name))
    return {where: tuple(its) for where, its in found.items()}


def _in_force(edition: int | None) -> Q:
    if edition is None:
        return Q(ended_in__isnull=True)
    begun = Q(added_in__number__lte=edition)
    return begun & (Q(ended_in__isnull=True) | Q(ended_in__number__gt=edition))


def _case(dictionary: Dictionary, edition: int | None) -> bool:
    if edition is None:
        return dictionary.case_sensitive
    row = Edition.objects.filter(dictionary=dictionary, number=edition).first()
    return row.case_sensitive if row else False
