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
    def by(self) -> str:
        """Who overruled it; '' where nobody did."""
        return self.review.said_by.name if self.counts and self.review and self.review.said_by else ""

    @property
    def because(self) -> str:
        """Why it was overruled; '' where it was not."""
        return self.review.reason if self.counts and self.review else ""

    @property
    def lapsed(self) -> Review | None:
        """What was said of the plan when it came to something else."""
        return None if self.counts else self.review


def overall_of(
    protocol: Protocol, plans: Iterable[PlanSet], verdicts: Mapping[int, Mapping[int, Verdict]]
) -> dict[int, Overall]:
    """Plan set -> what it comes to. Two queries."""
    said = reviews_of(protocol)
    return {
        row.pk: Overall(worst_of([one.state for one in verdicts.get(row.pk, {}).values()]), said.get(row.pk))
        for row in plans
    }


def reviews_of(protocol: Protocol) -> dict[int, Review]:
    """Plan set -> what was said of it, whether it still counts or not. Two queries."""
    rows = Review.objects.filter(protocol=protocol, ended_at__isnull=True).select_related("said_by")
    said = {(row.patient_file_id, row.sop_instance_uid): row for row in rows}
    # From the table, not from rows of a page: these may be veiled for their reader.
    named = PlanSet.objects.filter(
        patient_file__in={file for file, _uid in said}, sop_instance_uid__in={uid for _file, uid in said}
    )
    columns = named.values_list("pk", "patient_file", "sop_instance_uid")
    return {pk: said[file, uid] for pk, file, uid in columns if (file, uid) in said}
