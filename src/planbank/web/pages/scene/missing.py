"""What volumes lack, by the verdicts on their stacks (R28, R102).

Comes in: volumes of a description. Goes out: for each how many images there should be, and where those are
missing whose place is known.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from planbank.catalogue.models import ImageStack


def lacking(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """By key: `missing` in mm along the normal from the first slice; `expected` None where unknown."""
    series = {row["of"]["series"] for row in rows}
    stacks: dict[int, list[ImageStack]] = {}
    judged = ImageStack.objects.filter(series__in=series).exclude(verdict=ImageStack.Verdict.SCOUT)
    for stack in judged.order_by("series", "place"):
        stacks.setdefault(stack.series_id, []).append(stack)
    found = {}
    for row in rows:
        mine, place = stacks.get(row["of"]["series"], []), row["of"]["place"]
        found[row["key"]] = _lacks(row, mine[place] if place < len(mine) else None)
    return found


def _lacks(row: dict[str, Any], stack: ImageStack | None) -> dict[str, Any]:
    known = ImageStack.Verdict.COMPLETE, ImageStack.Verdict.INCOMPLETE
    if stack is None or stack.verdict not in known:
        return {"missing": [], "expected": None}
    places: list[float] = []
    if stack.axis:
        axis = "xyz".index(stack.axis)
        sign, start = np.sign(row["normal"][axis]), row["origin"][axis]
        places = sorted(round(float(sign * (place - start)), 3) for place in stack.places)
    return {"missing": places, "expected": len(row["positions"]) + stack.missing}
