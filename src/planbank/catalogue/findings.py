"""Opening and closing findings.

Comes in: what one service finds now about one patient file. Goes out: rows; what was open before
and is not found any more is closed, what is found again stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from planbank.catalogue.models import Finding


@dataclass(frozen=True)
class Wanted:
    """A finding as a service sees it now."""

    subject_kind: str
    subject_id: int
    code: str
    about: str = ""
    params: dict[str, Any] = field(default_factory=dict, compare=False)

    @property
    def key(self) -> tuple[str, int, str, str]:
        return self.subject_kind, self.subject_id, self.code, self.about


def settle(patient_file_id: int, source: str, found: Iterable[Wanted], now: datetime) -> None:
    """Make the open findings of `source` on a patient file exactly `found`."""
    wanted = {one.key: one for one in found}
    for row in Finding.objects.filter(patient_file=patient_file_id, source=source, closed_at=None):
        one = wanted.pop((row.subject_kind, row.subject_id, row.code, row.about), None)
        if one is None:
            row.closed_at = now
            row.save(update_fields=["closed_at"])
        elif one.params != row.params:
            row.params = one.params
            row.save(update_fields=["params"])
    Finding.objects.bulk_create(
        [
            Finding(
                patient_file_id=patient_file_id,
                source=source,
                subject_kind=one.subject_kind,
                subject_id=one.subject_id,
                code=one.code,
                about=one.about,
                params=one.params,
                opened_at=now,
            )
            for one in wanted.values()
        ],
        ignore_conflicts=True,
    )
