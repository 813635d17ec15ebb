"""The seeded site's patients: eight people from four clinics, some of their submissions with a typical fault.

Comes in: a seed. Goes out: patients one by one, so that only one is in memory at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .faults import Fault
from .patient import Site, SyntheticPatient, make_patient

TRIGGER = "DBCG_PROTON"  # the empty ROI that files a breast patient in a trial


@dataclass(frozen=True, slots=True)
class _Member:
    site: Site
    institution: str
    fault: Fault | None = None
    trigger_roi: str | None = None
    treated: bool = False


_MEMBERS = (
    _Member("head-and-neck", "OUH", treated=True),
    _Member("breast", "Vejle", trigger_roi=TRIGGER),
    _Member("proton", "AUH"),
    _Member("prostate", "OUH", "two-doses", treated=True),
    _Member("head-and-neck", "Aalborg", "replan"),
    _Member("breast", "Aalborg", "missing-slice"),
    _Member("prostate", "AUH", "dose-without-plan"),
    _Member("head-and-neck", "Vejle", "empty-roi"),
)


def make_cohort(seed: int) -> Iterator[SyntheticPatient]:
    """Eight patients of the small size; another seed gives other people."""
    for number, one in enumerate(_MEMBERS):
        yield make_patient(
            one.site,
            seed=seed * 100 + number,
            fault=one.fault,
            institution=one.institution,
            trigger_roi=one.trigger_roi,
            treated=one.treated,
        )
