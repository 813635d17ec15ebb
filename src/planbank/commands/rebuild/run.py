"""`planbank rebuild`: the same bank again, from the archive and a settings export.

Comes in: a house whose database is there and empty (or behind its archive), and perhaps a file. Goes out:
rows, and in words what was found. What leaves the bank is paused until somebody has looked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from planbank.commands.rebuild.restore import read
from planbank.house import House

# Nothing is told or sent twice because a bank was rebuilt: an administrator lets it go on.
HELD = ("receipt", "forward", "export", "clean")


def rebuild(house: House, file: Path | None, tell: Callable[[int, int], object]) -> Iterator[str]:
    """Lines on what was done. Raises ExportError, RebuildError."""
    from planbank.erasure.tombstones import remember
    from planbank.services.register.from_archive import register_from_archive

    if file is not None:
        yield f"settings: {read(house, file)}"
        hold(house)
    marks = remember(house)
    if marks:
        yield f"tombstones: {marks} read from the archive"
    found = register_from_archive(house, tell)
    yield f"archive: {found.registered} arrivals registered that no table knew"
    if found.erased:
        yield f"archive: {found.erased} arrivals stay erased"
    if found.missing:
        yield f"archive: {found.missing} arrivals whose object is not there (erased, or lost: planbank check)"
    if found.unreadable:
        yield f"archive: {found.unreadable} objects cannot be read any more (planbank check --deep)"
    yield "Everything that is calculated is calculated again when the bank's processes run."
    if file is not None:
        yield f"Paused until an administrator lets them go on (page Services): {', '.join(HELD)}."


def hold(house: House) -> None:
    """Pause what speaks to the outside, and what deletes."""
    from planbank.pipeline.pausing import pause

    for name in HELD:
        pause(name, "rebuild", house.clock.now())
