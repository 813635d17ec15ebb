"""`planbank.dose.dvh`: DVHs of DICOM objects in one call, without Django, settings or a database.

Comes in: a structure set, a dose and perhaps a plan, as paths, bytes, pydicom data sets or what
`planbank.dicom` opened. Goes out: `Results`. Also what the command `planbank dvh` calls.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydicom.dataset import Dataset

from planbank.dicom.dose_grid import DoseGrid
from planbank.dicom.structure_set import StructureSet
from planbank.dose import engine
from planbank.dose.choice import gy_per_unit, judge_total
from planbank.dose.derived.expression import split_definition
from planbank.dose.derived.structures import derive as derived_structures
from planbank.dose.planes import AXIAL
from planbank.dose.results import Results, RoiResult
from planbank.dose.sampling import Field, field_of
from planbank.dose.sources import open_dose, open_plan, open_structure_set
from planbank.errors import DicomUnsupported

if TYPE_CHECKING:
    from planbank.dicom.plan import Plan
    from planbank.dose.derived.sides import Laterality
    from planbank.dose.engine import Interpolation
    from planbank.dose.metrics import Prescriptions
    from planbank.dose.slabs import EndCaps
    from planbank.dose.sources import Source

Definitions = Mapping[str, str] | Sequence[str] | str


def dvh(
    structure_set: Source | StructureSet,
    dose: Source | DoseGrid | Sequence[Source | DoseGrid],
    plan: Source | Plan | None = None,
    *,
    rois: Collection[int | str] | None = None,
    derive: Definitions | None = None,
    laterality: Laterality | None = None,
    prescription: Prescriptions = None,
    end_caps: EndCaps | None = None,
    interpolation: Interpolation | None = None,
    spacing: float | None = None,
) -> Results:
    """Dose-volume histograms of a structure set in a dose.

    Args:
        structure_set: an RTSTRUCT (path, bytes of a file, pydicom data set, or opened).
        dose: an RTDOSE, or several that are added, on whatever grids: the beams of a plan, or
            plans that were given one after the other. Which ones belong together is the
            caller's word; `planbank.dose.choice` knows the rules for a plan's own doses.
        plan: an RTPLAN, for its prescription.
        rois: ROI Numbers or names; None means all. A name that is not there is an error.
        derive: structures made of others, {'name': 'expression'} or ['name = expression', ...]:
            'Lungs - GTV', 'Lung_L + Lung_R', 'PTV & Heart', 'ipsi(Lung)'. On geometry, never
            by adding curves.
        laterality: 'left' or 'right', the treated side for ipsi and contra; without it the side
            on which the target lies.
        prescription: Gy, or several by name ({'PTV 68': 68, 'PTV 50': 50}); stands over the plan's.
        end_caps, interpolation: conventions of `planbank.dose.engine.dvh`; None is the method in
            force, for derived structures too.
        spacing: slice spacing (mm) of the images, for a structure set of single slices only.

    Returns a result for every ROI asked for, in the order of the structure set, then the derived
    ones. What cannot be had (empty, outside the dose) is there with flags and without numbers.
    Volumes are in cc, doses in Gy (Gy(RBE) where the flag 'gy-rbe' stands). Coordinates are those
    of the patient (DICOM PS3.3, C.7.6.2), so any orientation of images and grids will do.

    Raises DicomError where an object cannot be used (its message says why), ExpressionError for a
    derived structure that cannot be had, KeyError for an ROI that is not there, OSError for a file
    that cannot be read.

    Source: R71 to R76, R83; the terms of DICOM PS3.3, C.8.8.4.
    """
    opened = open_structure_set(structure_set)
    grids = [open_dose(one) for one in _each(dose)]
    read = open_plan(plan) if plan is not None else None
    own = read.prescription.dose_gy if read is not None and read.prescription else None
    known = prescription if prescription is not None else own
    source, notes = _field(grids, _leading(known))
    if read is not None and len(grids) == 1:
        notes += [one.says for one in judge_total(source.highest, own, read.fractions)]
    made = of_opened(
        opened, source, known, rois=rois, derive=derive, laterality=laterality,
        **_method(end_caps, interpolation, spacing),
    )  # fmt: skip
    return Results(made.every, tuple(notes))


def of_opened(
    structure_set: StructureSet,
    source: Field,
    prescription: Prescriptions = None,
    *,
    rois: Collection[int | str] | None = None,
    derive: Definitions | None = None,
    laterality: Laterality | None = None,
    **method: Any,
) -> Results:
    """Like `dvh`, of objects that are open and doses that were chosen."""
    _known_rois(structure_set, rois)
    definitions = definitions_of(derive)
    found = engine.dvh(structure_set, source, rois, **method)
    external = [roi.number for roi in structure_set.rois if roi.type == "EXTERNAL"]
    body = next((one for one in found if one.number in external), None)
    results = [RoiResult(one, prescription, body) for one in found]
    if definitions:
        made = derived_structures(
            structure_set,
            definitions,
            axes=source.grids[0].geometry.axes if source.grids else AXIAL,
            laterality=laterality,
            spacing=method.get("spacing"),
            **({"end_caps": method["end_caps"]} if "end_caps" in method else {}),
        )
        cubic = method.get("interpolation") != "trilinear"
        for one in made:
            own = engine.dvh_of_body(one.name, one.body, source, cubic=cubic)
            results.append(RoiResult(own, prescription, body, one.expression))
    return Results(tuple(results))


def definitions_of(derive: Definitions | None) -> dict[str, str]:
    """Definitions by name, from any of the forms they are given in. Raises ExpressionError."""
    if not derive:
        return {}
    if isinstance(derive, Mapping):
        return dict(derive)
    return dict(split_definition(one) for one in ([derive] if isinstance(derive, str) else derive))


def _each(dose: Source | DoseGrid | Sequence[Source | DoseGrid]) -> list[Source | DoseGrid]:
    return [dose] if isinstance(dose, (str, os.PathLike, bytes, Dataset, DoseGrid)) else list(dose)


def _leading(prescription: Prescriptions) -> float | None:
    """The dose a relative grid refers to: the only one, or the one without a name."""
    if isinstance(prescription, Mapping):
        return prescription.get("") or (next(iter(prescription.values())) if len(prescription) == 1 else None)
    return prescription


def _field(grids: Sequence[DoseGrid], prescription_gy: float | None) -> tuple[Field, list[str]]:
    """The doses as one field, refused where adding them would mean nothing; and notes about them."""
    if not grids:
        raise DicomUnsupported("There is no dose.")
    kinds = {grid.info.type or "PHYSICAL" for grid in grids}
    if "ERROR" in kinds:
        raise DicomUnsupported("It holds a dose error, not a dose.")
    odd = {grid.info.units for grid in grids} - {"GY", "RELATIVE"}
    if odd:
        raise DicomUnsupported(f"Its unit is {odd.pop() or 'not given'}, neither GY nor RELATIVE.")
    if len(kinds) > 1:
        raise DicomUnsupported("Physical and effective dose are never added.")
    if len({grid.info.frame_of_reference_uid for grid in grids} - {""}) > 1:
        raise DicomUnsupported("The doses lie in different frames of reference and cannot be added.")
    scales = []
    for grid in grids:
        scale = gy_per_unit(grid.info.units, grid.maximum, prescription_gy)
        if scale is None:
            raise DicomUnsupported("The dose is relative, and there is no prescription to relate it to.")
        scales.append(scale)
    relative = any(grid.info.units == "RELATIVE" for grid in grids)
    notes = ["The dose is relative; it was taken as part of the prescription."] if relative else []
    return field_of(grids, scales), notes


def _known_rois(structure_set: StructureSet, rois: Collection[int | str] | None) -> None:
    if isinstance(rois, str):
        raise KeyError(f"rois must be a list of names or numbers, such as [{rois!r}]")
    there = {roi.name for roi in structure_set.rois} | {roi.number for roi in structure_set.rois}
    lacking = [one for one in rois or () if one not in there]
    if lacking:
        names = ", ".join(roi.name for roi in structure_set.rois)
        raise KeyError(f"there is no ROI {lacking[0]!r}; there is {names}")


def _method(end_caps: str | None, interpolation: str | None, spacing: float | None) -> dict[str, Any]:
    """Only what was asked for, so that the rest is the method in force."""
    asked = {"end_caps": end_caps, "interpolation": interpolation, "spacing": spacing}
    return {name: value for name, value in asked.items() if value is not None}
