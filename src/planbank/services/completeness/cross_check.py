"""Do contours lie on the images they say they were drawn on? (model.md, Stacks; R29)

Comes in: a patient file. Goes out: a finding for each structure set with contours away from the
image they name: links and pictures go by position, so nothing is lost, but somebody should know.
"""

from __future__ import annotations

from collections.abc import Iterator

from planbank.catalogue.findings import Wanted
from planbank.catalogue.models import Instance, StructureSet

NEAR = 0.5  # mm; a contour belongs on the plane of its image, whatever the slices' spacing


def contours_off_images(patient_file_id: int) -> Iterator[Wanted]:
    """Findings about structure sets some of whose contours lie off the images they name."""
    sets = StructureSet.objects.filter(
        version__current_in__series__study__patient_file=patient_file_id
    ).values_list("version__current_in", "facts__drawn_on")
    named = {instance: drawn for instance, drawn in sets.order_by("pk") if drawn}
    if not named:
        return
    origins = _origins(patient_file_id, {uid for drawn in named.values() for uid in drawn})
    for instance, drawn in named.items():
        here = [(axis, mm, origins[uid]) for uid, (axis, mm) in drawn.items() if uid in origins]
        off = sum(abs(origin["xyz".index(axis)] - mm) > NEAR for axis, mm, origin in here)
        if off:
            yield Wanted("instance", instance, "contours-off-images", params={"off": off, "of": len(here)})


def _origins(patient_file_id: int, wanted: set[str]) -> dict[str, list[float]]:
    rows = Instance.objects.filter(
        series__study__patient_file=patient_file_id, current_version__facts__origin_mm__isnull=False
    ).values_list("sop_instance_uid", "current_version__facts__origin_mm")
    return {uid: origin for uid, origin in rows.iterator(5000) if uid in wanted and origin}
