"""The files of an export, for who asked for them: one ZIP that goes on where it broke off (R113, R190).

Comes in: an export, an act of who asked, what the request says of ranges (RFC 9110, section 14). Goes out: an
`Answer` for a page or the API. The bytes end with AnswerEnded once the approval does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext as _

from planbank.errors import AnswerEnded, ProtocolError
from planbank.house import House
from planbank.protocols.act import Act
from planbank.services.export.layout import lay_out, out_of_reach
from planbank.services.export.reading import LaidOut
from planbank.takeout.asking import taken
from planbank.takeout.models import Export

PAUSE = timedelta(seconds=1)
_RANGE = re.compile(r"bytes=([0-9]{1,19})-([0-9]{0,19})")


@dataclass(frozen=True)
class Answer:
    """Status, headers and, unless only asked about, the bytes."""

    status: int
    headers: dict[str, str]
    pieces: Iterator[bytes]


def take(
    house: House, row: Export, by: Act, *, asked: str = "", only_if: str = "", head: bool = False
) -> Answer:
    """The ZIP, or a range of it; a disclosure on record. Raises ProtocolError where it cannot be taken now.

    `asked` and `only_if` are the headers Range and If-Range; `head`: nothing is taken, nothing on record.
    """
    if row.destination_id is not None:
        raise ProtocolError(_("These files go to a node; they are not downloaded."))
    if row.state != Export.State.READY or row.is_over(by.at):
        raise ProtocolError(_("The files cannot be taken now: see how the export stands."))
    if out_of_reach(row, by.at):
        lay_out(house, row)  # what may no longer be taken is left out: another file, another tag
    if row.members <= len(row.extras):
        raise ProtocolError(_("Nothing that you may take out is left in it."))
    laid = LaidOut(house, row)
    start, stop = _range(asked, only_if, laid)
    if start >= row.size:
        return Answer(416, {"Content-Range": f"bytes */{row.size}"}, iter(()))
    name = re.sub(r"[^A-Za-z0-9._-]", "_", f"{row.owner.short_name}-{row.pk}.zip")
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Length": str(stop - start),
        "Accept-Ranges": "bytes",
        "ETag": laid.tag,
        "Cache-Control": "no-store",
    }
    is_part = (start, stop) != (0, row.size)
    if is_part:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{row.size}"
    if not head:
        taken(by, row, resumed=start > 0)
    pieces = iter(()) if head else _while_approved(house, row, laid.pieces(start, stop))
    return Answer(206 if is_part else 200, headers, pieces)


def _range(asked: str, only_if: str, laid: LaidOut) -> tuple[int, int]:
    """First byte and the one after the last. A range of another layout is the whole of this one."""
    size = laid.row.size
    found = _RANGE.fullmatch(asked)
    if found is None or (only_if or laid.tag) != laid.tag:
        return 0, size
    start, last = int(found[1]), int(found[2] or size)
    return (0, size) if last < start and found[2] else (start, min(last + 1, size))


def _while_approved(house: House, shown: Export, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The pieces, until the approval is revoked, its day is over, or another layout replaced this one."""
    asked = house.clock.now()
    for piece in pieces:
        now = house.clock.now()
        if now - asked >= PAUSE:
            asked = now
            row = Export.objects.get(pk=shown.pk)
            if row.state != Export.State.READY or row.is_over(now) or row.layout != shown.layout:
                raise AnswerEnded
        yield piece
