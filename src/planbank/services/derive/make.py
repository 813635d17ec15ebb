"""The DVHs of derived structures: the part of the service that needs the engine.

Comes in: a calculation and the recipes that are due in it. Goes out: one row for each, with numbers or a
reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import cast

from planbank.archive.objects import read_object
from planbank.catalogue.models import Calculation
from planbank.dicom.dose_grid import read_dose
from planbank.dicom.structure_set import StructureSet, read_structure_set
from planbank.dose import engine
from planbank.dose.derived.sides import Laterality
from planbank.dose.derived.structures import derive
from planbank.dose.sampling import Field, field_of
from planbank.errors import ExpressionError
from planbank.house import House
from planbank.naming.models import DerivedDvh
from planbank.naming.queries.derived import Wanted
from planbank.naming.recipes import Recipe
from planbank.services.analyse.facts import clean
from planbank.services.calculate.columns import columns_of

RESULT = "derived structure"


def calculate(house: House, row: Calculation, due: Iterable[Wanted], editions: Mapping[int, int]) -> int:
    """Read, calculate, store; returns how many have numbers. Raises ObjectMissing, DicomError."""
    structure_set = read_structure_set(*read_object(house.store, row.structure_set.version.content_hash))
    versions = list(row.chosen_dose.versions.order_by("sop_instance_uid"))
    grids = [read_dose(*read_object(house.store, version.content_hash)) for version in versions]
    source = field_of(grids, row.chosen_dose.scales(versions))
    rows = [_row(house, row, one, editions[one.type], structure_set, source) for one in due]
    DerivedDvh.objects.bulk_create(rows, ignore_conflicts=True)
    return sum(not one.reason for one in rows)


def _row(
    house: House, row: Calculation, one: Wanted, edition: int, structure_set: StructureSet, source: Field
) -> DerivedDvh:
    made = DerivedDvh(
        calculation=row,
        structure_type_id=one.type,
        edition=edition,
        expression=one.recipe.expression,
        formula=one.recipe.formula,
        parts=one.recipe.numbered,
        side=one.recipe.side,
        algorithm=engine.ALGORITHM,
        made_at=house.clock.now(),
    )
    try:
        found = dvh_of(structure_set, source, one.recipe)
    except ExpressionError as exc:
        made.reason = exc.detail[:300]
        return made
    made.parameters = clean(found.parameters)
    for name, value in columns_of(found).items():
        setattr(made, name, value)
    return made


def dvh_of(structure_set: StructureSet, source: Field, recipe: Recipe) -> engine.Dvh:
    """The DVH of a recipe. Raises ExpressionError where its geometry cannot be had."""
    single = {rois[0].number: name for name, rois in recipe.parts if len(rois) == 1}
    taken = {name.casefold() for name, _rois in recipe.parts} | {RESULT}
    rois = []
    for roi in structure_set.rois:
        # Parts bear the names of their types; what is called like one and is none steps aside.
        name = single.get(roi.number) or (
            f"{roi.name} #{roi.number}" if roi.name.casefold() in taken else roi.name
        )
        rois.append(replace(roi, name=name))
    together = {
        name: " + ".join(f"#{roi.number}" for roi in rois) for name, rois in recipe.parts if len(rois) > 1
    }
    definitions = {**together, RESULT: _quoted(recipe)}
    axes = source.grids[0].geometry.axes
    side = cast("Laterality | None", recipe.side or None)
    made = derive(replace(structure_set, rois=tuple(rois)), definitions, axes=axes, laterality=side)
    return engine.dvh_of_body(RESULT, made[-1].body, source)


def _quoted(recipe: Recipe) -> str:
    """The expression; the name of a type whose ROIs are taken together may hold signs."""
    name = recipe.expression
    if any(name == part for part, _rois in recipe.parts):
        return f'"{name}"' if '"' not in name else f"'{name}'"
    return name
