"""What one dictionary says of plan sets: findings about required and forbidden types, DVHs that are due.

Comes in: a dictionary and plan sets of its protocol. Goes out: their findings as they are now (R68), and the
calculations for which a derived type is still to be calculated.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet

from planbank.analysis.models import PlanSum
from planbank.catalogue.findings import Wanted, settle
from planbank.catalogue.models import Finding, PlanSet
from planbank.naming.models import Dictionary
from planbank.naming.queries.derived import lacking, wanted_of
from planbank.naming.queries.gaps import gaps_in
from planbank.naming.queries.readings import readings_of
from planbank.pipeline.due import make_due
from planbank.services.calculate.choose import calculation_lane


def source_of(dictionary: Dictionary) -> str:
    """Findings of one dictionary are opened and closed by it alone."""
    return f"names {dictionary.pk}"


def judge(dictionary: Dictionary, plan_sets: QuerySet[PlanSet], at: datetime, priority: int) -> int:
    """Settle findings and make DVHs due; returns how many calculations are."""
    rows = readings_of(dictionary, plan_sets)
    wanted: dict[int, list[Wanted]] = defaultdict(list)
    files = {row.row.plan_set: row.row.patient_file for row in rows}
    # A project asks nothing of those who sent: only protocols have requirements.
    gaps = gaps_in(dictionary, rows) if dictionary.protocol_id is not None else {}
    for plan_set, gap in gaps.items():
        for code, names in (("types-missing", gap.missing), ("types-forbidden", gap.forbidden)):
            if names:
                said = {"names": ", ".join(names)}
                wanted[files[plan_set]].append(Wanted("plan set", plan_set, code, gap.protocol, said))
    _settle(dictionary, files.values(), wanted, at)
    sums = PlanSum.objects.filter(protocol=dictionary.protocol_id, plan_set__in=files)
    also = sums.values_list("plan_set", "calculation", "calculation__structure_set")
    due = {one.calculation for one in lacking(wanted_of(rows, also=also))}
    return make_due("derive", [(pk, calculation_lane(pk)) for pk in sorted(due)], at, priority=priority)


def _settle(
    dictionary: Dictionary, files: Iterable[int], wanted: dict[int, list[Wanted]], at: datetime
) -> None:
    """Only files with something to open, change or close are looked at."""
    source = source_of(dictionary)
    rows = Finding.objects.filter(patient_file__in=set(files), source=source, closed_at=None)
    for file in sorted({*wanted, *rows.values_list("patient_file", flat=True)}):
        settle(file, source, wanted.get(file, ()), at)
