"""Participants as a list, and what came of each (R45).

Comes in: a protocol, participants that somebody may see. Goes out: querysets narrowed, and for the rows of
a page what is there of what is expected. Counts come from memberships, never from names.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from django.db.models import Exists, OuterRef, Q, QuerySet

from planbank.protocols.models import Enrolment, Membership, Participant, Protocol

# What a participant's data can be expected to hold, in the order a plan is made.
EXPECTABLE = ("CT", "MR", "PT", "RTSTRUCT", "RTPLAN", "RTDOSE", "RTRECORD")
Look = Literal["waiting", "received", "late"]


@dataclass
class Came:
    """What of a participant stands in the protocol."""

    pseudonym: str = ""
    has: Counter[str] = field(default_factory=Counter)
    enrolment: str = ""

    @property
    def kinds(self) -> list[tuple[str, int]]:
        """What came, kind by kind; a template would take `has.items` for a kind called 'items'."""
        return list(self.has.items())

    def missing(self, expected: dict[str, int]) -> list[str]:
        """'RTDOSE 1 of 2' for each kind that is not whole."""
        return [f"{kind} {self.has[kind]}/{n}" for kind, n in expected.items() if self.has[kind] < n]


def listed(protocol: Protocol, institutions: Collection[int] | None) -> QuerySet[Participant]:
    """The participants of centres that somebody sees; None: all."""
    rows = Participant.objects.filter(protocol=protocol)
    return rows if institutions is None else rows.filter(institution__in=institutions)


def holding(rows: QuerySet[Participant], held: bool = True) -> QuerySet[Participant]:
    """Those of whom something stands in their protocol, or nothing yet."""
    theirs = Exists(_members())
    return rows.filter(theirs if held else ~theirs)


def late(rows: QuerySet[Participant], today: date) -> QuerySet[Participant]:
    """Those whose day has gone by, and nothing has come."""
    return holding(rows.filter(expected_on__lt=today), held=False)


def search(rows: QuerySet[Participant], text: str) -> QuerySet[Participant]:
    """By trial ID or arm; words are literal."""
    for word in text.replace("\0", "").split()[:8]:
        rows = rows.filter(Q(trial_id__icontains=word) | Q(arm__icontains=word))
    return rows


def came(protocol: Protocol, rows: Sequence[Participant]) -> dict[int, Came]:
    """For each participant of a page what came; two queries."""
    by_patient = {row.patient_id: Came() for row in rows if row.patient_id}
    members = Membership.objects.in_force().filter(protocol=protocol, patient_file__patient__in=by_patient)
    fields = members.values_list("patient_file__patient", "series__modality", "instance", "series")
    series: dict[int, set[int]] = defaultdict(set)
    for patient, modality, instance, one in fields:
        if instance is None and one in series[patient]:
            continue
        series[patient].add(one)
        by_patient[patient].has[modality] += 1
    enrolled = Enrolment.objects.filter(protocol=protocol, patient__in=by_patient)
    for patient, pseudonym, state in enrolled.values_list("patient", "pseudonym", "state"):
        by_patient[patient].pseudonym, by_patient[patient].enrolment = pseudonym, state
    return {row.pk: by_patient.get(row.patient_id, Came()) for row in rows}


def _members() -> QuerySet[Membership]:
    """Memberships in force of an outer participant."""
    return Membership.objects.in_force().filter(
        protocol=OuterRef("protocol"), patient_file__patient=OuterRef("patient")
    )
