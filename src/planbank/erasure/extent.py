"""What an erasure takes, and what is out of its reach.

Comes in: an erasure. Goes out: the instances it takes, counts for the person who decides, and a list of
where copies may be that no erasure here can call back (R123, R204).
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from planbank.catalogue.models import Instance, Member, PatientFile, Series
from planbank.erasure.models import Erasure
from planbank.journal.models import Entry
from planbank.protocols.models import Disclosure, Membership

# Acts of the journal by which data left the bank; whoever adds a way out adds its act.
TAKEN_OUT = ("take out list", "read by API")


@dataclass(frozen=True)
class Extent:
    """Numbers a person decides by; `protocols` are all that hold something of the file."""

    objects: int
    size: int
    plan_sets: int
    protocols: tuple[str, ...]
    other_centres: int


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
    held = (
        Membership.objects.filter(patient_file=file, removed_at=None) if file else Membership.objects.none()
    )
    names = held.order_by("protocol__short_name").values_list("protocol__short_name", flat=True).distinct()
    person = file.patient_id if file else None
    elsewhere = PatientFile.objects.filter(patient=person).exclude(pk=file.pk) if file and person else None
    return Extent(
        objects=len(sizes),
        size=sum(sizes),
        plan_sets=1 if row.plan_set_id else (file.plan_sets.count() if file else 0),
        protocols=tuple(names),
        other_centres=elsewhere.count() if elsewhere is not None else 0,
    )


def out_of_reach(row: Erasure) -> dict[str, int]:
    """How often data of this file left, or went to other controllers, by what the journal tells.

    Files taken out, forwarded or copied cannot be called back from here; whoever has them must be told.
    """
    found: dict[str, int] = {}
    about = Q(object_kind="patient file", object_id=str(row.file_number))
    if row.plan_number:
        about |= Q(object_kind="plan set", object_id=str(row.plan_number))
    for action in Entry.objects.filter(about, action__in=TAKEN_OUT).values_list("action", flat=True):
        found[action] = found.get(action, 0) + 1
    if row.patient_file_id:
        protocols = Membership.objects.filter(patient_file=row.patient_file_id).values("protocol")
        if handed := Disclosure.objects.filter(request__protocol__in=protocols).count():
            found["disclosure"] = handed
    return found


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
