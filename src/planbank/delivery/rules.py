"""What may go where (R89; model.md, Levels and Trigger ROIs).

Comes in: a destination, a protocol, an institution, objects. Goes out: '' where it may go, else the
code of the reason (its words: `planbank.delivery.words`). Asked when a forward is made, and again at the
moment each object goes: whatever changed meanwhile counts.
"""

from __future__ import annotations

import ipaddress
from datetime import datetime

from django.db.models import Q, QuerySet

from planbank.catalogue.models import Instance, PatientFile, Submission
from planbank.delivery.models import Delivery, Destination, Forward
from planbank.protocols.models import (
    Agreement,
    Enrolment,
    Membership,
    Participant,
    Participation,
    Project,
    Protocol,
)

HIDDEN = [Enrolment.State.RESTRICTED, Enrolment.State.WITHDRAWN, Enrolment.State.REMOVED]


def agreements(protocol: Protocol, institution_id: int, at: datetime) -> QuerySet[Agreement]:
    """Agreements of the protocol with an institution that are signed and in force."""
    return _signed(protocol, at).filter(institution=institution_id)


def _signed(protocol: Protocol, at: datetime) -> QuerySet[Agreement]:
    day = at.date()
    rows = Agreement.objects.filter(protocol=protocol, signed_on__lte=day)
    return rows.filter(Q(valid_until__isnull=True) | Q(valid_until__gte=day))


def why_not_node(destination: Destination) -> str:
    """Why nothing at all may go there."""
    if destination.confirmed_at is None:
        return "not-confirmed"
    return "" if destination.is_active and destination.institution.is_active else "switched-off"


def why_not_export(destination: Destination, owner: Protocol | Project, at: datetime) -> str:
    """Why an export may not go there. A protocol needs an agreement with who has the node; what a project
    may use was approved for it by name, and who approves its export decides about the node too."""
    return why_not(destination, owner, None, at) if isinstance(owner, Protocol) else why_not_node(destination)


def open_to(owner: Protocol | Project, at: datetime) -> QuerySet[Destination]:
    """Destinations that an export of this protocol or project may go to."""
    rows = Destination.objects.filter(confirmed_at__isnull=False, is_active=True, institution__is_active=True)
    if isinstance(owner, Protocol):
        if owner.status != Protocol.Status.ACTIVE:
            return rows.none()
        rows = rows.filter(institution__in=_signed(owner, at).values("institution"))
    return rows.order_by("name")


def why_not(destination: Destination, protocol: Protocol, institution_id: int | None, at: datetime) -> str:
    """Why nothing of this institution may go there under this protocol; `None`: of nobody's in particular."""
    if said := why_not_node(destination):
        return said
    if protocol.status != Protocol.Status.ACTIVE:
        return "protocol-closed"
    if institution_id == destination.institution_id:
        return "own-institution"
    if not agreements(protocol, destination.institution_id, at).exists():
        return "no-agreement"
    if institution_id is not None:
        taking_part = Participation.objects.in_force(at).filter(protocol=protocol)
        if not taking_part.filter(institution=institution_id).exists():
            return "no-centre"
    return ""


def why_not_patient(protocol: Protocol, file: PatientFile) -> str:
    """Withdrawn, restricted or removed patients go nowhere; nor do data without a patient."""
    if file.patient_id is None:
        return "no-patient"
    hidden = Enrolment.objects.filter(protocol=protocol, patient=file.patient_id, state__in=HIDDEN)
    gone = Participant.objects.filter(
        protocol=protocol, patient=file.patient_id, consent=Participant.Consent.WITHDRAWN
    )
    return "restricted" if hidden.exists() or gone.exists() else ""


def why_not_object(destination: Destination, uid: str, institution_id: int) -> str:
    """Never back to where it came from: no loop can begin (R89)."""
    if Instance.objects.filter(sop_instance_uid=uid, institution=destination.institution_id).exists():
        return "came-from-there"
    same = Q(calling_ae=destination.ae_title) & (
        Q(address=destination.host) | Q(sender__echo_host=_address(destination.host))
    )
    arrivals = Submission.objects.filter(instance__sop_instance_uid=uid, instance__institution=institution_id)
    return "came-from-there" if arrivals.filter(same).exists() else ""


def why_withheld(delivery: Delivery, at: datetime) -> str:
    """Why this object may not go now, by every forward that wants it."""
    said = ""
    rows = delivery.forwards.filter(state=Forward.State.OPEN)
    for forward in rows.select_related("protocol", "patient_file", "destination__institution"):
        said = (
            why_not(forward.destination, forward.protocol, forward.institution_id, at)
            or why_not_patient(forward.protocol, forward.patient_file)
            or _removed(forward, delivery)
            or why_not_object(forward.destination, delivery.version.sop_instance_uid, forward.institution_id)
        )
        if not said:
            return ""
    return said or "cancelled"


def _removed(forward: Forward, delivery: Delivery) -> str:
    """What was taken out of the protocol, or restricted there, and did not come back."""
    rows = Membership.objects.filter(
        protocol=forward.protocol,
        patient_file=forward.patient_file,
        sop_instance_uid=delivery.version.sop_instance_uid,
    )
    return "removed" if rows.exists() and not rows.in_force().exists() else ""


def _address(host: str) -> str | None:
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return None
