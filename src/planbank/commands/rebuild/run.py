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
HELD = ("receipt", "forward", "hand_out", "export", "push", "clean")


GIVEN_UP = "It waited when the bank was lost, and may have gone out since"


def rebuild(house: House, file: Path | None, tell: Callable[[int, int], object]) -> Iterator[str]:
    """Lines on what was done. Raises ExportError, RebuildError."""
    from django.db import transaction

    from planbank.erasure.tombstones import remember
    from planbank.services.register.from_archive import register_from_archive

    if file is not None:
        with transaction.atomic():
            said = read(house, file)
            hold(house)
            again = copies_again(house)
        yield f"settings: {said}"
        if again:
            yield f"audits: {again} copies whose files are not there are made again, as they were"
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
    """Pause what speaks to the outside and what deletes; no mail goes out twice by itself."""
    from planbank.messages.models import Message
    from planbank.pipeline.pausing import pause

    now = house.clock.now()
    for name in HELD:
        pause(name, "rebuild", now)
    waiting = Message.objects.filter(state=Message.State.WAITING)
    waiting.update(state=Message.State.GIVEN_UP, problem=GIVEN_UP, ended_at=now)


def copies_again(house: House) -> int:
    """Copies of audits that did not arrive and whose files no backup held wait to be made; how many.

    Their identities follow from the keys, so they are the same copies.
    """
    from planbank.audits.acting import LANE
    from planbank.audits.models import Copy
    from planbank.pipeline.due import BACKGROUND, make_due

    state = Copy.State
    under_way = Copy.objects.filter(state__in=[state.MADE, state.SENT, state.FAILED], made_at__isnull=False)
    lost = [
        row.pk
        for row in under_way
        if not all(map(house.store.exists, row.files.values_list("key", flat=True)))
    ]
    Copy.objects.filter(pk__in=lost).update(state=state.WAITING, problem="", attempts=0)
    make_due("copy", [(pk, LANE) for pk in lost], house.clock.now(), priority=BACKGROUND)
    return len(lost)
