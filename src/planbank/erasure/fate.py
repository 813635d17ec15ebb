"""When unassigned data go, and what keeps them (R31, R187, R212). Pure.

Comes in: units of one patient file (an RT object, or a series of images) with the moment their clock began,
who holds them, what refers to what and which belong together. Goes out: for each a `Fate`. What
a kept unit refers to is kept; nothing goes before what refers to it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

K = TypeVar("K")


@dataclass(frozen=True)
class Unit(Generic[K]):
    """`began`: its last receipt or the end of its last membership. `held`: by whom; "" by nobody."""

    key: K
    began: datetime
    held: str = ""


@dataclass(frozen=True)
class Fate(Generic[K]):
    """`goes_at` is None for what is kept; `because` is the unit that keeps it, or makes it stay longer."""

    goes_at: datetime | None
    because: K
    held: str = ""

    @property
    def is_kept(self) -> bool:
        return self.goes_at is None


def fates(
    units: Iterable[Unit[K]],
    refers: Mapping[K, Collection[K]],
    together: Iterable[Collection[K]],
    lives_until: Callable[[datetime], datetime],
) -> dict[K, Fate[K]]:
    """The fate of each unit. `together`: plan sets, whose units share the latest of their clocks.

    `lives_until`: from when a clock began to when it ends. The result does not depend on any order.
    """
    rows = {unit.key: unit for unit in units}
    began = {key: unit.began for key, unit in rows.items()}
    for group in together:
        known = [key for key in group if key in rows]
        latest = max((rows[key].began for key in known), default=None)
        for key in known:
            assert latest is not None
            began[key] = max(began[key], latest)
    own = {key: lives_until(at) for key, at in began.items()}
    found: dict[K, Fate[K]] = {}
    # The longest-lived first: each gives its own date to all it leads to, unless they have a later one.
    free = sorted(
        (key for key in rows if not rows[key].held), key=lambda key: (own[key], str(key)), reverse=True
    )
    for key in [*sorted((key for key in rows if rows[key].held), key=str), *free]:
        fate = Fate(None if rows[key].held else own[key], key, rows[key].held)
        waiting = [key]
        while waiting:
            here = waiting.pop()
            if here in found:
                continue
            found[here] = fate if here == key or not rows[here].held else Fate(None, here, rows[here].held)
            waiting += [there for there in refers.get(here, ()) if there in rows and there not in found]
    return found
