"""The graph of references, drawn: boxes and arrows for an SVG.

Comes in: tiers of boxes. Goes out: two drawings of them, one across and one down for a phone, and
the same in sentences.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise

from planbank.catalogue.models import PlanSet
from planbank.catalogue.queries.one_plan_set import Parts
from planbank.web.pages.plan.boxes import Box, Seen, tiers_of

GAP, BETWEEN = 16, 10


@dataclass(frozen=True)
class Arrow:
    """A line that ends in a head; `dashed` where one end is missing."""

    path: str
    head: str
    dashed: bool


@dataclass(frozen=True)
class Drawing:
    """Boxes and arrows, and how large they are in px."""

    width: float
    height: float
    boxes: list[Box] = field(default_factory=list)
    arrows: list[Arrow] = field(default_factory=list)

    @property
    def view_box(self) -> str:
        return f"0 0 {self.width:g} {self.height:g}"


@dataclass(frozen=True)
class Graph:
    """Both drawings, the sentences that say the same, and whether something is missing."""

    across: Drawing
    down: Drawing
    sentences: list[str]
    resolved: bool


def graph_of(plan_set: PlanSet, parts: Parts, seen: Seen) -> Graph:
    """The references of a plan set, both ways, and in sentences."""
    tiers = tiers_of(plan_set, parts, seen)
    boxes = [box for tier in tiers for box in tier]
    return Graph(
        _across(tiers),
        _down(tiers),
        [box.says for box in boxes if box.says],
        not seen.missing and not any(box.missing for box in boxes),
    )


def _across(tiers: list[list[Box]]) -> Drawing:
    """Tiers from left to right, each in the middle of the height."""
    tall = max((sum(b.height for b in tier) + BETWEEN * (len(tier) - 1) for tier in tiers), default=0)
    gap = GAP if len(tiers) > 3 else 2 * GAP
    placed: list[list[Box]] = []
    x = 0.5
    for tier in tiers:
        y = (tall - sum(b.height for b in tier) - BETWEEN * (len(tier) - 1)) / 2 + 0.5
        boxes = []
        for box in tier:
            boxes.append(replace(box, x=x, y=round(y, 1)))
            y += box.height + BETWEEN
        placed.append(boxes)
        x += tier[0].width + gap
    arrows = [_arrow_left(to, source) for left, right in pairwise(placed) for to in left for source in right]
    return Drawing(x - gap + 0.5, tall + 1, [box for tier in placed for box in tier], arrows)


def _arrow_left(to: Box, source: Box) -> Arrow:
    x1, y1 = source.x, source.y + source.height / 2
    x2, y2 = to.x + to.width, to.y + to.height / 2
    middle = (x1 + x2) / 2
    path = f"M{x1:g} {y1:g}H{middle:g}V{y2:g}H{x2 + 6:g}"
    head = f"{x2 + 1:g},{y2:g} {x2 + 7:g},{y2 - 3.5:g} {x2 + 7:g},{y2 + 3.5:g}"
    return Arrow(path, head, to.missing or source.missing)


def _down(tiers: list[list[Box]]) -> Drawing:
    """Tiers from top to bottom, at most two boxes beside each other."""
    width, half = 200.0, 94.0
    placed: list[list[Box]] = []
    y = 0.5
    for tier in tiers:
        boxes: list[Box] = []
        for start in range(0, len(tier), 2):
            row = tier[start : start + 2]
            x = 0.5 if len(row) == 2 else (width - half) / 2
            boxes += [replace(box, x=x + n * (half + 11), y=y, width=half) for n, box in enumerate(row)]
            y += max(box.height for box in row) + 8
        placed.append(boxes)
        y += GAP - 8
    arrows = [
        _arrow_up(to, source)
        for above, below in pairwise(placed)
        for to in above[-2:]
        for source in below[:2]
    ]
    return Drawing(width, y - GAP + 1, [box for tier in placed for box in tier], arrows)


def _arrow_up(to: Box, source: Box) -> Arrow:
    x1, y1 = source.x + source.width / 2, source.y
    x2, y2 = to.x + to.width / 2, to.y + to.height
    middle = (y1 + y2) / 2 + 2
    path = f"M{x1:g} {y1:g}V{middle:g}H{x2:g}V{y2 + 6:g}"
    head = f"{x2:g},{y2 + 1:g} {x2 - 3.5:g},{y2 + 7:g} {x2 + 3.5:g},{y2 + 7:g}"
    return Arrow(path, head, to.missing or source.missing)
