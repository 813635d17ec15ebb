"""What a patient lies on and in: flat couch, head rest and mask.

Comes in: the outline of a body in patient coordinates. Goes out: layers to paint before the body.
"""

from __future__ import annotations

from ..geometry.shapes import Shape, shell
from ..geometry.solids import plate
from .body import Layer


def couch_top(outline: Shape, width: float = 200.0) -> Shape:
    """A flat couch top, 46 mm thick, just below the body; `width` is half its width in mm."""
    below, across = outline.hi[1] + 25.0, (outline.lo[0] + outline.hi[0]) / 2
    row = (across - width, below, across + width, below, 23.0)
    return plate([(outline.lo[2] - 50, *row), (outline.hi[2] + 50, *row)])


def couch_layers(outline: Shape) -> list[Layer]:
    """Carbon fibre skins about foam."""
    top = couch_top(outline)
    return [Layer(top, 20), Layer(top.grown(-3.4), -930)]


def mask_layers(outline: Shape, foot: float) -> list[Layer]:
    """A head rest of foam and a thermoplastic mask, both above the plane z = `foot` mm."""
    rest = outline.grown(24).cut(y_lo=outline.hi[1] - 62, y_hi=outline.hi[1] + 2, z_lo=foot)
    mask = shell(outline, 4.5, 1.5).cut(y_hi=outline.hi[1] - 60, z_lo=foot - 30)
    return [Layer(rest, -905), Layer(mask, -150)]
