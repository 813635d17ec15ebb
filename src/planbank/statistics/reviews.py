"""What a plan comes to in all: by its worst verdict, or by what a person said instead (R151).

Comes in: a protocol, plans with their verdicts. Goes out: `Overall`s; a review of something that changed
since is shown and does not count.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from planbank.catalogue.models import PlanSet
from planbank.protocols.constraints.judging import worst_of
from planbank.protocols.models import Protocol, Review, Verdict


@dataclass(frozen=True)
class Overall:
    """One plan in one protocol. `by_rule`: its worst verdict, '' where it has none."""

    by_rule: str
    review: Review | None = None

    @property
    def counts(self) -> bool:
        """Whether somebody overruled what the plan comes to now."""
        return self.review is not None and self.review.instead_of == self.by_rule

    @property
    def state(self) -> str:
        """What counts."""
        return self.review.state if self.review is not None and self.counts else self.by_rule

    @property
    def lapsed(self) -> Review | None:
        """What was said of the plan when it came to something else."""
        return None if self.counts else self.review


def overall_of(
    protocol: Protocol, plans: Iterable[PlanSet], verdicts: Mapping[int, Mapping[int, Verdict]]
) -> dict[int, Overall]:
    """Plan set -> what it comes to. Two queries."""
    keys = [row.pk for row in plans]
    # From the table, not from the rows: these may be veiled for their reader.
    names = PlanSet.objects.filter(pk__in=keys).values_list("pk", "patient_file", "sop_instance_uid")
    named = {(file, uid): pk for pk, file, uid in names}
    rows = Review.objects.filter(
        protocol=protocol, ended_at__isnull=True, sop_instance_uid__in={u for _f, u in named}
    )
    said = {
        named[row.patient_file_id, row.sop_instance_uid]: row
        for row in rows.select_related("said_by")
        if (row.patient_file_id, row.sop_instance_uid) in named
    }
    return {
        pk: Overall(worst_of([one.state for one in verdicts.get(pk, {}).values()]), said.get(pk))
        for pk in keys
    }
