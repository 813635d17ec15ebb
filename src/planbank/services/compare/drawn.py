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
from planbank.dicom.structure_set import Roi, StructureSet, read_structure_set
from planbank.dose.derived.bodies import Body, combine
from planbank.errors import ExpressionError
from planbank.house import House
from planbank.naming.cells import Named
from planbank.services.collect.names import types_of

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
    rows = case.returns.filter(
        kind=Return.Kind.STRUCTURES, state=Return.State.FILED, superseded_by=None, observer__isnull=False
    )
    given = set(case.study.given_types.values_list("pk", flat=True))
    spacing = _spacing(case)
    found: dict[int, list[Drawn]] = {}
    for row in rows.select_related("observer", "version", "copy__study").order_by("observer__code", "pk"):
        structure_set = read_structure_set(*read_object(house.store, row.version.content_hash))
        for type_, rois in _by_type(case, row, structure_set).items():
            if type_ not in given:
                found.setdefault(type_, []).append(_drawn(row, rois, source_of(house, row), spacing))
    return found


def rois_of(house: House, case: Case) -> Iterator[tuple[Return, int, Roi]]:
    """Every ROI that an observer drew on the images of the case, with its structure type.

    Raises KeyMissing, ObjectMissing, DicomError.
    """
    rows = case.returns.filter(
        kind=Return.Kind.STRUCTURES, state=Return.State.FILED, superseded_by=None, observer__isnull=False
    )
    given = set(case.study.given_types.values_list("pk", flat=True))
    for row in rows.select_related("observer", "version", "copy__study").order_by("observer__code", "pk"):
        source = source_of(house, row)
        structure_set = read_structure_set(*read_object(house.store, row.version.content_hash))
        for type_, rois in _by_type(case, row, structure_set).items():
            full = [roi for roi in rois if len(roi.contours)]
            here = _lies_on_images(row) or (source is not None and _lies_in_frame(full, source))
            if type_ not in given and full and here:
                yield from ((row, type_, roi) for roi in full)


def _by_type(case: Case, row: Return, structure_set: StructureSet) -> dict[int, list[Roi]]:
    assert row.observer is not None
    names = [Named(roi.number, roi.name) for roi in structure_set.rois]
    types = types_of(case.study, names, row.observer.centre_id)
    found: dict[int, list[Roi]] = {}
    for roi in structure_set.rois:
        if roi.number in types:
            found.setdefault(types[roi.number], []).append(roi)
    return found


def _drawn(row: Return, rois: list[Roi], source: Source | None, spacing: float | None) -> Drawn:
    full = [roi for roi in rois if len(roi.contours)]
    if not full:
        return Drawn(row, None, Reason.EMPTY)
    if not (_lies_on_images(row) or (source is not None and _lies_in_frame(full, source))):
        return Drawn(row, None, Reason.FRAME)
    try:
        body = _together([body_of_contours(roi.contours, spacing) for roi in full])
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
