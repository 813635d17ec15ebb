"""When a treatment began, and what says so (R125).

Comes in: a woven plan set. Goes out: a day and its source, in the order of R125: the First Treatment
Date of a record, the earliest treatment record, the date of the plan, the date of a study; neither where none
is a date.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from planbank.catalogue.models import PlanSet, Study, TreatmentRecord
from planbank.services.link.nodes import Woven

EARLIEST = date(1950, 1, 1)
"""No digital plan is older: what says so is a date that was never filled in."""


def day_of(text: object) -> date | None:
    """A DICOM date (PS3.5 6.2, DA) as a day; None for what is none."""
    digits = str(text or "").strip().replace(".", "")[:8]
    if len(digits) != 8 or not digits.isdigit():
        return None
    try:
        found = date.fromisoformat(digits)
    except ValueError:
        return None
    return found if found >= EARLIEST else None


def treated(woven: Woven, plan_date: object) -> tuple[date | None, str]:
    """The first treatment date of a plan set and its source. At most two queries."""
    source = PlanSet.TreatedBy
    records = [link.instance for link in woven.links if link.role == "record"]
    said = list(
        TreatmentRecord.objects.filter(version__current_in__in=records).values_list("facts", "date")
        if records
        else ()
    )
    if day := _earliest(facts.get("first_date") for facts, _date in said):
        return day, source.FIRST
    if day := _earliest(written for _facts, written in said):
        return day, source.RECORD
    if woven.kind == "plan" and (day := day_of(plan_date)):
        return day, source.PLAN
    series = [link.series for link in woven.links if link.series]
    objects = [link.instance for link in woven.links if link.instance]
    studies = Study.objects.filter(series__in=series) | Study.objects.filter(series__instances__in=objects)
    day = _earliest(studies.values_list("study_date", flat=True))
    return day, source.STUDY if day else ""


def _earliest(texts: Iterable[object]) -> date | None:
    return min((day for day in map(day_of, texts) if day), default=None)
