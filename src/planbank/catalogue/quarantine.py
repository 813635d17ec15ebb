"""What people decide about what was set aside (R10, R17; model.md, Quarantine).

Comes in: a group of files and a decision. Goes out: rows released or deleted with one journal
entry, in one transaction; then the same done in the transit area. Parcels stay sealed throughout.
"""

from __future__ import annotations

import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from django.db import transaction

from planbank.catalogue.models import QuarantinedParcel
from planbank.catalogue.quarantine_words import NO_INSTITUTION, OTHER_CERTIFICATE, UNREGISTERED
from planbank.errors import AlreadyDecided, CountDiffers, ParcelMissing
from planbank.journal.record import Actor, record
from planbank.people.actions import bind, trust, trust_called, trust_certificate
from planbank.people.certificates import CertificateFacts
from planbank.people.models import Institution, Sender, User

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

    from planbank.catalogue.quarantine_groups import Group
    from planbank.house import House

State = QuarantinedParcel.State
RELEASE, DELETE = "release from quarantine", "delete from quarantine"


@dataclass(frozen=True)
class Decision:
    """What a decision did: how many files, and how many the transit area has still to move."""

    files: int
    left: int


def release(
    house: House,
    group: Group,
    *,
    by: User,
    institution: Institution | None = None,
    register: bool = False,
    upto: int | None = None,
) -> Decision:
    """Let a group be imported: as `institution`'s where given, else as register finds.

    `register` trusts the sender, with the certificate it showed, from now on and releases everything
    of its that waits; otherwise only rows up to the id `upto` (default: the group's last). Raises
    AlreadyDecided where none is left, SenderTaken where the sender is registered for another institution.
    """
    if group.about_sender and institution is None:
        raise ValueError("what an unknown sender sent needs an institution")
    if register and group.reason == OTHER_CERTIFICATE and not group.certificate:
        raise ValueError("without a certificate it cannot be the sender that is bound to one")
    now, actor = house.clock.now(), Actor("user", by.username)
    with transaction.atomic():
        locked = _lock(
            _same_sender(group) if register else group.rows().filter(pk__lte=upto or group.last_id)
        )
        changes: dict[str, Any] = {"state": State.RELEASED, "decided_by": by, "decided_at": now}
        if institution is not None:
            changes["institution"] = institution
        if register and institution is not None:
            changes["sender"] = _trust(group, institution, actor, now)
        QuarantinedParcel.objects.filter(pk__in=[pk for pk, *_rest in locked]).update(**changes)
        _journal(RELEASE, group, locked, institution, actor, now, registered=register)
    return Decision(len(locked), carry_out(house))


def delete(house: House, group: Group, *, by: User, files: int, upto: int | None = None) -> Decision:
    """Delete a group for good; `files` is the number that was typed.

    Raises AlreadyDecided where none is left, CountDiffers (with the true number) where there are
    more or fewer than `files` up to the id `upto` (default: the group's last).
    """
    now, actor = house.clock.now(), Actor("user", by.username)
    with transaction.atomic():
        locked = _lock(group.rows().filter(pk__lte=upto or group.last_id))
        if len(locked) != files:
            raise CountDiffers(len(locked))
        QuarantinedParcel.objects.filter(pk__in=[pk for pk, *_rest in locked]).update(
            state=State.DELETED, decided_by=by, decided_at=now
        )
        owner = Institution.objects.filter(pk=group.institution_id).first()
        _journal(DELETE, group, locked, owner, actor, now)
    return Decision(len(locked), carry_out(house))


def carry_out(house: House, seconds: float = 2.0) -> int:
    """Do in the transit area what was decided, for at most `seconds`; returns how many are left.

    Everything is read from the rows, so a process that died between its commit and the move, or
    a parcel that register set aside a moment later, is healed by the next call.
    """
    until = time.monotonic() + seconds
    left = 0
    ids = iter(house.tray.quarantined())
    while chunk := list(islice(ids, 1000)):
        decided = QuarantinedParcel.objects.filter(
            parcel_id__in=chunk, state__in=[State.RELEASED, State.DELETED]
        )
        for parcel_id, state in decided.values_list("parcel_id", "state"):
            if time.monotonic() > until:
                left += 1
            elif state == State.DELETED:
                house.tray.delete(parcel_id)
            else:
                with suppress(ParcelMissing):  # another process was here first
                    house.tray.release(parcel_id)
    return left


def _same_sender(group: Group) -> QuerySet[QuarantinedParcel]:
    """Everything that waits and that registering the group's sender would have let in."""
    if group.reason not in UNREGISTERED:
        return group.rows()
    return QuarantinedParcel.objects.filter(
        state=State.WAITING,
        reason__in=UNREGISTERED,
        calling_ae=group.calling_ae,
        address=group.address,
        certificate=group.certificate,
        institution=None,
    )


def _lock(rows: QuerySet[QuarantinedParcel]) -> list[tuple[int, str, int]]:
    """(id, SOP Class UID, bytes) of rows that now only this transaction can decide about."""
    locked = list(
        rows.select_for_update(of=("self",)).order_by("pk").values_list("pk", "sop_class_uid", "size")
    )
    if not locked:
        raise AlreadyDecided
    return locked


def _trust(group: Group, institution: Institution, actor: Actor, now: datetime) -> Sender:
    if group.reason == NO_INSTITUTION and group.sender_id is not None:
        known = Sender.objects.get(pk=group.sender_id)
        return trust_called(known, group.called_ae, institution, actor, now)
    shown = CertificateFacts(group.certificate) if group.certificate else None
    if group.reason == OTHER_CERTIFICATE and group.sender_id is not None and shown is not None:
        return trust_certificate(Sender.objects.get(pk=group.sender_id), shown, institution, actor, now)
    sender = trust(group.calling_ae, group.address, institution, actor, now)
    if shown is not None:
        bind(sender, shown, actor, now)
    return sender


def _journal(
    action: str,
    group: Group,
    locked: list[tuple[int, str, int]],
    institution: Institution | None,
    actor: Actor,
    now: datetime,
    **detail: Any,
) -> None:
    record(
        actor,
        action,
        now,
        object_kind="quarantine",
        object_id=group.first_id,
        institution=institution.code if institution else "",
        calling_ae=group.calling_ae,
        address=group.address,
        certificate=group.certificate,
        reason=group.reason,
        files=len(locked),
        bytes=sum(size for _pk, _uid, size in locked),
        classes=dict(Counter(uid for _pk, uid, _size in locked)),
        **detail,
    )
