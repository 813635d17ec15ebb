"""The life of an export: asked, decided by another person, cancelled, revoked, tried again (R113, R169).

Comes in: an act, what is wanted. Goes out: the export, journalled; the service `export` prepares what was
approved. Raises ProtocolError with the reason where it may not be, ChangedMeanwhile where somebody was first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from planbank.delivery.models import Destination
from planbank.delivery.rules import why_not_export
from planbank.delivery.words import words as in_words
from planbank.errors import ProtocolError
from planbank.messages.models import Event, EventKind
from planbank.pipeline.due import BACKGROUND, make_due
from planbank.protocols.act import Act
from planbank.protocols.models import Project, Protocol
from planbank.takeout.models import Export, ExportFile
from planbank.takeout.selection import Selection

State, F = Export.State, ExportFile.State
LONGEST = timedelta(days=366)
LANE = "exports"


@dataclass(frozen=True)
class Wanted:
    """What somebody asks for. `destination`: the node the files go to; None: who asked downloads them."""

    owner: Protocol | Project
    form: str
    selection: Selection
    purpose: str
    recipient: str
    until: datetime
    destination: Destination | None = None


@transaction.atomic
def ask(act: Act, wanted: Wanted) -> Export:
    """Ask for an export. Who may see and take out what is the caller's to ask of the policy."""
    if not wanted.purpose.strip():
        raise ProtocolError(_("Say what for."))
    if not act.at < wanted.until <= act.at + LONGEST:
        raise ProtocolError(_("The last day has to come, within a year from now."))
    is_protocol = isinstance(wanted.owner, Protocol)
    if wanted.destination and (said := why_not_export(wanted.destination, wanted.owner, act.at)):
        raise ProtocolError(in_words(said))
    row = Export.objects.create(
        protocol=wanted.owner if is_protocol else None,
        project=None if is_protocol else wanted.owner,
        form=wanted.form,
        selection=wanted.selection.kept(),
        purpose=wanted.purpose.strip(),
        recipient=wanted.recipient.strip()[:200],
        asked_at=act.at,
        asked_by=act.user,
        until=wanted.until,
        destination=wanted.destination,
    )
    _journal(act, "ask for export", row)
    Event.objects.create(
        at=act.at,
        kind=EventKind.EXPORT_ASKED,
        scope_kind="protocol" if is_protocol else "project",
        scope_id=wanted.owner.pk,
        params={"name": row.owner.short_name, "export": row.pk},
        key=f"export-asked:{row.pk}",
    )
    return row


@transaction.atomic
def approve(act: Act, row: Export, seen: int, decision: str) -> None:
    """Another person agrees; the files are prepared."""
    _undecided(act, row)
    if row.until <= act.at:
        raise ProtocolError(_("Its last day is over. It is to be asked for anew."))
    _decide(act, row, seen, State.PREPARING, decision, "export approved")
    prepare(act, row)


@transaction.atomic
def refuse(act: Act, row: Export, seen: int, decision: str) -> None:
    """Another person does not agree, and says why."""
    _undecided(act, row)
    if not decision.strip():
        raise ProtocolError(_("Say why."))
    _decide(act, row, seen, State.REFUSED, decision, "export refused")


@transaction.atomic
def cancel(act: Act, row: Export, seen: int) -> None:
    """Who asked no longer wants it. What was taken cannot be called back."""
    if row.state not in (State.ASKED, State.PREPARING, State.READY):
        raise ProtocolError(_("It has ended already."))
    row.change(seen, state=State.CANCELLED)
    _journal(act, "export cancelled", row)


@transaction.atomic
def revoke(act: Act, row: Export, seen: int, reason: str) -> None:
    """End an approval: a download that runs breaks off."""
    if row.state not in (State.PREPARING, State.READY):
        raise ProtocolError(_("It is not approved."))
    if not reason.strip():
        raise ProtocolError(_("Say why."))
    _decide(act, row, seen, State.REVOKED, reason, "export revoked")


@transaction.atomic
def retry(act: Act, row: Export, seen: int) -> int:
    """Try again what failed, and only that; returns how many."""
    if row.state not in (State.PREPARING, State.READY) or row.until <= act.at:
        raise ProtocolError(_("It has ended already."))
    row.change(seen, state=State.PREPARING, problem="", attempts=0, sent_at=None)
    count = row.files.filter(state=F.FAILED).update(state=F.WAITING, reason="")
    _journal(act, "export tried again", row, objects=count)
    prepare(act, row)
    return count


def prepare(act: Act, row: Export) -> None:
    """Let the service go on with it."""
    make_due("export", [(row.pk, LANE)], act.at, priority=BACKGROUND)


@transaction.atomic
def taken(act: Act, row: Export, *, resumed: bool) -> None:
    """Note that the files are being taken: the record of the disclosure (R122)."""
    files = row.files.filter(state=F.READY)
    patients = files.order_by().values("patient_file__patient").distinct().count()
    if row.taken_at is None:
        Export.objects.filter(pk=row.pk).update(taken_at=act.at, taken_patients=patients)
    what = {"objects": row.members, "patients": patients, "resumed": resumed}
    _journal(act, "take out files", row, **what)


def _undecided(act: Act, row: Export) -> None:
    if row.state != State.ASKED:
        raise ProtocolError(_("It is decided already."))
    if act.user is not None and act.user.pk == row.asked_by_id:
        raise ProtocolError(_("Who asked does not decide."))


def _decide(act: Act, row: Export, seen: int, state: str, decision: str, action: str) -> None:
    by = {"decided_at": act.at, "decided_by": act.user, "decision": decision.strip()[:300]}
    row.change(seen, state=state, **by)
    _journal(act, action, row)


def _journal(act: Act, action: str, row: Export, **what: object) -> None:
    act.journal(
        action,
        object_kind="export",
        object_id=row.pk,
        protocol=row.protocol.short_name if row.protocol else "",
        purpose=row.purpose[:200],
        form=row.form,
        recipient=row.recipient,
        **({"destination": row.destination.name} if row.destination else {}),
        **({"project": row.project.short_name} if row.project else {}),
        **what,
    )
