"""Taking data out of a protocol, with a reason (R41).

Comes in: an act, a protocol, what to remove. Goes out: memberships ended; the rows stay, so that an earlier
day can be told. Nothing is deleted, other protocols keep what they have, and what a person removed
only a person adds again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from planbank.catalogue.lanes import lane_of
from planbank.catalogue.models import PatientFile, PlanSet, Series
from planbank.errors import ProtocolError
from planbank.pipeline.due import BACKGROUND, make_due
from planbank.protocols.act import Act
from planbank.protocols.actions.adding import add_parts
from planbank.protocols.actions.enrolling import removed
from planbank.protocols.models import Enrolment, Membership, Protocol
from planbank.protocols.parts import Part, parts_of, parts_of_series

# The reason of a service that found an object under another patient: no decision of a person.
MOVED = "moved to another patient"


@transaction.atomic
def remove_plan_set(act: Act, protocol: Protocol, plan_set: PlanSet, reason: str) -> int:
    """The plan and what no other member plan needs; returns how many members ended.

    Raises ProtocolError without a reason, and where the plan set is no member.
    """
    _lock(protocol, plan_set.patient_file)
    grouped = parts_of(PlanSet.objects.filter(patient_file=plan_set.patient_file))
    going = grouped.pop(plan_set.pk)
    held = _held(protocol, plan_set.patient_file)
    if going.head not in held:
        raise ProtocolError(_("It does not stand in this protocol."))
    needed = {part for other in grouped.values() if other.head in held for part in other.parts}
    return _end(act, protocol, plan_set.patient_file, going.parts - needed, reason)


@transaction.atomic
def remove_series(act: Act, protocol: Protocol, series: Series, reason: str) -> int:
    """One series, or the RT objects in it; returns how many members ended. Raises ProtocolError."""
    file = series.study.patient_file
    _lock(protocol, file)
    return _end(act, protocol, file, parts_of_series([series]), reason)


@transaction.atomic
def remove_patient(act: Act, protocol: Protocol, enrolment: Enrolment, reason: str) -> int:
    """All of a patient, from whatever centre; nothing of theirs joins by itself again.

    Returns how many members ended. Raises ProtocolError without a reason.
    """
    if not reason.strip():
        raise ProtocolError(_("Say why."))
    row = Enrolment.objects.select_for_update().get(pk=enrolment.pk, protocol=protocol)
    files = Membership.objects.filter(protocol=protocol, patient_file__patient=row.patient_id)
    ended = sum(
        _end(act, protocol, file, _held(protocol, file), reason)
        for file in PatientFile.objects.filter(pk__in=files.values("patient_file")).select_related(
            "institution"
        )
    )
    removed(act, row, reason)
    act.journal(
        "remove patient",
        object_kind="enrolment",
        object_id=row.pk,
        protocol=protocol.short_name,
        members=ended,
        reason=reason.strip()[:200],
    )
    return ended


@transaction.atomic
def bring_back(act: Act, protocol: Protocol, files: Iterable[int], removed_at: datetime) -> int:
    """Undo one removal: what ended for these patient files at `removed_at` stands there again.

    Returns how many members are new. Raises ProtocolError where the protocol or the centre takes nothing now.
    """
    rows = Membership.objects.filter(
        protocol=protocol, patient_file__in=list(files), removed_at=removed_at
    ).exclude(removed_reason=MOVED)
    parts: dict[int, set[Part]] = defaultdict(set)
    for row in rows:
        parts[row.patient_file_id].add(Part(row.series_id, row.instance_id, row.sop_instance_uid))
    if not parts:
        raise ProtocolError(_("There is nothing to undo."))
    found = PatientFile.objects.select_related("institution").filter(pk__in=parts).order_by("pk")
    return sum(add_parts(act, protocol, file, parts[file.pk]) for file in found)


def _lock(protocol: Protocol, file: PatientFile) -> None:
    """Adding and removing wait for each other."""
    rows = Enrolment.objects.select_for_update().filter(protocol=protocol, patient=file.patient_id)
    if not list(rows):
        raise ProtocolError(_("It does not stand in this protocol."))


def _held(protocol: Protocol, file: PatientFile) -> frozenset[Part]:
    rows = Membership.objects.filter(protocol=protocol, patient_file=file, removed_at__isnull=True)
    return frozenset(Part(*row) for row in rows.values_list("series_id", "instance_id", "sop_instance_uid"))


def _end(act: Act, protocol: Protocol, file: PatientFile, parts: Iterable[Part], reason: str) -> int:
    if not reason.strip():
        raise ProtocolError(_("Say why."))
    keys = {(part.series, part.instance) for part in parts}
    rows = Membership.objects.filter(protocol=protocol, patient_file=file, removed_at__isnull=True)
    going = [row.pk for row in rows if (row.series_id, row.instance_id) in keys]
    Membership.objects.filter(pk__in=going).update(
        removed_at=act.at, removed_by=act.user, removed_reason=reason.strip()[:200]
    )
    if going:
        make_due("clean", [(file.pk, lane_of(file.pk))], act.at, priority=BACKGROUND)
        make_due("names", [(file.pk, lane_of(file.pk))], act.at)
        act.journal(
            "remove data",
            object_kind="patient file",
            object_id=file.pk,
            institution=file.institution.code,
            protocol=protocol.short_name,
            members=len(going),
            reason=reason.strip()[:200],
        )
    return len(going)
