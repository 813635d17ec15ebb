"""RT structure sets: labels, ROIs and counts; no coordinate is read (R26)."""

from __future__ import annotations

from planbank.catalogue.models import InstanceVersion, Roi, StructureSet
from planbank.catalogue.names import note_names
from planbank.dicom.references import references
from planbank.dicom.structure_set import RoiSummary, summarise_structure_set
from planbank.services.analyse.facts import clean, cut, finding_list, reference_lists


def read(version: InstanceVersion, data: bytes, syntax: str) -> None:
    """Write the structure set and its ROIs; run twice, the same rows."""
    found = summarise_structure_set(data, syntax)
    row, _made = StructureSet.objects.update_or_create(
        version=version,
        defaults={
            "label": cut(found.label),
            "name": cut(found.name),
            "date": cut(found.date, 18),
            "approval": cut(found.approval, 16),
            "frame_of_reference_uid": cut(next(iter(found.frame_of_reference_uids), "")),
            "facts": clean(
                {
                    "description": found.description,
                    "time": found.time,
                    "manufacturer": found.manufacturer,
                    "manufacturer_model_name": found.manufacturer_model_name,
                    "software_versions": found.software_versions,
                    **_drawn(found.planes),
                }
            ),
            "references": clean(reference_lists(references(data, syntax))),
            "findings": clean(finding_list(found.findings)),
        },
    )
    Roi.objects.bulk_create(
        [_roi(row, roi) for roi in found.rois],
        update_conflicts=True,
        unique_fields=["structure_set", "number"],
        update_fields=["name", "type", "label", "colour", "contour_count", "point_count", "is_empty"],
    )
    note_names(version, [found.label, found.name, *(n for roi in found.rois for n in (roi.name, roi.label))])
    row.rois.exclude(number__in=[roi.number for roi in found.rois]).delete()


def _drawn(planes: tuple[tuple[str, float, str], ...]) -> dict[str, object]:
    """Where was drawn: mm along each patient axis, and on which image."""
    on_axis: dict[str, list[float]] = {}
    on_image: dict[str, list[object]] = {}
    for axis, mm, image in planes:
        on_axis.setdefault(axis, [])
        if mm not in on_axis[axis][-1:]:
            on_axis[axis].append(mm)
        if image:
            on_image.setdefault(image, [axis, mm])
    return {"planes_mm": on_axis, "drawn_on": on_image}


def _roi(row: StructureSet, roi: RoiSummary) -> Roi:
    colour = "#{:02x}{:02x}{:02x}".format(*roi.colour) if roi.colour else ""
    return Roi(
        structure_set=row,
        number=roi.number,
        name=cut(roi.name),
        type=cut(roi.type, 16),
        label=cut(roi.label),
        colour=colour,
        contour_count=roi.contour_count,
        point_count=roi.point_count,
        is_empty=roi.empty,
    )
