"""What a table of participants would do, line by line, and doing it (R45).

Comes in: a table's lines. Goes out: for each whether it is added, changed, the same, or refused and why;
`digest` names exactly this outcome, so that what is done is what was looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal

from django.db import transaction
from django.utils.translation import gettext as _

from planbank.errors import ChangedMeanwhile, PlanbankError
from planbank.protocols.act import Act
from planbank.protocols.actions.participants import ParticipantWish, differs, save_participant
from planbank.protocols.models import Participant, Protocol
from planbank.protocols.roster.sheet import SheetLine
from planbank.protocols.roster.wishes import Roster, read_wish

State = Literal["added", "changed", "same", "refused"]


@dataclass(frozen=True)
class PlannedLine:
    """One line: what comes of it, and why it is refused, or what changes."""

    number: int
    trial_id: str
    state: State
    says: list[str] = field(default_factory=list)
    wish: ParticipantWish | None = None
    row: Participant | None = None


def planned(act: Act, protocol: Protocol, roster: Roster, lines: Sequence[SheetLine]) -> list[PlannedLine]:
    """What would be done. Nothing is changed: each line is tried, then all is rolled back."""
    with transaction.atomic():
        point = transaction.savepoint()
        found = _through(act, protocol, roster, lines)
        transaction.savepoint_rollback(point)
    return found


@transaction.atomic
def upload(
    act: Act, protocol: Protocol, roster: Roster, lines: Sequence[SheetLine], seen: str
) -> list[PlannedLine]:
    """Do what was looked at: lines that are refused are left out.

    Raises ChangedMeanwhile where it would come to something else than `seen`; nothing is changed then.
    """
    # The order of two uploads at once: the second waits, then finds what the first did.
    Protocol.objects.select_for_update().get(pk=protocol.pk)
    found = _through(act, protocol, roster, lines)
    if digest(found) != seen:
        raise ChangedMeanwhile
    act.journal(
        "upload participants",
        object_kind="protocol",
        object_id=protocol.pk,
        protocol=protocol.short_name,
        **{state: sum(line.state == state for line in found) for state in ("added", "changed", "refused")},
    )
    return found


def digest(lines: Sequence[PlannedLine]) -> str:
    """A name of an outcome."""
    said = [(line.number, line.trial_id, line.state, line.row.revision if line.row else 0) for line in lines]
    return sha256(repr(said).encode()).hexdigest()


def _through(act: Act, protocol: Protocol, roster: Roster, lines: Sequence[SheetLine]) -> list[PlannedLine]:
    wanted = {line.cells.get("trial_id", "").casefold() for line in lines}
    rows = {
        row.trial_id.casefold(): row
        for row in Participant.objects.filter(protocol=protocol).select_related("institution", "protocol")
        if row.trial_id.casefold() in wanted
    }
    seen: dict[str, int] = {}
    found = []
    for line in lines:
        key = line.cells.get("trial_id", "").casefold()
        if key in seen:
            why = _("The trial ID stands in line %(n)s already.") % {"n": seen[key]}
            found.append(PlannedLine(line.number, line.cells.get("trial_id", ""), "refused", [why]))
            continue
        seen[key] = line.number
        found.append(_line(act, protocol, roster, line, rows.get(key)))
    return found


def _line(
    act: Act, protocol: Protocol, roster: Roster, line: SheetLine, row: Participant | None
) -> PlannedLine:
    trial_id = line.cells.get("trial_id", "")
    codes = {centre.pk for centre in roster.centres.values()}
    if row is not None and row.institution_id not in codes:
        return PlannedLine(line.number, trial_id, "refused", [_("The trial ID is another centre's.")])
    wish, wrong = read_wish(roster, line.cells, row)
    if wish is None:
        said = [f"{name}: {text}" for name, text in wrong.items()]
        return PlannedLine(line.number, trial_id, "refused", said)
    changed = differs(row, wish) if row else []
    if row is not None and not changed:
        return PlannedLine(line.number, trial_id, "same", [], wish, row)
    try:
        with transaction.atomic():
            revision = row.revision if row else 0
            before = Participant.objects.get(pk=row.pk) if row else None
            save_participant(act, protocol, wish, row, revision)
    except PlanbankError as exc:
        return PlannedLine(line.number, trial_id, "refused", [str(exc)])
    return PlannedLine(line.number, trial_id, "changed" if before else "added", changed, wish, before)


__all__ = ["ChangedMeanwhile", "PlannedLine", "digest", "planned", "upload"]
