"""The life of a protocol: made, changed, activated, closed, opened again (R37).

Comes in: an act, values, the revision its editor saw. Goes out: the protocol. A protocol becomes
active only when what it rests on is there; `missing` says what is not, in words.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from planbank.catalogue.lanes import lane_of
from planbank.errors import ProtocolError
from planbank.pipeline.due import make_due
from planbank.protocols.act import Act
from planbank.protocols.models import Agreement, DataController, Membership, Protocol

Status = Protocol.Status


@transaction.atomic
def create(act: Act, **values: Any) -> Protocol:
    """A new draft. Raises ValidationError for values that cannot be."""
    row = Protocol(created_at=act.at, created_by=act.user, status=Status.DRAFT, **values)
    row.full_clean(exclude=["created_by"])
    row.save()
    _journal(act, "make protocol", row)
    return row


@transaction.atomic
def change(act: Act, protocol: Protocol, seen: int, **values: Any) -> Protocol:
    """Change what is recorded. Raises ChangedMeanwhile where somebody else was first; ValidationError."""
    for name, value in values.items():
        setattr(protocol, name, value)
    protocol.full_clean(exclude=["created_by"])
    protocol.change(seen, **values)
    _journal(act, "change protocol", protocol, fields=sorted(values))
    return protocol


@transaction.atomic
def set_controllers(act: Act, protocol: Protocol, seen: int, controllers: list[DataController]) -> Protocol:
    """Who answers for the data, jointly where there are several. Raises ChangedMeanwhile."""
    protocol.change(seen)
    protocol.controllers.set(controllers)
    _journal(act, "change controllers", protocol, controllers=[c.name for c in controllers])
    return protocol


def missing(protocol: Protocol, at: datetime) -> list[str]:
    """What is not there yet and has to be before the protocol is active, in words."""
    found = []
    if not protocol.purpose.strip():
        found.append(_("a purpose"))
    if not protocol.legal_basis.strip():
        found.append(_("a legal basis"))
    if not protocol.controllers.exists():
        found.append(_("a data controller"))
    day = at.date()
    waiting = Agreement.objects.filter(protocol=protocol, required=True).filter(
        Q(signed_on__isnull=True) | Q(signed_on__gt=day) | Q(valid_until__lt=day)
    )
    names = waiting.values_list("title", flat=True)
    found += [_("the agreement '%(title)s', signed and valid") % {"title": title} for title in names]
    return found


@transaction.atomic
def activate(act: Act, protocol: Protocol, seen: int) -> Protocol:
    """Open a draft for data. Raises ProtocolError naming what is missing; ChangedMeanwhile."""
    if protocol.status != Status.DRAFT:
        raise ProtocolError(_("Only a draft is activated."))
    if lacks := missing(protocol, act.at):
        raise ProtocolError(_("Still missing: %(what)s.") % {"what": ", ".join(lacks)})
    protocol.change(seen, status=Status.ACTIVE, activated_at=act.at)
    _journal(act, "activate protocol", protocol)
    return protocol


@transaction.atomic
def close(
    act: Act, protocol: Protocol, seen: int, reason: str, readable_until: datetime | None = None
) -> Protocol:
    """End it: nothing is added any more, nothing seen through it but until `readable_until`.

    Raises ProtocolError without a reason; ChangedMeanwhile.
    """
    if protocol.status == Status.CLOSED:
        raise ProtocolError(_("It is closed already."))
    if not reason.strip():
        raise ProtocolError(_("Say why."))
    protocol.change(seen, status=Status.CLOSED, closed_at=act.at, readable_until=readable_until)
    _journal(act, "close protocol", protocol, reason=reason.strip()[:200])
    return protocol


@transaction.atomic
def reopen(act: Act, protocol: Protocol, seen: int, reason: str) -> Protocol:
    """Undo a closing; what arrived meanwhile joins. Raises ProtocolError; ChangedMeanwhile."""
    if protocol.status != Status.CLOSED:
        raise ProtocolError(_("It is not closed."))
    if not reason.strip():
        raise ProtocolError(_("Say why."))
    if lacks := missing(protocol, act.at):
        raise ProtocolError(_("Still missing: %(what)s.") % {"what": ", ".join(lacks)})
    protocol.change(seen, status=Status.ACTIVE, closed_at=None, readable_until=None)
    files = Membership.objects.filter(protocol=protocol).values_list("patient_file", flat=True).distinct()
    make_due("members", [(pk, lane_of(pk)) for pk in files], act.at)
    _journal(act, "open protocol again", protocol, reason=reason.strip()[:200])
    return protocol


def _journal(act: Act, action: str, row: Protocol, **detail: Any) -> None:
    act.journal(action, object_kind="protocol", object_id=row.pk, protocol=row.short_name, **detail)
