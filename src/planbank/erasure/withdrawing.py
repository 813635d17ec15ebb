"""Withdrawals: begun and undone by a person, carried out after 14 days (model.md, Withdrawal; R41).

Comes in: an act of a person, or the time from house.clock. Goes out: a patient hidden in the protocol at
once, or shown again; and, when the days are over, erasures of what the protocol held and no other
protocol holds, one for each institution, for the work process to carry out. A withdrawal that was lifted
has no date any more and is passed over.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from planbank.catalogue.models import PatientFile
from planbank.erasure.allowed import demand
from planbank.erasure.models import Erasure
from planbank.protocols.act import Act
from planbank.protocols.actions import enrolling
from planbank.protocols.models import Enrolment, Membership

ENDED = "withdrawn"


def withdraw(act: Act, enrolment: Enrolment, reason: str) -> Enrolment:
    """Hide the patient in the protocol now, delete in 14 days.

    Raises Refused, ProtocolError without a reason or for who is withdrawn already.
    """
    demand(act, "erase.ask", enrolment.protocol, institutions_of(enrolment))
    return enrolling.withdraw(act, enrolment, reason)


def undo(act: Act, enrolment: Enrolment, reason: str) -> Enrolment:
    """Show the patient again. Raises Refused, and ProtocolError once the days are over.

    What was begun to be deleted stays so: the erasures exist and cannot be stopped.
    """
    demand(act, "erase.ask", enrolment.protocol, institutions_of(enrolment))
    return enrolling.lift(act, enrolment, reason)


def institutions_of(enrolment: Enrolment) -> set[int]:
    """Whose data of the patient the protocol held, ever."""
    held = Membership.objects.filter(
        protocol=enrolment.protocol_id, patient_file__patient=enrolment.patient_id
    )
    return set(held.values_list("institution", flat=True))


def due(at: datetime) -> list[Enrolment]:
    """Withdrawals whose 14 days are over, oldest first: the dry run."""
    rows = Enrolment.objects.filter(state=Enrolment.State.WITHDRAWN, delete_after__lte=at)
    return list(rows.select_related("protocol").order_by("delete_after", "pk"))


def carry_on(at: datetime) -> int:
    """Begin what is due; returns how many withdrawals. Safe to run twice and by several at once."""
    return sum(_begin(row.pk, at) for row in due(at))


@transaction.atomic
def _begin(pk: int, at: datetime) -> bool:
    rows = Enrolment.objects.select_for_update(skip_locked=True, of=("self",)).select_related("protocol")
    row = rows.filter(pk=pk, state=Enrolment.State.WITHDRAWN, delete_after__lte=at).first()
    if row is None:
        return False
    act = Act.of_service("withdraw", at)
    members = Membership.objects.filter(protocol=row.protocol, patient_file__patient=row.patient_id)
    files = PatientFile.objects.filter(pk__in=members.values("patient_file")).select_related("institution")
    made = [
        Erasure.objects.get_or_create(
            patient_file=file,
            kind=Erasure.Kind.WITHDRAWAL,
            plan_set=None,
            state=Erasure.State.CONFIRMED,
            protocol=row.protocol,
            defaults={
                "institution": file.institution,
                "file_number": file.pk,
                "reason": row.reason or ENDED,
                "asked_at": row.state_at,
                "asked_by": row.state_by,
                "confirmed_at": at,
            },
        )[0]
        for file in files
    ]
    ended = members.filter(removed_at=None).update(removed_at=at, removed_reason=ENDED)
    row.delete_after = None
    row.save(update_fields=["delete_after"])
    act.journal(
        "withdrawal is carried out",
        object_kind="enrolment",
        object_id=row.pk,
        protocol=row.protocol.short_name,
        members=ended,
        files=len(made),
    )
    return True
