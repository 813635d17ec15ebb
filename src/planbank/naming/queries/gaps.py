"""What a plan lacks for the protocols it stands in (R68): what its receipt tells the sender.

Comes in: a plan set. Goes out: for each of its protocols with required or forbidden types, which are
missing and which must not be there. Nobody's rights are asked: the sender is told of its own plan.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import IntegerField, QuerySet, Value

from planbank.catalogue.models import PlanSet
from planbank.naming.cells import read
from planbank.naming.models import Dictionary
from planbank.naming.queries.books import book_of, choices_of
from planbank.naming.queries.dictionaries import types_of
from planbank.naming.queries.sheets import rows_of
from planbank.protocols.levels import See
from planbank.protocols.models import Membership, StructureType


@dataclass(frozen=True)
class Gap:
    """What one protocol misses in a plan, by names of its structure types."""

    protocol: str
    missing: tuple[str, ...]
    forbidden: tuple[str, ...]


def gaps_of(plan_set: PlanSet) -> list[Gap]:
    """The gaps of a plan set, for each protocol it stands in; none where nothing is missing."""
    held = Membership.objects.in_force().filter(  # type: ignore[attr-defined]
        patient_file=plan_set.patient_file_id, sop_instance_uid=plan_set.sop_instance_uid
    )
    asking = StructureType.objects.exclude(need=StructureType.Need.OPTIONAL).filter(retired_at__isnull=True)
    dictionaries = Dictionary.objects.filter(
        protocol__in=held.values("protocol"), protocol__structure_types__in=asking
    ).select_related("protocol")
    found = []
    for dictionary in dictionaries.distinct().order_by("protocol__short_name"):
        gap = _gap(plan_set, dictionary)
        if gap.missing or gap.forbidden:
            found.append(gap)
    return found


def _gap(plan_set: PlanSet, dictionary: Dictionary) -> Gap:
    whole: QuerySet[PlanSet] = PlanSet.objects.filter(pk=plan_set.pk).annotate(
        seen_as=Value(int(See.IDENTIFIED), IntegerField())
    )
    (row,) = rows_of(whole, dictionary)
    sheet = row.sheet(choices_of(dictionary))
    reading = read(sheet.rois, book_of(dictionary), sheet.institution, sheet.chosen)
    there = {type_ for type_, cell in reading.cells.items() if cell.count}
    types = [one for one in types_of(dictionary) if not one.expression]
    return Gap(
        dictionary.owner.short_name,
        tuple(one.name for one in types if one.need == "required" and one.pk not in there),
        tuple(one.name for one in types if one.need == "forbidden" and one.pk in there),
    )
