"""What each observer drew of each structure type, on the images of the case (R112).

Comes in: the returns of a case that count. Goes out: for each structure type and return a body in the
source's frame of reference, or why there is none. A copy's geometry is its source's, so the way back is that
of the UIDs alone: what lies in the copy's frame of reference, or lies on its images plane by plane although
the planning system renumbered them, lies in the source's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planbank.archive.objects import read_object
from planbank.audits.models import Case, CaseFile, Comparison, Return
from planbank.audits.vault import Source, source_of
from planbank.contours import body_of_contours
from planbank.dicom.structure_set import Roi, read_structure_set
from planbank.dose.derived.bodies import Body, combine
from planbank.errors import ExpressionError
from planbank.house import House
from planbank.services.collect.names import rois_by_type

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Reason = Comparison.Reason
MOST_TOGETHER = 6  # ROIs that one observer drew of one type
RENUMBERED = frozenset({"frame-changed", "other-images", "only-id"})


@dataclass(frozen=True)
class Drawn:
    """Of one observer and structure type. `reason` is set where there is no body."""

    row: Return
    body: Body | None
    reason: str = ""


def drawn_of(house: House, case: Case) -> dict[int, list[Drawn]]:
    """Structure type -> what was drawn. Raises KeyMissing, ObjectMissing, DicomError."""
    spacing = _spacing(case)
    found: dict[int, list[Drawn]] = {}
    for row, type_, rois, is_here in returned_rois(house, case):
        found.setdefault(type_, []).append(_drawn(row, rois, is_here, spacing))
    return found


def returned_rois(house: House, case: Case) -> Iterator[tuple[Return, int, list[Roi], bool]]:
    """What each observer drew of each structure type that did not go out, and whether on the case's images.

    ROIs without a contour are left out. Raises KeyMissing, ObjectMissing, DicomError.
    """
    rows = case.returns.filter(
        kind=Return.Kind.STRUCTURES, state=Return.State.FILED, superseded_by=None, observer__isnull=False
    )
    given = set(case.study.given_types.values_list("pk", flat=True))
    for row in rows.select_related("observer", "version", "copy__study").order_by("observer__code", "pk"):
        assert row.observer is not None
        structure_set = read_structure_set(*read_object(house.store, row.version.content_hash))
        source = source_of(house, row)
        for type_, rois in rois_by_type(case.study, structure_set.rois, row.observer.centre_id).items():
            if type_ not in given:
                full = [roi for roi in rois if len(roi.contours)]
                is_here = _lies_on_images(row) or (source is not None and _lies_in_frame(full, source))
                yield row, type_, full, is_here


def _drawn(row: Return, rois: list[Roi], is_here: bool, spacing: float | None) -> Drawn:
    if not rois:
        return Drawn(row, None, Reason.EMPTY)
    if not is_here:
        return Drawn(row, None, Reason.FRAME)
    try:
        body = _together([body_of_contours(roi.contours, spacing) for roi in rois])
    except ExpressionError:
        return Drawn(row, None, Reason.SHAPE)
    return Drawn(row, body) if body.prisms else Drawn(row, None, Reason.EMPTY)


def _lies_in_frame(rois: Iterable[Roi], source: Source) -> bool:
    """Whether each is in one frame of reference of the copy, which leads to the source's."""
    frames = {source.uids.get(roi.frame_of_reference_uid, "") for roi in rois}
    return len(frames) == 1 and "" not in frames


def _lies_on_images(row: Return) -> bool:
    """Whether every plane drawn lies on an image of the copy, where only its UIDs were changed."""
    said = [one for one in row.problems if one["code"] in RENUMBERED]
    return any(one.get("of", 0) > 0 and one.get("fit") == one["of"] for one in said)


def _together(bodies: list[Body]) -> Body:
    """The union of what one observer drew of one type."""
    if len(bodies) == 1:
        return bodies[0]
    if len(bodies) > MOST_TOGETHER:
        raise ExpressionError("Too many structures of one kind.")
    return combine(bodies, np.arange(2 ** len(bodies)) > 0)


def _spacing(case: Case) -> float | None:
    """mm between neighbouring images of the case along z, for what is drawn on one slice alone."""
    facts = CaseFile.objects.filter(case=case, part=CaseFile.Part.IMAGE)
    places = {
        float(one["origin_mm"][2])
        for one in facts.values_list("version__facts", flat=True)
        if one and one.get("origin_mm")
    }
    apart = np.diff(sorted(places))
    return float(np.median(apart)) if len(apart) else None
