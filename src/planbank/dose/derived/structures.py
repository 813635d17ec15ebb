"""Derived structures of a structure set, by name (model.md, Derived structures).

Comes in: a structure set and definitions, name -> expression. Goes out: a `Derived` for each: its
body, and what it is made of. Definitions may use earlier ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from planbank.dose.derived.bodies import Body, body_of, combine
from planbank.dose.derived.expression import Both, Expression, Name, Side, leaves, parse, table_of
from planbank.dose.derived.sides import Laterality, choose_side
from planbank.dose.planes import AXIAL, sort_into_planes
from planbank.dose.slabs import EndCaps, usual_spacing
from planbank.errors import ExpressionError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from planbank.dicom.geometry import Axes
    from planbank.dicom.structure_set import Roi, StructureSet


@dataclass(frozen=True, slots=True, eq=False)
class Derived:
    """A derived structure: its name, its expression as typed, the ROIs it is made of, its body."""

    name: str
    expression: str
    rois: tuple[Roi, ...]
    body: Body


def derive(
    structure_set: StructureSet,
    definitions: Mapping[str, str],
    *,
    axes: Axes = AXIAL,
    laterality: Laterality | None = None,
    end_caps: EndCaps = "shape",
    spacing: float | None = None,
) -> list[Derived]:
    """Derived structures, in the order of their definitions.

    Args:
        structure_set: with contours in patient coordinates (mm).
        definitions: name -> expression, such as {'Lungs': 'Lung_L + Lung_R'}; `#3` is ROI number 3.
        axes: preferred axes of planes, those of the dose grid.
        laterality: the treated side, for `ipsi` and `contra`; without it the side of the target.
        end_caps: what lies between and beyond planes, see `planbank.dose.engine.dvh`.
        spacing: plane spacing (mm) where no ROI has one of its own.

    Raises ExpressionError where an expression names what is not there or cannot be understood.
    """
    positions = [sort_into_planes(roi.contours, axes).positions for roi in structure_set.rois]
    usual = usual_spacing(positions) or spacing
    names = [roi.name for roi in structure_set.rois] + [f"#{roi.number}" for roi in structure_set.rois]
    earlier: dict[str, Expression] = {}
    made = []
    for name, typed in definitions.items():
        expression = _replaced(parse(typed, [*earlier, *names]), earlier)
        operands = leaves(expression)
        rois = [_roi(structure_set, operand, laterality) for operand in operands]
        bodies = _bodies(rois, axes, usual, end_caps)
        body = combine(bodies, table_of(expression, operands))
        made.append(Derived(name, typed, tuple({roi.number: roi for roi in rois}.values()), body))
        earlier[name] = expression
    return made


def _bodies(rois: Sequence[Roi], axes: Axes, usual: float | None, end_caps: EndCaps) -> list[Body]:
    """Bodies in common axes: the preferred ones, or those of the first ROI that is not flat in them."""
    planes = [sort_into_planes(roi.contours, axes) for roi in rois]
    own = next((one.axes for one in planes if one.planes and one.axes is not axes), axes)
    planes = [sort_into_planes(roi.contours, own) for roi in rois]
    return [body_of(one, usual, end_caps) for one in planes]


def _replaced(expression: Expression, earlier: Mapping[str, Expression]) -> Expression:
    """With earlier definitions written out."""
    if isinstance(expression, Both):
        left, right = _replaced(expression.left, earlier), _replaced(expression.right, earlier)
        return Both(expression.operator, left, right)
    return earlier.get(expression.name, expression) if isinstance(expression, Name) else expression


def _roi(structure_set: StructureSet, operand: Name | Side, laterality: Laterality | None) -> Roi:
    if isinstance(operand, Side):
        return choose_side(structure_set.rois, operand.side, operand.base, laterality)
    alike = [roi for roi in structure_set.rois if operand.name in (roi.name, f"#{roi.number}")]
    if len(alike) > 1:
        numbers = ", ".join(f"#{roi.number}" for roi in alike)
        raise ExpressionError(f"{len(alike)} structures are called '{operand.name}'. Name one: {numbers}.")
    return alike[0]
