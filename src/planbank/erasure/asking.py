"""The verbs of an erasure: ask, decide, refuse, confirm, lift (security.md, Permissions: erase).

Comes in: an act of a person, who is asked for at the policy. Goes out: the row, locked and moved one step,
with a journal entry in the same transaction. Nothing is removed here; the work process does that.
Every verb raises Refused for whom the policy does not allow it.
"""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from planbank.access.policy import may
from planbank.catalogue.models import PatientFile, PlanSet
from planbank.erasure.allowed import SECOND, demand
from planbank.erasure.extent import extent
from planbank.erasure.models import Erasure
from planbank.erasure.tombstones import lift as lift_marks
from planbank.errors import CountDiffers, ErasureError
from planbank.house import House
from planbank.protocols.act import Act
from planbank.protocols.models import Membership, Protocol

State, Kind = Erasure.State, Erasure.Kind


def ask(
    act: Act, protocol: Protocol, file: PatientFile, reason: str, plan_set: PlanSet | None = None
) -> Erasure:
    """Ask for a patient's data of one institution, or one plan set of it, to be erased.

    Raises ErasureError without a reason, where the protocol does not hold it, or was asked already.
    """
    demand(act, "erase.ask", protocol, [file.institution_id])
    _said(reason)
    if plan_set is not None and plan_set.patient_file_id != file.pk:
        raise ErasureError(_("The plan set is not this patient's."))
    if plan_set is None and file.patient_id is None:
        raise ErasureError(_("These data have no Patient ID. Ask for one plan set at a time."))
    held = Membership.objects.filter(protocol=protocol, patient_file=file)
    if plan_set is not None:
        held = held.filter(sop_instance_uid=plan_set.sop_instance_uid)
    if not held.exists():
        raise ErasureError(_("It does not stand in this protocol."))
    try:
        with transaction.atomic():
            row = Erasure.objects.create(
                kind=Kind.PLAN_SET if plan_set else Kind.PATIENT,
                institution=file.institution,
                protocol=protocol,
                patient_file=file,
                plan_set=plan_set,
                file_number=file.pk,
                plan_number=plan_set.pk if plan_set else 0,
                reason=reason.strip()[:300],
                asked_at=act.at,
                asked_by=act.user,
            )
            _journal(act, "ask for erasure", row)
    except IntegrityError as exc:
        raise ErasureError(_("Somebody asked for this already.")) from exc
    return row


@transaction.atomic
def decide(act: Act, erasure: Erasure, decision: str) -> Erasure:
    """The controller says yes; a second person has still to confirm. Raises ErasureError."""
    row = _locked(erasure, State.ASKED)
    demand(act, "erase.decide", row.protocol, [row.institution_id])
    return _decided(act, row, State.DECIDED, decision, "decide on erasure")


@transaction.atomic
def refuse(act: Act, erasure: Erasure, decision: str) -> Erasure:
    """A documented refusal, by the controller or the second person (R123). Raises ErasureError."""
    row = _locked(erasure, State.ASKED, State.DECIDED)
    if row.state == State.ASKED or not may(act.user, SECOND, act.at):
        demand(act, "erase.decide", row.protocol, [row.institution_id])
    return _decided(act, row, State.REFUSED, decision, "refuse erasure")


@transaction.atomic
def confirm(act: Act, erasure: Erasure, number: int) -> Erasure:
    """The second person types the number of objects; then nothing stops it any more.

    Raises ErasureError for who asked or decided, CountDiffers with the true number.
    """
    row = _locked(erasure, State.DECIDED)
    demand(act, SECOND)
    if act.user is None or act.user.pk in (row.asked_by_id, row.decided_by_id):
        raise ErasureError(_("A second person must confirm: not who asked, and not who decided."))
    found = extent(row).objects
    if number != found:
        raise CountDiffers(found)
    row.state, row.confirmed_at, row.confirmed_by = State.CONFIRMED, act.at, act.user
    row.save()
    _journal(act, "confirm erasure", row, objects=found)
    return row


@transaction.atomic
def lift(act: Act, house: House, erasure: Erasure, reason: str) -> int:
    """Let the same data come in again; returns how many marks were lifted. Raises ErasureError."""
    _said(reason)
    row = _locked(erasure, State.DONE)
    demand(act, "erase.decide" if row.protocol else SECOND, row.protocol, [row.institution_id])
    if row.lifted_at is not None:
        raise ErasureError(_("It was lifted before."))
    row.lifted_at, row.lifted_by = act.at, act.user
    row.save()
    marks = lift_marks(house, row.uid, act.at)
    _journal(act, "lift erasure", row, marks=marks, reason=reason.strip()[:200])
    return marks


def _decided(act: Act, row: Erasure, state: State, decision: str, action: str) -> Erasure:
    _said(decision)
    row.state, row.decision = state, decision.strip()[:300]
    row.decided_at, row.decided_by = act.at, act.user
    row.save()
    _journal(act, action, row)
    return row


def _said(reason: str) -> None:
    if not reason.strip():
        raise ErasureError(_("Say why."))


def _locked(erasure: Erasure, *states: State) -> Erasure:
    rows = Erasure.objects.select_for_update(of=("self",)).select_related("institution", "protocol")
    row = rows.get(pk=erasure.pk)
    if row.state not in states:
        raise ErasureError(
            _("Somebody decided about it before: %(state)s.") % {"state": row.get_state_display()}
        )
    return row


def _journal(act: Act, action: str, row: Erasure, **what: Any) -> None:
    act.journal(
        action,
        object_kind="erasure",
        object_id=row.pk,
        institution=row.institution.code,
        protocol=row.protocol.short_name if row.protocol else "",
        kind=row.kind,
        file=row.file_number,
        **what,
    )
