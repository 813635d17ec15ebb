"""What is wrong with a return, told plainly (R109).

Comes in: a structure set's bytes, the copy it is of. Goes out: problems as {"code", ...}; words for them are
in audits/words.py. Names are compared as the protocol's dictionary does, and by the names of the types.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from planbank.audits.models import CaseFile, Copy
from planbank.dicom.names.standard import folded
from planbank.naming.cells import Named
from planbank.services.collect.names import types_of

if TYPE_CHECKING:
    from planbank.dicom.structure_set import StructureSetSummary

Problem = dict[str, Any]
NEAR = 0.05  # mm: positions are copied digit for digit, and written by planning systems with two decimals
_AXES = {"x": 0, "y": 1, "z": 2}


def look(copy: Copy, drawn: StructureSetSummary) -> list[Problem]:
    """What the organiser should know of what was drawn."""
    full = [roi for roi in drawn.rois if not roi.empty]
    if not full:
        return [{"code": "nothing-drawn"}]
    found: list[Problem] = []
    given = _given(copy)
    empty = [roi.name for roi in drawn.rois if roi.empty and folded(roi.name) not in given]
    if empty:
        found.append({"code": "empty", "names": _listed(empty)})
    asked = list(copy.study.asked_types.order_by("name"))
    if asked:
        types = types_of(copy.study, [Named(roi.number, roi.name) for roi in full], copy.centre_id)
        missing = [one.name for one in asked if one.pk not in types.values()]
        if missing:
            found.append({"code": "missing", "names": _listed(missing)})
        wanted = {one.pk for one in asked}
        strange = [
            roi.name for roi in full if types.get(roi.number) not in wanted and folded(roi.name) not in given
        ]
        if strange:
            found.append({"code": "unknown-names", "names": _listed(strange)})
    return found


def fit(copy: Copy, drawn: StructureSetSummary) -> dict[str, int]:
    """How many of the planes drawn on lie on images of the copy: its geometry is the source's own."""
    facts = CaseFile.objects.filter(case=copy.case_id, part=CaseFile.Part.IMAGE)
    held = [one for one in facts.values_list("version__facts", flat=True) if one]
    places = {axis: [_along(one, number) for one in held] for axis, number in _AXES.items()}
    planes = {(axis, mm) for axis, mm, _image in drawn.planes}
    near = [
        any(place is not None and abs(place - mm) <= NEAR for place in places.get(axis, ()))
        for axis, mm in planes
    ]
    return {"fit": sum(near), "of": len(planes)}


def _along(facts: dict[str, Any], number: int) -> float | None:
    """Where an image lies along a patient axis, in mm."""
    origin = facts.get("origin_mm")
    return float(origin[number]) if origin else None


def _given(copy: Copy) -> set[str]:
    """Folded names of what went along with the images: no observer has to draw it, and it is not theirs."""
    return {folded(one.name) for one in copy.study.given_types.all()}


def _listed(names: list[str]) -> str:
    return ", ".join(sorted(set(names))[:20])
