"""The service calculate.

Comes in: a structure-set version with a chosen dose. Goes out: one DVH row per ROI under the
engine's algorithm version; rows of earlier versions stay (R76).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from planbank.archive.objects import read_object
from planbank.catalogue.models import Calculation, Dvh, Roi
from planbank.dicom.dose_grid import read_dose
from planbank.dicom.structure_set import read_structure_set
from planbank.dose import curve, engine
from planbank.dose.sampling import field_of
from planbank.errors import DicomError, ObjectMissing
from planbank.house import House
from planbank.pipeline.registry import Done, Failed, Result, Subject, service
from planbank.services.analyse.facts import clean
from planbank.services.calculate.choose import calculation_lane
from planbank.services.calculate.tps import keep_comparison, settle_comparisons

__all__ = ["calculate", "calculation_lane"]
# Raise with the engine: every calculation is then due again, old values stay.
VERSION = 2


def subjects() -> Iterator[Subject]:
    """Every calculation that a plan set still asks for."""
    for pk in Calculation.objects.filter(plan_sets__isnull=False).values_list("pk", flat=True).distinct():
        yield pk, calculation_lane(pk)


@service(subject="calculation", version=VERSION, subjects=subjects, after=["link"])
def calculate(house: House, calculation_id: int) -> Result:
    """Calculates the DVH of every ROI"""
    row = Calculation.objects.select_related("structure_set__version", "chosen_dose").get(pk=calculation_id)
    versions = list(row.chosen_dose.versions.order_by("sop_instance_uid"))
    if not row.plan_sets.exists():
        return Done("no plan set asks for it any more")
    try:
        structure_set = read_structure_set(*read_object(house.store, row.structure_set.version.content_hash))
        bytes_of = [read_object(house.store, version.content_hash) for version in versions]
        grids = [read_dose(*data) for data in bytes_of]
    except ObjectMissing:
        return Failed("The archive does not hold an object of this plan set. Run planbank check.")
    except DicomError as exc:
        return Failed(str(exc))
    results = engine.dvh(structure_set, field_of(grids, [row.chosen_dose.scale] * len(grids)))
    _keep(row, results)
    row.algorithm, row.calculated_at = engine.ALGORITHM, house.clock.now()
    row.save(update_fields=["algorithm", "calculated_at"])
    keep_comparison(row, structure_set, grids, bytes_of, results)
    for plan_set in row.plan_sets.all():
        settle_comparisons(house, plan_set)
    return Done(f"{len(results)} ROIs")


def _keep(row: Calculation, results: Sequence[engine.Dvh]) -> None:
    rois = {roi.number: roi for roi in Roi.objects.filter(structure_set=row.structure_set)}
    Dvh.objects.bulk_create(
        [
            Dvh(
                calculation=row,
                roi=rois[one.number],
                algorithm=one.algorithm,
                volume_cc=one.volume_cc,
                outside_cc=one.outside_cc,
                min_gy=one.min_gy,
                mean_gy=one.mean_gy,
                max_gy=one.max_gy,
                edge_gy=one.edge_gy,
                curve=curve.pack(one.curve),
                flags=list(one.flags),
                parameters=clean(one.parameters),
            )
            for one in results
            if one.number in rois
        ],
        update_conflicts=True,
        unique_fields=["calculation", "roi", "algorithm"],
        update_fields=[
            *("volume_cc", "outside_cc", "min_gy", "mean_gy", "max_gy", "edge_gy", "curve", "flags"),
            "parameters",
        ],
    )
