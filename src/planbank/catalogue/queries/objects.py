"""Series and objects as lists, and what is known of one object.

Comes in: querysets of Series or Instance that the policy has narrowed. Goes out: rows with their
numbers. Versions count only as this institution sent them: bytes are kept once for the whole
bank, but who else sent them, and when, is nobody's business here (model.md, Tenancy).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import BigIntegerField, Case, Count, Exists, F, Min, OuterRef, QuerySet, Sum, When
from django.db.models.functions import Cast, Trim

from planbank.catalogue.models import Instance, InstanceVersion, Series, Submission
from planbank.pipeline.models import Outcome
from planbank.pipeline.registry import SERVICES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

VERSION_KIND = "instance version"
OBJECT_ORDERS = {
    "number": ("instance_number", "current_version__instance_number"),
    "class": ("current_version__sop_class_uid", "instance_number"),
    "uid": ("sop_instance_uid",),
    "size": ("current_version__size",),
    "received": ("last_received_at",),
}
SERIES_ORDERS = {
    "study": ("study__study_date", "study__study_time", "study_id", "series_number", "modality"),
    "modality": ("modality", "series_number"),
    "number": ("series_number", "number"),
    "description": ("description",),
    "objects": ("objects",),
    "size": ("size",),
    "first": ("first_received_at",),
    "received": ("last_received_at",),
}


@dataclass(frozen=True)
class VersionSeen:
    """A version of an object as one institution sent it."""

    version: InstanceVersion
    relation: str
    first_received_at: datetime
    times: int
    is_current: bool


def numbered(field: str) -> Case:
    """A number that was sent as text, as a number; empty where it is none (IS, PS3.5 table 6.2-1)."""
    plain = Trim(field)
    is_number = When(**{f"{field}__regex": r"^\s*[+-]?[0-9]{1,12}\s*$"}, then=Cast(plain, BigIntegerField()))
    return Case(is_number, default=None, output_field=BigIntegerField())


def series_order(series: QuerySet[Series], sort: str) -> QuerySet[Series]:
    """Series in the order of `sort`, to be cut into pages."""
    rows = series.annotate(series_number=numbered("number"))
    if sort.removeprefix("-") in ("objects", "size"):
        rows = _with_numbers(rows)
    return rows.order_by(*_sorted(SERIES_ORDERS, sort, "study"))


def series_rows(page: Sequence[Series], held: QuerySet[Series] | None = None) -> list[Series]:
    """The series of one page again, each with its study and the number of its objects and bytes.

    `held`: those that may be read, and how.
    """
    every = Series.objects.all() if held is None else held
    rows = _with_numbers(every.select_related("study__patient_file")).in_bulk([row.pk for row in page])
    return [rows[row.pk] for row in page if row.pk in rows]


def _with_numbers(series: QuerySet[Series]) -> QuerySet[Series]:
    return series.annotate(
        objects=Count("instances"), size=Sum("instances__current_version__size", default=0)
    )


def object_rows(objects: QuerySet[Instance], sort: str) -> QuerySet[Instance]:
    """Objects with their current version, sorted."""
    rows = objects.select_related("current_version").annotate(
        instance_number=numbered("current_version__instance_number")
    )
    return rows.order_by(*_sorted(OBJECT_ORDERS, sort, "number"))


def _sorted(orders: dict[str, tuple[str, ...]], sort: str, otherwise: str) -> list[object]:
    name = sort.removeprefix("-")
    descending = sort.startswith("-") and name in orders
    columns = [F(column) for column in (*orders.get(name, orders[otherwise]), "pk")]
    if descending:
        return [c.desc(nulls_last=True) for c in columns]
    return [c.asc(nulls_last=True) for c in columns]


def version_counts(objects: Sequence[Instance]) -> dict[int, int]:
    """How many different contents this institution sent under each object's UID."""
    rows = Submission.objects.filter(instance__in=[o.pk for o in objects]).values_list("instance_id")
    return dict(rows.annotate(n=Count("version_id", distinct=True)).order_by())


def versions_of(instance: Instance) -> list[VersionSeen]:
    """Every version the institution sent of this object, newest first."""
    first: dict[int, tuple[datetime, str]] = {}
    times: dict[int, int] = {}
    sent = Submission.objects.filter(instance=instance).order_by("received_at", "pk")
    for version, at, relation in sent.values_list("version_id", "received_at", "relation").iterator(2000):
        first.setdefault(version, (at, relation))
        times[version] = times.get(version, 0) + 1
    # A row whose submissions are not there (rebuilt from the archive) still has its current version.
    first.setdefault(instance.current_version_id, (instance.first_received_at, "new"))
    versions = InstanceVersion.objects.defer("headers").in_bulk(list(first))
    seen = [
        VersionSeen(versions[pk], relation, at, times.get(pk, 0), pk == instance.current_version_id)
        for pk, (at, relation) in first.items()
    ]
    return sorted(seen, key=lambda v: (v.first_received_at, v.version.pk), reverse=True)


def services_on_versions() -> list[str]:
    """The services whose subject is an instance version."""
    return [service.name for service in SERVICES if service.subject == VERSION_KIND]


def outcomes_of(versions: Iterable[int], services: Iterable[str] | None = None) -> dict[int, list[Outcome]]:
    """What became of each version: per service the outcome of its newest version, by service."""
    names = services_on_versions() if services is None else list(services)
    wanted = list(versions)
    found: dict[tuple[int, str], Outcome] = {}
    rows = Outcome.objects.filter(service__in=names, subject_kind=VERSION_KIND, subject_id__in=wanted)
    for row in rows.order_by("version"):
        found[row.subject_id, row.service] = row
    by_version: dict[int, list[Outcome]] = {pk: [] for pk in wanted}
    for (pk, _service), row in sorted(found.items()):
        by_version[pk].append(row)
    return by_version


def in_state(objects: QuerySet[Instance], service: str, state: str) -> QuerySet[Instance]:
    """Objects whose current version is in that state of the newest version of a service."""
    version = SERVICES[service].version if service in SERVICES else 1
    outcomes = Outcome.objects.filter(
        service=service, subject_kind=VERSION_KIND, subject_id=OuterRef("current_version_id"), version=version
    )
    return objects.filter(Exists(outcomes.filter(state=state)))


def bytes_of(series: QuerySet[Series]) -> int:
    """The bytes of all current objects of these series."""
    held = series.aggregate(size=Sum("instances__current_version__size"))["size"]
    return held or 0


def first_sent(instance: Instance) -> datetime:
    """When the institution itself first sent this object."""
    found = Submission.objects.filter(instance=instance).aggregate(at=Min("received_at"))["at"]
    return found or instance.first_received_at
