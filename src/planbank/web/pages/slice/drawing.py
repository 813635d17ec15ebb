"""The middle slice as the page draws it.

Comes in: a plan set with its bundle. Goes out: sizes, and lines as SVG path data with the colours
and dashes of look.md (isodoses) and the RTSTRUCT (structures).
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import dataclass

from planbank.catalogue.models import PlanSet
from planbank.errors import ObjectMissing
from planbank.house import House

MARGIN = 0.03
_COLOUR = re.compile(r"#[0-9a-f]{6}\Z")
# look.md, isodoses: part of the reference dose -> class of the line in slice.css.
_LEVELS = (
    (1.06, "iso-107"),
    (0.99, "iso-100"),
    (0.94, "iso-95"),
    (0.7, "iso-80"),
    (0.4, "iso-50"),
    (0, "iso-25"),
)


@dataclass(frozen=True)
class Line:
    """One ROI or isodose: what it is called, its colour or class, its SVG path."""

    title: str
    colour: str
    kind: str
    path: str


@dataclass(frozen=True)
class Drawing:
    """`width` and `height` in units of the drawing: pixels, stretched to be square in mm."""

    width: float
    height: float
    position_mm: float
    structures: list[Line]
    isodoses: list[Line]
    part: tuple[float, float, float, float]

    @property
    def view_box(self) -> str:
        """The part that is shown: left, top, width, height."""
        return " ".join(f"{number:g}" for number in self.part)


def drawing_of(house: House, plan_set: PlanSet, names: Collection[str]) -> Drawing | None:
    """None while there is no picture (no images yet, or not drawn yet); `names`: those that may be told."""
    bundle = getattr(plan_set, "bundle", None)
    if bundle is None:
        return None
    try:
        with house.store.open(bundle.lines_key) as stream:
            lines = json.load(stream)
    except (ObjectMissing, ValueError):
        return None
    aspect = float(lines["aspect"])
    reference = lines["reference_gy"] or 0.0
    size = lines["width"], round(lines["height"] * aspect, 3)
    return Drawing(
        width=size[0],
        height=size[1],
        position_mm=lines["position_mm"],
        structures=[
            Line(
                o["name"] if o["name"] in names else "",
                safe_colour(o["colour"]),
                "structure",
                path_of(o["lines"], aspect),
            )
            for o in lines["outlines"]
        ],
        isodoses=[
            Line(f"{i['gy']:.4g} Gy", "", level_of(i["gy"], reference), path_of(i["lines"], aspect))
            for i in lines["isodoses"]
        ],
        part=part_of([line for o in lines["outlines"] for line in o["lines"]], size, aspect),
    )


def part_of(
    outlines: list[list[list[float]]], size: tuple[float, float], aspect: float
) -> tuple[float, float, float, float]:
    """Where the structures are, with a margin: air and couch need no room. All of it without any."""
    points = [(x + 0.5, (y + 0.5) * aspect) for line in outlines for x, y in line]
    if not points:
        return 0.0, 0.0, *size
    margin = MARGIN * max(size)
    left = max(min(x for x, _y in points) - margin, 0.0)
    top = max(min(y for _x, y in points) - margin, 0.0)
    right = min(max(x for x, _y in points) + margin, size[0])
    bottom = min(max(y for _x, y in points) + margin, size[1])
    return round(left, 1), round(top, 1), round(right - left, 1), round(bottom - top, 1)


def safe_colour(colour: str) -> str:
    """The colour, where it is one."""
    return colour if _COLOUR.match(colour) else "#ffffff"


def level_of(gy: float, reference: float) -> str:
    """The class of an isodose line (slice.css)."""
    part = gy / reference if reference else 0.0
    return next(name for least, name in _LEVELS if part >= least)


def path_of(lines: list[list[list[float]]], aspect: float) -> str:
    """SVG path data; pixel centres lie half a pixel inside the picture's edge."""
    moves = []
    for line in lines:
        points = [f"{x + 0.5:.2f} {(y + 0.5) * aspect:.2f}" for x, y in line]
        if points:
            moves.append("M" + "L".join(points))
    return "".join(moves)
