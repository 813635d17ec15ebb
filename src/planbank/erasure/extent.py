"""What an erasure takes, and what is out of its reach.

Comes in: an erasure. Goes out: the instances it takes, counts for the person who decides, and a list of
where copies may be that no erasure here can call back (R123, R204).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from planbank.audits.models import Copy
from planbank.catalogue.models import Instance, Member, PatientFile, Series
from planbank.erasure.models import Erasure
from planbank.journal.models import Entry
from planbank.protocols.models import Disclosure, Membership, Protocol
from planbank.takeout.models import ExportFile

# Acts of the journal by which data left the bank; whoever adds a way out adds its act.
TAKEN_OUT = ("take out list", "read by API", "make report", "forward")
# How entries name one plan set, and lists of many patients.
PLANS = ("plan set",)
LISTS = ("patient files", "plan sets", "patients", "participants", "arrivals", "association")


@dataclass(frozen=True)
class Extent:
    """Numbers a person decides by; `protocols` are all that hold something of the file.

    `objects` go; `kept` stay although the protocol held them: another one does too.
    """

    objects: int
    size: int
    plan_sets: int
    protocols: tuple[str, ...]
    other_centres: int
    kept: int = 0


def instances_of(row: Erasure) -> QuerySet[Instance]:
    """The instances that go; none once the file is gone."""
    file = row.patient_file
    if file is None:
        return Instance.objects.none()
    of_file = Instance.objects.filter(series__study__patient_file=file)
    if row.kind == Erasure.Kind.PLAN_SET:
        return _of_plan_set(of_file, row.plan_set_id)
    if row.kind == Erasure.Kind.WITHDRAWAL and row.protocol_id is not None:
        mine = Membership.objects.filter(patient_file=file, protocol=row.protocol_id)
        others = Membership.objects.filter(patient_file=file, removed_at=None).exclude(
            protocol=row.protocol_id
        )
        return _members(of_file, mine).exclude(pk__in=_members(of_file, others).values("pk"))
    return of_file


def extent(row: Erasure) -> Extent:
    """What stands to go."""
    going = instances_of(row)
    sizes = list(going.values_list("current_version__size", flat=True))
    file = row.patient_file
    if file is None:
        return Extent(0, 0, 0, (), 0)
    held = Membership.objects.filter(patient_file=file, removed_at=None)
    names = held.order_by("protocol__short_name").values_list("protocol__short_name", flat=True).distinct()
    elsewhere = PatientFile.objects.filter(patient=file.patient_id).exclude(pk=file.pk)
    plans = file.plan_sets.all()
    if row.kind != Erasure.Kind.PATIENT:
        plans = plans.filter(sop_instance_uid__in=going.values("sop_instance_uid"))
    mine = 0
    if row.kind == Erasure.Kind.WITHDRAWAL:
        of_file = Instance.objects.filter(series__study__patient_file=file)
        mine = _members(
            of_file, Membership.objects.filter(patient_file=file, protocol=row.protocol_id)
        ).count()
    return Extent(
        objects=len(sizes),
        size=sum(sizes),
        plan_sets=1 if row.plan_set_id else plans.count(),
        protocols=tuple(names),
        other_centres=elsewhere.count() if file.patient_id else 0,
        kept=max(0, mine - len(sizes)),
    )


def out_of_reach(row: Erasure) -> dict[str, int]:
    """How often data of this file left, or went to other controllers, by what the journal tells.

    Files taken out, forwarded or copied cannot be called back from here; whoever has them must be told.
    'lists' are those of many patients that may hold this one: the journal does not say who stood in them.
    """
    found = Counter(Entry.objects.filter(_about(row), action__in=TAKEN_OUT).values_list("action", flat=True))
    file = row.patient_file
    if file is not None:
        protocols = Membership.objects.filter(patient_file=file).values("protocol")
        names = Protocol.objects.filter(pk__in=protocols).values("short_name")
        whose = Q(institution=file.institution.code) | Q(protocol__in=names) | Q(institution="", protocol="")
        lists = Entry.objects.filter(whose, action__in=TAKEN_OUT, object_kind__in=LISTS)
        found["lists"] = lists.filter(at__gte=file.first_received_at).count()
        taken = ExportFile.objects.filter(patient_file=file, export__taken_at__isnull=False)
        found["export"] = taken.order_by().values("export").distinct().count()
        copies = Copy.objects.filter(case__patient_file=file, sent_at__isnull=False)
        found["audit copy"] = copies.count()
        found["disclosure"] = Disclosure.objects.filter(request__protocol__in=protocols).count()
    return {name: count for name, count in found.items() if count}


def prospects(protocol: Protocol, patient: int) -> list[tuple[PatientFile, Extent, dict[str, int]]]:
    """What a withdrawal from the protocol leads to, for each institution's file on the patient."""
    held = Membership.objects.filter(protocol=protocol, patient_file__patient=patient)
    files = PatientFile.objects.filter(pk__in=held.values("patient_file")).select_related("institution")
    found = []
    for file in files.order_by("institution__code", "pk"):
        row = Erasure(
            kind=Erasure.Kind.WITHDRAWAL,
            institution=file.institution,
            protocol=protocol,
            patient_file=file,
            file_number=file.pk,
        )
        found.append((file, extent(row), out_of_reach(row)))
    return found


def _about(row: Erasure) -> Q:
    """Entries about the file or plan set of an erasure."""
    if row.plan_number:
        return Q(object_kind__in=PLANS, object_id=str(row.plan_number))
    about = Q(object_kind="patient file", object_id=str(row.file_number))
    if row.patient_file is None:
        return about
    plans = [str(pk) for pk in row.patient_file.plan_sets.values_list("pk", flat=True)]
    return about | Q(object_kind__in=PLANS, object_id__in=plans)


def _of_plan_set(of_file: QuerySet[Instance], plan_set: int | None) -> QuerySet[Instance]:
    """Its members, but for those that another plan set of the file needs too."""
    mine = Member.objects.filter(plan_set=plan_set)
    others = Member.objects.filter(plan_set__patient_file__in=of_file.values("series__study__patient_file"))
    others = others.exclude(plan_set=plan_set)
    here = Q(pk__in=mine.filter(instance__isnull=False).values("instance")) | Q(
        series__in=mine.filter(series__isnull=False).values("series")
    )
    needed = Q(pk__in=others.filter(instance__isnull=False).values("instance")) | Q(
        series__in=others.filter(series__isnull=False).values("series")
    )
    return of_file.filter(here).exclude(needed)


def _members(of_file: QuerySet[Instance], rows: QuerySet[Membership]) -> QuerySet[Instance]:
    series = Series.objects.filter(pk__in=rows.filter(instance=None).values("series"))
    return of_file.filter(Q(pk__in=rows.exclude(instance=None).values("instance")) | Q(series__in=series))
