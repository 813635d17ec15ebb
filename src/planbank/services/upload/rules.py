"""From whom only de-identified files are taken.

Comes in: an institution. Goes out: whether. Who decides is the administrator of the bank, institution by
institution; abroad it is always so (R19).
"""

from __future__ import annotations

from planbank.people.models import Institution
from planbank.statistics.accrual.read import home_country

PROFILE = "foreign"
"""By which profile of planbank.deidentify such files are made safe, and looked at again."""


def only_deidentified(institution: Institution) -> bool:
    """Whether no identity may leave this institution."""
    return institution.deidentified_only or institution.country != (home_country() or institution.country)
