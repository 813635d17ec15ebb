"""A condition part by part: what it asks, what was found, whether it holds.

Comes in: a condition and an object. Goes out: a line for each node, outermost first, for people who want
to know why. Values are cut: they may be whole reports.
"""

from __future__ import annotations

from dataclasses import dataclass

from planbank.dicom.conditions.tree import All, Condition, Node
from planbank.dicom.conditions.values import ObjectValues

MOST_VALUES, MOST_LETTERS = 3, 60


@dataclass(frozen=True)
class Said:
    """`joins` is "all" or "any" for a node that joins others; `found` is None where nothing is there."""

    depth: int
    holds: bool
    words: str = ""
    joins: str = ""
    found: tuple[str, ...] | None = None


def said(node: Node, values: ObjectValues, depth: int = 0) -> list[Said]:
    """The lines of a condition."""
    holds = not node.unmet(values)
    if isinstance(node, Condition):
        found = values.at(node.path)
        shown = tuple(one[:MOST_LETTERS] for one in found[:MOST_VALUES]) if found is not None else None
        return [Said(depth, holds, str(node), found=shown)]
    inner = [line for part in node.parts for line in said(part, values, depth + 1)]
    return [Said(depth, holds, joins="all" if isinstance(node, All) else "any"), *inner]


def nearest(node: Node, objects: list[ObjectValues]) -> list[Said]:
    """The lines for the object that meets most of the condition; none without objects."""
    every = [said(node, one) for one in objects]
    return max(every, key=lambda lines: sum(line.holds for line in lines), default=[])
