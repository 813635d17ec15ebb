"""How far protocols have come: patients, centres, what each centre was expected to send and did (R44, R45).

Comes in: protocols, a time. Goes out: counts. No identity of a patient is read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet

from planbank.catalogue.models import PlanSet
from planbank.catalogue.queries import plan_sets
from planbank.protocols.models import Enrolment, Membership, Participant, Participation, Protocol
from planbank.protocols.queries.zero_touch import NOBODY, Touch, zero_touch

HEAD = Q(patient_file=OuterRef("patient_file"), sop_instance_uid=OuterRef("sop_instance_uid"))


@dataclass(frozen=True)
class Size:
    """A protocol in a list: patients enrolled, centres that take part now."""

    patients: int = 0
    centres: int = 0


@dataclass(frozen=True)
class Centre:
    """One centre of a protocol: patients and plans that stand there, participants and their data.

    `no_images`, `no_structures`: plan sets that lack images, and those that lack a required structure.
    """

    code: str
    ends: bool
    target: int | None
    contact: str
    patients: int
    plans: int
    expected: int
    received: int
    unexpected: int
    last: datetime | None
    no_images: int = 0
    no_structures: int = 0
    touch: Touch = NOBODY

    @property
    def lacks(self) -> bool:
        """Whether there is something to ask the centre for."""
        return self.expected > self.received or bool(self.unexpected or self.no_images or self.no_structures)


def sizes(protocols: Collection[int], at: datetime) -> dict[int, Size]:
    """For each protocol; two queries."""
    enrolled = Enrolment.objects.filter(protocol__in=protocols, state=Enrolment.State.ENROLLED)
    patients = dict(enrolled.order_by().values_list("protocol").annotate(Count("pk")))
    taking_part = Participation.objects.in_force(at).filter(protocol__in=protocols)
    centres = dict(taking_part.order_by().values_list("protocol").annotate(Count("institution")))
    return {pk: Size(patients.get(pk, 0), centres.get(pk, 0)) for pk in protocols}


def per_centre(protocol: Protocol, at: datetime, institutions: Collection[int] | None = None) -> list[Centre]:
    """Each centre that took part, most patients first; `institutions` None: all. Eight queries.

    Unexpected are patients whose data stand here and who are no participants; without a list of
    participants nobody is unexpected.
    """
    centres = Participation.objects.filter(protocol=protocol, since__lte=at).select_related("institution")
    if institutions is not None:
        centres = centres.filter(institution__in=institutions)
    members = Membership.objects.in_force().filter(protocol=protocol).order_by()
    listed = Participant.objects.filter(protocol=protocol).order_by()
    grouped = members.values("institution").annotate(
        patients=Count("patient_file__patient", distinct=True),
        plans=Count("pk", filter=Q(series__modality="RTPLAN")),
        last=Max("added_at"),
    )
    held = {row["institution"]: row for row in grouped}
    expected = dict(listed.values_list("institution").annotate(Count("pk")))
    theirs = members.filter(patient_file__patient=OuterRef("patient"))
    received = dict(listed.filter(Exists(theirs)).values_list("institution").annotate(Count("pk")))
    known = listed.filter(patient=OuterRef("patient_file__patient"))
    strangers = members.filter(~Exists(known)).values_list("institution")
    odd = dict(strangers.annotate(Count("patient_file__patient", distinct=True))) if expected else {}
    here = PlanSet.objects.filter(Exists(members.filter(HEAD))).order_by()
    no_images = dict(_by_centre(plan_sets.without_images(here)))
    no_structures = dict(_by_centre(plan_sets.without_types(here, protocol.short_name)))
    touched = zero_touch(at, protocol=protocol.pk, institutions=institutions)
    found: dict[int, Centre] = {}
    for row in centres.order_by("since"):
        pk = row.institution_id
        has = held.get(pk, {"patients": 0, "plans": 0, "last": None})
        found[pk] = Centre(
            code=row.institution.code,
            ends=row.until is not None and row.until <= at,
            target=row.expected_accrual,
            contact=row.contact,
            expected=expected.get(pk, 0),
            received=received.get(pk, 0),
            unexpected=odd.get(pk, 0),
            patients=has["patients"],
            plans=has["plans"],
            last=has["last"],
            no_images=no_images.get(pk, 0),
            no_structures=no_structures.get(pk, 0),
            touch=touched.get(pk, NOBODY),
        )
    return sorted(found.values(), key=lambda centre: (-centre.patients, centre.code))


def _by_centre(found: QuerySet[PlanSet]) -> Iterable[tuple[int, int]]:
    return found.values_list("patient_file__institution").annotate(Count("pk"))
