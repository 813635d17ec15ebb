"""Do images, structures, beams and dose cover the same part of the patient? (R29)

Comes in: a patient file. Goes out: findings about structures, isocentres and doses that lie beyond the
images of their frame of reference, along the patient's axis. It tells of a wrong scan, or of one that was
cut short before anybody could name what is missing. Doses that end in air and structures one slice beyond
are nobody's fault.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from planbank.catalogue.findings import Wanted
from planbank.catalogue.models import Dose, ImageStack, Instance, Plan, StructureSet

ROUNDING = 0.5
"""mm beside a whole slice by which something may lie beyond the last image."""


@dataclass(frozen=True)
class Range:
    """mm along z (patient coordinates), from the first image to the last; `slack`: what may lie beyond."""

    low: float
    high: float
    slack: float

    def beyond(self, mm: float) -> float:
        """How far outside, 0 where it is inside or within the slack."""
        off = max(self.low - mm, mm - self.high)
        return off if off > self.slack else 0.0


def extents_compared(patient_file_id: int) -> Iterator[Wanted]:
    """Findings about objects of the file; none where a frame of reference has no axial images."""
    images = _images(patient_file_id)
    if images:
        yield from _structures(patient_file_id, images)
        yield from _beams(patient_file_id, images)
        yield from _doses(patient_file_id, images)


def _images(patient_file_id: int) -> dict[str, Range]:
    """Frame of reference -> from where to where there are axial images, whatever series they are of."""
    rows = ImageStack.objects.filter(
        series__study__patient_file=patient_file_id, axis="z", low_mm__isnull=False, high_mm__isnull=False
    ).exclude(verdict=ImageStack.Verdict.SCOUT)
    found: dict[str, Range] = {}
    for frame, low, high, spacing in rows.values_list(
        "series__frame_of_reference_uid", "low_mm", "high_mm", "spacing_mm"
    ):
        if frame:
            slack = (spacing or 0.0) + ROUNDING
            known = found.get(frame, Range(low, high, slack))
            found[frame] = Range(min(known.low, low), max(known.high, high), max(known.slack, slack))
    return found


def _structures(patient_file_id: int, images: dict[str, Range]) -> Iterator[Wanted]:
    rows = StructureSet.objects.filter(
        version__current_in__series__study__patient_file=patient_file_id,
        frame_of_reference_uid__in=images,
    ).values_list("version__current_in", "frame_of_reference_uid", "facts__planes_mm__z", "facts__drawn_on")
    for instance, frame, planes, drawn_on in rows.order_by("pk"):
        off = [mm for plane in planes or () if (mm := images[frame].beyond(plane))]
        # Where the images are named and did not come, that is told by name.
        if off and not _not_here(patient_file_id, drawn_on or {}):
            yield Wanted(
                "instance",
                instance,
                "structures-beyond-images",
                params={"planes": len(off), "mm": round(max(off), 1)},
            )


def _not_here(patient_file_id: int, drawn_on: dict[str, object]) -> bool:
    here = Instance.objects.filter(
        series__study__patient_file=patient_file_id, sop_instance_uid__in=list(drawn_on)
    ).values_list("sop_instance_uid", flat=True)
    return bool(drawn_on.keys() - set(here))


def _beams(patient_file_id: int, images: dict[str, Range]) -> Iterator[Wanted]:
    rows = Plan.objects.filter(
        version__current_in__series__study__patient_file=patient_file_id,
        version__current_in__series__frame_of_reference_uid__in=images,
    ).values_list(
        "version__current_in", "version__current_in__series__frame_of_reference_uid", "facts__beams"
    )
    for instance, frame, beams in rows.order_by("pk"):
        places = [beam["isocentre"] for beam in beams or () if beam.get("treats") and beam.get("isocentre")]
        if off := [mm for place in places if (mm := images[frame].beyond(place[2]))]:
            yield Wanted("instance", instance, "isocentre-beyond-images", params={"mm": round(max(off), 1)})


def _doses(patient_file_id: int, images: dict[str, Range]) -> Iterator[Wanted]:
    """A dose that nowhere meets the images; which end of the grid is up is not asked: either may."""
    rows = Dose.objects.filter(
        version__current_in__series__study__patient_file=patient_file_id, frame_of_reference_uid__in=images
    ).values_list("version__current_in", "frame_of_reference_uid", "facts__grid")
    for instance, frame, grid in rows.order_by("pk"):
        between = (grid or {}).get("spacing_mm", [None])[-1]
        if not grid or between is None:
            continue
        start, length = grid["origin_mm"][2], abs(between) * (grid["shape"][0] - 1)
        held = images[frame]
        if start - length > held.high + held.slack or start + length < held.low - held.slack:
            off = max(start - length - held.high, held.low - start - length)
            yield Wanted("instance", instance, "dose-off-images", params={"mm": round(off, 1)})
