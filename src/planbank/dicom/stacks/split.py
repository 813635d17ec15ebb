"""One series -> its stacks (model.md, Stacks).

Comes in: the images of a series. Goes out: stacks. Orientation, frame of reference and scouts
always stand apart. Phases, echoes, b-values and acquisitions do where images share positions:
a number that merely counts images tells no stacks apart.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Sequence

from planbank.dicom.images import modal_spacing
from planbank.dicom.stacks.slices import SAME_PLACE, Slice, Stack

MARKS = ("phase", "echo", "b-value", "trigger delay", "acquisition", "image type")
"""The names of `Slice.marks`, in the order in which they are tried."""


def split(slices: Iterable[Slice]) -> list[Stack]:
    """The stacks of one series, in a stable order. Images without geometry are in none."""
    groups: dict[tuple[object, ...], list[Slice]] = defaultdict(list)
    for one in slices:
        if one.position is not None:
            groups[(one.direction, one.frame_of_reference_uid, one.localiser)].append(one)
    found = [stack for key in sorted(groups, key=str) for stack in _phases(groups[key])]
    return sorted(found, key=lambda stack: (stack.localiser, -len(stack.slices)))


def _phases(group: list[Slice]) -> list[Stack]:
    whole = _stack(group)
    if whole.localiser:
        return [whole]
    if whole.repeated:
        return _apart(whole)
    if not _regular(whole):
        parts = _by_mark(whole, MARKS.index("acquisition"))
        if len(parts) > 1 and all(len(part.slices) > 1 and _regular(part) for part in parts):
            return parts
    return [whole]


def _apart(stack: Stack) -> list[Stack]:
    """Split by the first mark that lessens the repeated positions, and its parts by the next ones."""
    for index in range(len(MARKS)):
        parts = _by_mark(stack, index)
        if len(parts) > 1 and sum(len(part.repeated) for part in parts) < len(stack.repeated):
            return [one for part in parts for one in (_apart(part) if part.repeated else [part])]
    runs = _runs(stack)
    return runs if len(runs) > 1 and not any(run.repeated for run in runs) else [stack]


def _by_mark(stack: Stack, index: int) -> list[Stack]:
    groups: dict[str, list[Slice]] = defaultdict(list)
    for one in stack.slices:
        groups[one.marks[index] if index < len(one.marks) else ""].append(one)
    return [_stack(groups[value], f"{MARKS[index]} {value}".strip()) for value in sorted(groups, key=_order)]


def _runs(stack: Stack) -> list[Stack]:
    """Passes through the patient, by Instance Number: each begins where the position turns back."""
    if any(one.number is None for one in stack.slices):
        return [stack]
    ordered = sorted(stack.slices, key=lambda one: one.number or 0)
    steps = [(b.position or 0.0) - (a.position or 0.0) for a, b in itertools.pairwise(ordered)]
    forward = 1.0 if sum(step > 0 for step in steps) * 2 >= len(steps) else -1.0
    runs: list[list[Slice]] = [[ordered[0]]]
    for one, step in zip(ordered[1:], steps, strict=True):
        if step * forward <= SAME_PLACE:
            runs.append([])
        runs[-1].append(one)
    return [_stack(run, f"pass {number}") for number, run in enumerate(runs, 1)]


def _regular(stack: Stack) -> bool:
    places = stack.positions
    spacing = modal_spacing(places)
    return spacing is None or all(
        abs((b - a) / spacing - 1.0) <= 0.1 for a, b in itertools.pairwise(places) if b - a > SAME_PLACE
    )


def _stack(slices: Sequence[Slice], mark: str = "") -> Stack:
    return Stack(tuple(sorted(slices, key=lambda one: (one.position or 0.0, one.number or 0, one.uid))), mark)


def _order(value: str) -> tuple[float, str]:
    """Numbers as numbers, so that phase 10 comes after phase 9."""
    try:
        return float(value), value
    except ValueError:
        return float("inf"), value
