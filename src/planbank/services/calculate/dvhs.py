"""The DVHs of one calculation: the part of the service that needs the engine.

Comes in: a calculation and the dose versions it takes. Goes out: one DVH row per ROI, and the
comparison with those of the planning system.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from planbank.archive.objects import read_object
from planbank.catalogue.models import Calculation, Dvh, InstanceVersion, Roi
from planbank.dicom.dose_grid import read_dose
from planbank.dicom.structure_set import read_structure_set
from planbank.dose import engine
from planbank.dose.sampling import field_of
from planbank.house import House
from planbank.services.analyse.facts import clean
from planbank.services.calculate.columns import columns_of
from planbank.services.calculate.tps import keep_comparison


def calculate_dvhs(house: House, row: Calculation, versions: Iterable[InstanceVersion]) -> int:
    """Read, calculate, store; returns the number of ROIs. Raises ObjectMissing, DicomError."""
    structure_set = read_structure_set(*read_object(house.store, row.structure_set.version.content_hash))
    versions = list(versions)
    bytes_of = [read_object(house.store, version.content_hash) for version in versions]
    grids = [read_dose(*data) for data in bytes_of]
    results = engine.dvh(structure_set, field_of(grids, row.chosen_dose.scales(versions)))
    _keep(row, results)
    row.algorithm, row.calculated_at = engine.ALGORITHM, house.clock.now()
    row.save(update_fields=["algorithm", "calculated_at"])
    keep_comparison(row, structure_set, grids, bytes_of, results)
    return len(results)


def _keep(row: Calculation, results: Sequence[engine.Dvh]) -> None:
    rois = {roi.number: roi for roi in Roi.objects.filter(structure_set=row.structure_set)}
    Dvh.objects.bulk_create(
        [
            Dvh(
                calculation=row,
                roi=rois[one.number],
                algorithm=one.algorithm,
                parameters=clean(one.parameters),
                **columns_of(one),
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
