"""Is a stack complete? (R28, model.md, Stacks)

Comes in: a stack, and what others say should be there: the images structure sets name, the
positions of their contours, the numbers the series holds. Goes out: a verdict with its reasons.
What is irregular by itself (a helical scan with varying spacing) is never called incomplete.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from planbank.dicom.images import modal_spacing
from planbank.dicom.stacks.slices import SAME_PLACE, Stack

Verdict = Literal["complete", "incomplete", "cannot tell", "scout"]
Reason = Literal[
    "position-gap", "number-gap", "images-named", "fewer-than-acquired",
    "repeated-positions", "single-image", "irregular-spacing", "numbers-begin-late",
]  # fmt: skip
_OFF = 0.1  # of the spacing: what rounding and a slightly uneven couch may do


@dataclass(frozen=True)
class Judgement:
    """What is known of a stack's completeness.

    Attributes:
        missing: how many images are missing at least.
        places: positions (mm along the normal) of those whose place is known.
        spacing: the usual distance of neighbours in mm; None below two positions.
    """

    verdict: Verdict
    reasons: tuple[Reason, ...] = ()
    missing: int = 0
    places: tuple[float, ...] = ()
    spacing: float | None = None


def judge(
    stack: Stack,
    *,
    named: Collection[str] = (),
    drawn_at: Sequence[float] = (),
    numbers: Collection[int] = (),
) -> Judgement:
    """Judge one stack.

    `named`: SOP Instance UIDs of the series that a structure set names; `drawn_at`: where it drew,
    in mm along the stack's normal; `numbers`: Instance Numbers of the whole series, so that a
    number that another stack has is not missed here.
    """
    if stack.localiser:
        return Judgement("scout")
    if any(one.frames > 1 for one in stack.slices):
        return Judgement("complete")
    places = stack.positions
    spacing = modal_spacing(places)
    here = {one.uid for one in stack.slices}
    absent = len(set(named) - here)
    gaps, regular = _gaps(places, spacing)
    reasons: list[Reason] = ["position-gap"] if gaps else []
    if not regular and (by_number := _number_gaps(stack, set(numbers))):
        gaps = sorted([*gaps, *by_number])
        reasons.append("number-gap")
    missing = max(len(gaps), absent, _fewer_than_acquired(stack))
    if absent > len(gaps) and spacing:
        gaps = sorted([*gaps, *_ends(places, spacing, drawn_at, absent - len(gaps))])
    if absent:
        reasons.append("images-named")
    if _fewer_than_acquired(stack):
        reasons.append("fewer-than-acquired")
    if missing:
        return Judgement("incomplete", tuple(reasons), missing, tuple(gaps), spacing)
    doubts = _doubts(stack, regular, bool(named), set(numbers))
    return Judgement("cannot tell" if doubts else "complete", doubts, spacing=spacing)


def _gaps(places: list[float], spacing: float | None) -> tuple[list[float], bool]:
    """Positions at whole multiples of the spacing that no image has, and whether distances are regular."""
    found: list[float] = []
    if spacing is None:
        return found, True
    for low, high in itertools.pairwise(places):
        steps = (high - low) / spacing
        whole = round(steps)
        if high - low <= SAME_PLACE or (whole == 1 and abs(steps - 1) <= _OFF):
            continue
        if abs(steps - whole) > _OFF or whole < 1:
            return [], False
        found += [low + spacing * step for step in range(1, whole)]
    # A spacing that most neighbours do not have is none: then gaps are the rule, not the exception.
    usual = sum(abs((b - a) / spacing - 1) <= _OFF for a, b in itertools.pairwise(places))
    return (found, True) if not found or usual * 2 > len(places) - 1 else ([], False)


def _number_gaps(stack: Stack, held: set[int]) -> list[float]:
    """Where Instance Numbers skip along the stack while positions cannot tell; evenly between neighbours."""
    pairs = [(one.number, one.position or 0.0) for one in stack.slices]
    if len(pairs) < 3 or any(number is None for number, _place in pairs):
        return []
    steps = Counter((b[0] or 0) - (a[0] or 0) for a, b in itertools.pairwise(pairs))
    stride, often = steps.most_common(1)[0]
    if abs(stride) != 1 or often * 2 <= len(pairs) - 1:
        return []
    found: list[float] = []
    for (number, low), (after, high) in itertools.pairwise(pairs):
        between = range((number or 0) + stride, after or 0, stride)
        lost = [n for n in between if n not in held]
        found += [low + (high - low) * (k + 1) / (len(lost) + 1) for k in range(len(lost))]
    return found


def _fewer_than_acquired(stack: Stack) -> int:
    """How many images of the acquisition are not here, where every image gives the same number."""
    expected = {one.expected for one in stack.slices}
    (only,) = expected if len(expected) == 1 else (None,)
    return max(0, only - len(stack.slices)) if only else 0


def _ends(places: list[float], spacing: float, drawn_at: Sequence[float], most: int) -> list[float]:
    """Positions beyond the ends, on the stack's lattice, that contours were drawn on."""
    found: set[float] = set()
    for place in drawn_at:
        for end, out in ((places[0], -1.0), (places[-1], 1.0)):
            steps = (place - end) * out / spacing
            whole = round(steps)
            if whole >= 1 and abs(steps - whole) <= _OFF:
                found.update(end + out * spacing * step for step in range(1, whole + 1))
    return sorted(found)[:most]


def _doubts(stack: Stack, regular: bool, named: bool, numbers: set[int]) -> tuple[Reason, ...]:
    found: list[Reason] = []
    if stack.repeated:
        found.append("repeated-positions")
    if not regular:
        found.append("irregular-spacing")
    if len(stack.slices) == 1 and not named:
        found.append("single-image")
    elif not named and not found and (numbers or _numbers(stack)):
        first = min(numbers or _numbers(stack))
        if first > 1:
            found.append("numbers-begin-late")
    return tuple(found)


def _numbers(stack: Stack) -> set[int]:
    return {one.number for one in stack.slices if one.number is not None}
