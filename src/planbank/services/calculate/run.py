"""The service calculate.

Comes in: a structure-set version with a chosen dose. Goes out: one DVH row per ROI under the
engine's algorithm version; rows of earlier versions stay (R76).
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q

from planbank.analysis.queries.sums import patient_files_of
from planbank.catalogue.models import Calculation
from planbank.errors import DicomError, ObjectMissing
from planbank.house import House
from planbank.pipeline.registry import Done, Failed, Result, Subject, service
from planbank.protocols.constraints.due import constraints_due
from planbank.services.calculate.choose import calculation_lane
from planbank.services.calculate.tps_findings import settle_comparisons

__all__ = ["calculate", "calculation_lane"]
# Raise with the engine: every calculation is then due again, old values stay.
VERSION = 2


def subjects() -> Iterator[Subject]:
    """Every calculation that a plan set or a sum of plans still asks for."""
    asked = Q(plan_sets__isnull=False) | Q(plan_sums__isnull=False)
    for pk in Calculation.objects.filter(asked).values_list("pk", flat=True).distinct():
        yield pk, calculation_lane(pk)


@service(subject="calculation", version=VERSION, subjects=subjects, after=["link"])
def calculate(house: House, calculation_id: int) -> Result:
    """Calculates the DVH of every ROI"""
    row = Calculation.objects.select_related("structure_set__version", "chosen_dose").get(pk=calculation_id)
    versions = list(row.chosen_dose.versions.order_by("sop_instance_uid"))
    if not (row.plan_sets.exists() or row.plan_sums.exists()):
        return Done("no plan set asks for it any more")
    # Loaded by the process that calculates: no other one waits for the compiled engine.
    from planbank.services.calculate.dvhs import calculate_dvhs

    try:
        number = calculate_dvhs(house, row, versions)
    except ObjectMissing:
        return Failed("The archive does not hold an object of this plan set. Run planbank check.")
    except DicomError as exc:
        return Failed(str(exc))
    for plan_set in row.plan_sets.all():
        settle_comparisons(house, plan_set)
    constraints_due(patient_files_of(row), house.clock.now())
    return Done(f"{number} ROIs")
