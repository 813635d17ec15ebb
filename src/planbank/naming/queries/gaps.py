"""What plans lack for the protocols they stand in (R68): as findings, and in the receipt of a plan.

Comes in: a plan set, or readings of many. Goes out: for each protocol with required or forbidden types,
which are missing and which must not be there. Nobody's rights are asked: the sender is told of its own
plan.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from planbank.catalogue.models import PlanSet
from planbank.naming.matrix import MatrixRow
from planbank.naming.models import Dictionary
from planbank.naming.queries.dictionaries import types_of
from planbank.naming.queries.readings import readings_of
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
        (row,) = readings_of(dictionary, PlanSet.objects.filter(pk=plan_set.pk))
        found += gaps_in(dictionary, [row]).values()
    return found


def gaps_in(dictionary: Dictionary, rows: Iterable[MatrixRow]) -> dict[int, Gap]:
    """Plan set -> its gap, of those that have one."""
    types = [row for row in types_of(dictionary) if not row.expression]
    required = [row for row in types if row.need == StructureType.Need.REQUIRED]
    forbidden = [row for row in types if row.need == StructureType.Need.FORBIDDEN]
    found = {}
    for row in rows:
        gap = Gap(
            dictionary.owner.short_name,
            tuple(one.name for one in required if not row.cell(one.pk).count),
            tuple(one.name for one in forbidden if row.cell(one.pk).count),
        )
        if gap.missing or gap.forbidden:
            found[row.row.plan_set] = gap
    return found
