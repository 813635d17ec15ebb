"""RT doses: units, type, summation, grid and what they are the dose of (R26, R75)."""

from __future__ import annotations

from dataclasses import asdict

from planbank.catalogue.models import Dose, InstanceVersion
from planbank.dicom.dose_grid import DoseInfo, read_dose, read_dose_info
from planbank.dicom.findings import Finding
from planbank.dicom.references import references
from planbank.errors import DicomError
from planbank.services.analyse.facts import clean, cut, finding_list, reference_lists


def read(version: InstanceVersion, data: bytes, syntax: str) -> None:
    """Write the dose; of its values only the highest, which tells whether the total makes sense."""
    found = read_dose_info(data, syntax)
    lowest, highest = _range(found, data, syntax)
    findings = found.findings
    if lowest is not None and lowest < 0 and found.type != "ERROR":
        findings = (*findings, Finding("dose-negative"))
    Dose.objects.update_or_create(
        version=version,
        defaults={
            "label": cut(found.comment),
            "units": cut(found.units, 16),
            "type": cut(found.type, 16),
            "summation": cut(found.summation, 16),
            "frame_of_reference_uid": cut(found.frame_of_reference_uid),
            "facts": clean(
                {
                    "plans": [asdict(plan) for plan in found.plans],
                    "grid": _grid(found),
                    "maximum": highest,
                    "stored_dvhs": found.stored_dvhs,
                    "heterogeneity_correction": found.heterogeneity_correction,
                    "manufacturer": found.manufacturer,
                    "manufacturer_model_name": found.manufacturer_model_name,
                }
            ),
            "references": clean(reference_lists(references(data, syntax))),
            "findings": clean(finding_list(findings)),
        },
    )


def _range(found: DoseInfo, data: bytes, syntax: str) -> tuple[float | None, float | None]:
    """Lowest and highest value in the dose's own unit; None where it cannot be placed, scaled or read."""
    if found.geometry is None or found.scaling is None:
        return None, None
    try:
        grid = read_dose(data, syntax)
    except DicomError:
        return None, None
    return float(grid.values.min()), grid.maximum


def _grid(found: DoseInfo) -> dict[str, object] | None:
    """Shape (planes, rows, columns), spacing in mm (across, down, between planes), first voxel in mm."""
    geometry = found.geometry
    if geometry is None:
        return None
    offsets = geometry.offsets
    between = float(offsets[1] - offsets[0]) if len(offsets) > 1 else None
    return {
        "shape": list(geometry.shape),
        "spacing_mm": [*geometry.spacing, between],
        "origin_mm": [float(v) for v in geometry.origin],
    }
