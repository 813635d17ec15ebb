"""Arrivals as people see them: one line per association, newest first.

Comes in: a queryset of Submission that the policy has narrowed, and filters. Goes out: one page
of associations with their numbers. The cost is that of the associations on the page: rows are
read newest first until the page is full, never grouped over the whole bank.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db.models import Count, Max, Min, Q, QuerySet
from django.db.models.functions import TruncDate

from planbank.catalogue.models import Relation, Submission
from planbank.catalogue.queries.paging import read_place, write_place
from planbank.catalogue.queries.patients import in_order

if TYPE_CHECKING:
    from datetime import date, datetime
    from zoneinfo import ZoneInfo

Key = tuple[str, int]  # (association, institution)
CHUNK = 2_000
MOST_READ = 256_000


@dataclass
class Association:
    """What one institution got through one association."""

    association_id: str
    institution_id: int
    began_at: datetime
    ended_at: datetime
    calling_ae: str
    called_ae: str
    address: str
    patients: set[int] = field(default_factory=set)
    by_modality: Counter[str] = field(default_factory=Counter)
    by_relation: Counter[str] = field(default_factory=Counter)

    @property
    def objects(self) -> int:
        return self.by_relation.total()

    @property
    def modalities(self) -> list[tuple[str, int]]:
        named = [(name, self.by_modality[name]) for name in in_order(self.by_modality)]
        return named + ([("", self.by_modality[""])] if self.by_modality[""] else [])


@dataclass(frozen=True)
class AssociationPage:
    """One page; `after` is the place of the next one, or empty."""

    rows: list[Association]
    after: str = ""


def read_associations(
    submissions: QuerySet[Submission],
    wanted: QuerySet[Submission],
    place: str,
    size: int,
    institutions: Sequence[int] = (),
) -> AssociationPage:
    """Associations in which any of `wanted` came, with the numbers of all their `submissions`.

    `wanted` is `submissions` narrowed by the filters of the page. `institutions` are all those
    whose rows can be among them: where they are named, each is read in the order of its index.
    """
    keys, after = _page_of_keys(wanted, place, size, institutions)
    found = summaries(submissions, keys)
    return AssociationPage([found[key] for key in keys if key in found], after)


def _page_of_keys(
    wanted: QuerySet[Submission], place: str, size: int, institutions: Sequence[int]
) -> tuple[list[Key], str]:
    """(association, institution) by their newest wanted row; read in growing portions."""
    start = read_place(place)
    at = (start.time, start.pk) if start and start.time else None
    first = at
    ends: dict[Key, tuple[datetime, int]] = {}
    shown: set[Key] = set()
    portion, total = CHUNK, 0
    while len(ends) <= size and total < MOST_READ:
        rows = _newest(_older_than(wanted, at), institutions, portion)
        new = {
            (a, i): (t, pk) for a, i, t, pk in reversed(rows) if (a, i) not in ends and (a, i) not in shown
        }
        if first and new:
            shown |= _shown_before(wanted, first, new)
        ends |= {key: end for key, end in new.items() if key not in shown}
        total += len(rows)
        if len(rows) < portion:
            break
        at = rows[-1][2], rows[-1][3]
        portion *= 4
    ordered = sorted(ends, key=lambda key: ends[key], reverse=True)
    keys = ordered[:size]
    more = len(ordered) > size or total >= MOST_READ
    if not more:
        return keys, ""
    time, pk = ends[keys[-1]] if keys else (at or (None, 0))
    return keys, write_place(pk, time) if time else ""


def _newest(
    wanted: QuerySet[Submission], institutions: Sequence[int], portion: int
) -> list[tuple[str, int, datetime, int]]:
    """The newest rows, in one query. An index gives the order only within one institution, so with
    several each gives its newest and the newest of those are taken."""
    columns = ("association_id", "institution_id", "received_at", "pk")
    rows = wanted.order_by("-received_at", "-pk").values_list(*columns)
    if not institutions:
        return list(rows[:portion])
    one, *others = (rows.filter(institution_id=pk)[:portion] for pk in institutions)
    if not others:
        return list(one)
    return list(one.union(*others, all=True).order_by("-received_at", "-pk")[:portion])


def _older_than(wanted: QuerySet[Submission], at: tuple[datetime, int] | None) -> QuerySet[Submission]:
    if at is None:
        return wanted
    time, pk = at
    return wanted.filter(Q(received_at__lt=time) | Q(pk__lt=pk), received_at__lte=time)


def _shown_before(
    wanted: QuerySet[Submission], first: tuple[datetime, int], new: dict[Key, tuple[datetime, int]]
) -> set[Key]:
    """Which of these associations have a newer row still, and so stood on an earlier page."""
    time, pk = first
    newer = wanted.filter(
        Q(received_at__gt=time) | Q(pk__gte=pk),
        received_at__gte=time,
        association_id__in={association for association, _institution in new},
    )
    return set(newer.values_list("association_id", "institution_id").order_by().distinct())


def summaries(submissions: QuerySet[Submission], keys: list[Key]) -> dict[Key, Association]:
    """The numbers of some associations. One query."""
    rows = (
        submissions.filter(association_id__in={association for association, _institution in keys})
        .order_by()
        .values_list(
            "association_id",
            "institution_id",
            "relation",
            "instance__series_id",
            "instance__series__modality",
            "instance__series__study__patient_file_id",
        )
        .annotate(
            Count("pk"),
            Min("received_at"),
            Max("received_at"),
            Max("calling_ae"),
            Max("called_ae"),
            Max("address"),
        )
    )
    found: dict[Key, Association] = {}
    for association, institution, relation, _series, modality, file, n, began, ended, *who in rows:
        row = found.setdefault(
            (association, institution), Association(association, institution, began, ended, *who)
        )
        row.began_at, row.ended_at = min(row.began_at, began), max(row.ended_at, ended)
        row.patients.add(file)
        row.by_modality[modality] += n
        row.by_relation[relation] += n
    return {key: found[key] for key in keys if key in found}


def per_day(submissions: QuerySet[Submission], zone: ZoneInfo) -> dict[date, int]:
    """Objects received on each day of `zone`; days without any are left out."""
    days = submissions.annotate(day=TruncDate("received_at", tzinfo=zone)).order_by().values_list("day")
    return dict(days.annotate(n=Count("pk")))


def narrowed(
    submissions: QuerySet[Submission],
    *,
    since: datetime,
    until: datetime,
    sender: int | None = None,
    institution: int | None = None,
    relation: str = "",
) -> QuerySet[Submission]:
    """Submissions of [since, until), narrowed by what is given."""
    rows = submissions.filter(received_at__gte=since, received_at__lt=until)
    if sender is not None:
        rows = rows.filter(sender=sender)
    if institution is not None:
        rows = rows.filter(institution=institution)
    if relation in Relation.values:
        rows = rows.filter(relation=relation)
    return rows
