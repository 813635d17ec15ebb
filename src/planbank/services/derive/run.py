"""The service derive.

Comes in: a calculation. Goes out: a DVH for each derived type that dictionaries ask for there, on geometry,
or why it cannot be (model.md, Derived structures; R64). What stands already is left alone; earlier ones
stay.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models.functions import Coalesce

from planbank.analysis.queries.sums import patient_files_of
from planbank.catalogue.models import Calculation
from planbank.errors import DicomError, ObjectMissing
from planbank.house import House
from planbank.naming.models import Dictionary
from planbank.naming.queries.derived import Wanted, lacking, wanted_of
from planbank.naming.queries.readings import dictionaries_of, members_of, readings_of
from planbank.pipeline.registry import Done, Failed, Result, Subject, service
from planbank.protocols.constraints.due import constraints_due
from planbank.protocols.models import StructureType
from planbank.services.calculate.choose import calculation_lane

# Raise with the engine, as that of calculate.
VERSION = 1


def subjects() -> Iterator[Subject]:
    """Every calculation for which something derived was ever asked."""
    rows = Calculation.objects.filter(derived_dvhs__isnull=False)
    for pk in rows.values_list("pk", flat=True).distinct():
        yield pk, calculation_lane(pk)


@service(subject="calculation", version=VERSION, subjects=subjects, after=["names", "dictionary"])
def derive(house: House, calculation_id: int) -> Result:
    """Calculates structures that are made of others"""
    found = Calculation.objects.select_related("structure_set__version", "chosen_dose")
    row = found.filter(pk=calculation_id).first()
    if row is None:
        return Done("the calculation is gone")
    due = lacking(_wanted(row))
    if not due:
        return Done()
    # Loaded by the process that calculates: no other one waits for the compiled engine.
    from planbank.services.derive.make import calculate

    try:
        made = calculate(house, row, due, _editions(due))
    except ObjectMissing:
        return Failed("The archive does not hold an object of this plan set. Run planbank check.")
    except DicomError as exc:
        return Failed(str(exc))
    constraints_due(patient_files_of(row), house.clock.now())
    return Done(f"{made} of {len(due)} structures")


def _wanted(row: Calculation) -> Iterator[Wanted]:
    """What the dictionaries of all its plan sets ask for, and those of protocols that add plans up."""
    for plan_set in row.plan_sets.all():
        for dictionary in dictionaries_of(plan_set.patient_file_id).select_related("protocol", "project"):
            rows = readings_of(dictionary, members_of(dictionary).filter(pk=plan_set.pk))
            yield from wanted_of(rows, only=row.pk)
    for one in row.plan_sums.select_related("plan_set"):
        for dictionary in Dictionary.objects.filter(protocol=one.protocol_id).select_related("protocol"):
            rows = readings_of(dictionary, members_of(dictionary).filter(pk=one.plan_set_id))
            yield from wanted_of(rows, also=[(one.plan_set_id, row.pk, row.structure_set_id)])


def _editions(due: list[Wanted]) -> dict[int, int]:
    """Structure type -> the edition of its dictionary that is in force."""
    rows = StructureType.objects.filter(pk__in={one.type for one in due})
    editions = Coalesce("protocol__dictionary__edition", "project__dictionary__edition", 0)
    return dict(rows.values_list("pk", editions))
