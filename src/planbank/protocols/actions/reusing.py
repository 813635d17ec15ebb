"""Reuse: asked, approved or refused by the controller, revoked (R42, R122).

Comes in: an act, a project, a protocol, levels and a period. Goes out: a request and, from its
approval on, the record of the disclosure. What is approved is visible at once; nothing is copied;
revoking acts with the next request.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from planbank.catalogue.lanes import lane_of
from planbank.catalogue.models import Instance
from planbank.errors import ProtocolError
from planbank.messages.models import Event, EventKind
from planbank.people.models import Institution
from planbank.pipeline.due import BACKGROUND, make_due
from planbank.protocols.act import Act
from planbank.protocols.levels import See, TakeOut
from planbank.protocols.models import (
    Disclosure,
    Membership,
    Project,
    ProjectItem,
    Protocol,
    ReuseRequest,
)

State = ReuseRequest.State


@transaction.atomic
def ask(
    act: Act,
    project: Project,
    protocol: Protocol,
    purpose: str,
    *,
    since: datetime,
    until: datetime,
    see: See = See.PSEUDONYMISED,
    take_out: TakeOut = TakeOut.NONE,
    listed: bool = False,
    institutions: list[Institution] | None = None,
) -> ReuseRequest:
    """Ask the controller of a protocol. Raises ProtocolError where the request cannot be."""
    if not purpose.strip():
        raise ProtocolError(_("Say what for."))
    if until <= since or until <= act.at:
        raise ProtocolError(_("The period has to end later than it begins, and later than now."))
    if take_out == TakeOut.RAW and see != See.IDENTIFIED:
        raise ProtocolError(_("To take out files as received, a person has to see identities."))
    if ReuseRequest.objects.filter(project=project, protocol=protocol, state=State.ASKED).exists():
        raise ProtocolError(_("A request of this project waits for the controller already."))
    row = ReuseRequest.objects.create(
        project=project,
        protocol=protocol,
        purpose=purpose.strip(),
        listed=listed,
        every_institution=institutions is None,
        see=see,
        take_out=take_out,
        since=since,
        until=until,
        asked_at=act.at,
        asked_by=act.user,
    )
    row.institutions.set(institutions or [])
    _journal(act, "ask for reuse", row)
    _tell_controllers(act, row)
    return row


def _tell_controllers(act: Act, row: ReuseRequest) -> None:
    """Who decides about it hears of it (R118)."""
    Event.objects.create(
        at=act.at,
        kind=EventKind.REUSE,
        scope_kind="protocol",
        scope_id=row.protocol_id,
        key=f"reuse:{row.pk}",
        params={
            "project": row.project.short_name,
            "protocol": row.protocol.short_name,
            "request": row.pk,
        },
    )


@transaction.atomic
def approve(act: Act, request: ReuseRequest, seen: int, decision: str, **lower: Any) -> ReuseRequest:
    """The controller agrees: visible at once, and recorded as a disclosure.

    `lower` may set a lower see or take_out, or an earlier until. Raises ProtocolError where it is
    decided already, by the person who asked, or for more than was asked; ChangedMeanwhile.
    """
    _check(act, request)
    for name, value in lower.items():
        if name not in ("see", "take_out", "until") or value > getattr(request, name):
            raise ProtocolError(_("More than was asked cannot be approved."))
    _decide(act, request, seen, State.APPROVED, decision, **lower)
    members = disclosed(request)
    Disclosure.objects.create(
        request=request,
        recipient=request.project.recipient or request.project.title[:200],
        purpose=request.purpose,
        legal_basis=request.protocol.legal_basis,
        patients=members.order_by().values("patient_file__patient").distinct().count(),
        objects_count=members.filter(instance__isnull=False).count()
        + Instance.objects.filter(series__in=members.filter(instance__isnull=True).values("series")).count(),
        began_at=max(act.at, request.since),
    )
    if request.project.structure_types.filter(retired_at__isnull=True).exists():
        # The project's own dictionary reads what it now may look at.
        files = members.order_by().values_list("patient_file", flat=True).distinct()
        make_due("names", [(pk, lane_of(pk)) for pk in files], act.at, priority=BACKGROUND)
    return request


@transaction.atomic
def refuse(act: Act, request: ReuseRequest, seen: int, decision: str) -> ReuseRequest:
    """The controller does not agree, and says why. Raises ProtocolError; ChangedMeanwhile."""
    _check(act, request)
    if not decision.strip():
        raise ProtocolError(_("Say why."))
    return _decide(act, request, seen, State.REFUSED, decision)


@transaction.atomic
def take_back(act: Act, request: ReuseRequest, seen: int) -> ReuseRequest:
    """Who asked no longer wants it. Raises ProtocolError where it is decided; ChangedMeanwhile."""
    if request.state != State.ASKED:
        raise ProtocolError(_("It is decided already."))
    return _decide(act, request, seen, State.TAKEN_BACK, "")


@transaction.atomic
def revoke_reuse(act: Act, request: ReuseRequest, seen: int, reason: str) -> ReuseRequest:
    """End an approval: with the next request the project sees nothing of it. Raises ProtocolError."""
    if request.state != State.APPROVED:
        raise ProtocolError(_("It is not approved."))
    if not reason.strip():
        raise ProtocolError(_("Say why."))
    began = request.disclosure.began_at
    Disclosure.objects.filter(request=request).update(ended_at=max(act.at, began))
    return _decide(act, request, seen, State.REVOKED, reason)


def disclosed(request: ReuseRequest) -> Any:
    """The memberships that a request is about, as they stand now."""
    rows = Membership.objects.in_force().filter(protocol=request.protocol_id)
    if not request.every_institution:
        rows = rows.filter(institution__in=request.institutions.all())
    if request.listed:
        items = ProjectItem.objects.filter(membership=OuterRef("pk"), project=request.project_id)
        rows = rows.filter(Exists(items))
    return rows


def _check(act: Act, request: ReuseRequest) -> None:
    if request.state != State.ASKED:
        raise ProtocolError(_("It is decided already."))
    if act.user is not None and act.user.pk == request.asked_by_id:
        raise ProtocolError(_("Who asked does not decide."))


def _decide(
    act: Act, request: ReuseRequest, seen: int, state: State, decision: str, **values: Any
) -> ReuseRequest:
    by = {"decided_at": act.at, "decided_by": act.user, "decision": decision.strip()[:300]}
    request.change(seen, state=state, **by, **values)
    _journal(act, f"reuse {state.value}", request)
    return request


def _journal(act: Act, action: str, row: ReuseRequest) -> None:
    act.journal(
        action,
        object_kind="reuse",
        object_id=row.pk,
        protocol=row.protocol.short_name,
        purpose=row.purpose[:200],
        project=row.project.short_name,
        see=See(row.see).name.lower(),
        take_out=TakeOut(row.take_out).name.lower(),
        until=row.until.isoformat(),
    )
