"""Which entries of the journal somebody reads (security.md, Permissions, row 'journal read').

Comes in: a user, a time, filters, a place. Goes out: one page of entries, newest first. Everybody
reads their own; an administrator of an institution those of its people, while they belong to it; who
holds `journal.read` in a protocol that protocol's; an auditor all; a system administrator the
technical ones. Each way is read by its own index and no further than one page, so that the cost
does not grow with the journal.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Func, IntegerField, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from planbank.access.roles import Reach
from planbank.access.standing import Path, standing_of
from planbank.catalogue.models import PatientFile, PlanSet
from planbank.journal.models import Entry
from planbank.people.models import Affiliation, Institution, User
from planbank.protocols.models import Enrolment

# What entries are about that no patient's data stand behind: what runs, and who may use it.
TECHNICAL = (
    *("", "affiliation", "association", "certificate", "commitment", "grant", "institution", "key", "parcel"),
    *("quarantine", "region", "sender", "service", "settings", "token", "user"),
)
MOST_PATIENTS = 20
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)
NEWEST_FIRST = ("-at", "-pk")


@dataclass(frozen=True)
class Readable:
    """The ways to entries that one person has now: conditions on entries, and institutions."""

    ways: tuple[Q, ...]
    institutions: tuple[str, ...]
    at: datetime
    everything: bool = False
    # Protocols whose entries are read as theirs, not only one's own, and the institutions of the grant.
    protocols: tuple[tuple[int, frozenset[int] | None], ...] = ()

    def about(self, pseudonym: str) -> Q:
        """Entries about the patient who has this pseudonym in a protocol read by this person."""
        rows = Enrolment.objects.filter(pseudonym__iexact=pseudonym)
        if not self.everything:
            rows = rows.filter(protocol__in=[pk for pk, _institutions in self.protocols])
        found = Q(pk__in=[])
        for enrolment in rows[:MOST_PATIENTS]:
            found |= Q(object_kind="enrolment", object_id=str(enrolment.pk))
            files = PatientFile.objects.filter(patient=enrolment.patient_id)
            reach = dict(self.protocols).get(enrolment.protocol_id)
            if reach is not None:
                files = files.filter(institution__in=reach)
            numbers = [str(pk) for pk in files.values_list("pk", flat=True)]
            plans = PlanSet.objects.filter(patient_file__in=files).values_list("pk", flat=True)
            found |= Q(object_kind="patient file", object_id__in=numbers)
            found |= Q(object_kind="plan set", object_id__in=[str(pk) for pk in plans])
        return found

    def of_protocol(self, name: str) -> QuerySet[Entry]:
        """Entries of one protocol, as far as this person reads them, newest first."""
        rows = Entry.objects.filter(protocol=name).order_by(*NEWEST_FIRST)
        if self.everything:
            return rows
        ways = Q(pk__in=[])
        for way in self.ways:
            ways |= way
        return rows.filter(ways)

    def page(self, wanted: Q, *, size: int, beyond: Q | None = None, newer: bool = False) -> QuerySet[Entry]:
        """Up to `size` entries that fit `wanted`, newest first; with `newer` those just after a place,
        oldest first. `beyond` says which side of the place (`older_than`, `newer_than`)."""
        order = ("at", "pk") if newer else NEWEST_FIRST
        wanted = wanted if beyond is None else wanted & beyond
        parts: list[QuerySet[Any, Any]] = [
            Entry.objects.filter(way & wanted).order_by(*order).values("pk")[:size] for way in self.ways
        ]
        if self.institutions:
            parts.append(self._of_people(wanted, order, size))
        if len(parts) == 1:
            return Entry.objects.filter(self.ways[0] & wanted).order_by(*order)[:size]
        found = parts[0].union(*parts[1:])
        return Entry.objects.filter(pk__in=found).order_by(*order)[:size]

    def _of_people(self, wanted: Q, order: tuple[str, ...], size: int) -> QuerySet[Any, Any]:
        """Entries of the people of institutions: of the time they belong to one, and not about others."""
        theirs = Entry.objects.filter(
            wanted,
            actor_kind="user",
            actor=OuterRef("user__username"),
            at__gte=OuterRef("since"),
            institution__in=["", *self.institutions],
            at__lt=Coalesce(OuterRef("until"), Value(_NEVER)),
        )
        numbers = ArraySubquery(theirs.order_by(*order).values("pk")[:size])
        rows = Affiliation.objects.filter(institution__code__in=self.institutions, since__lte=self.at)
        return (
            rows.order_by()
            .annotate(entry=Func(numbers, function="unnest", output_field=IntegerField()))
            .values("entry")
        )


def readable_by(user: User, at: datetime) -> Readable:
    """What `user` may read of the journal now; nothing for an account that is switched off."""
    if not user.is_active:
        return Readable((Q(pk__in=[]),), (), at)
    paths = standing_of(user).in_force("journal.read", at)
    if any(p.role == "auditor" for p in paths):
        return Readable((Q(),), (), at, everything=True)
    own = Q(actor_kind="user", actor=user.username)
    codes = {p.name for p in paths if p.role == "institution-admin"}
    held = tuple((p.scope.id, p.institutions) for p in paths if _is_of_protocol(p))
    ways = (own, *_technical(paths), *_protocols(paths))
    return Readable(ways, tuple(sorted(codes)), at, protocols=held)


def older_than(at: datetime, pk: int) -> Q:
    """What stands after a place, newest first."""
    return Q(at__lte=at) & (Q(at__lt=at) | Q(pk__lt=pk))


def newer_than(at: datetime, pk: int) -> Q:
    """What stands before a place, newest first."""
    return Q(at__gte=at) & (Q(at__gt=at) | Q(pk__gt=pk))


def _technical(paths: list[Path]) -> Iterator[Q]:
    if any(p.role == "system-admin" for p in paths):
        yield Q(object_kind__in=TECHNICAL)


def _protocols(paths: list[Path]) -> Iterator[Q]:
    """One way for each protocol; held to the institutions that the grant is held to."""
    for path in paths:
        if not _is_of_protocol(path):
            continue
        way = Q(protocol=path.name)
        if path.institutions is not None:
            codes = Institution.objects.filter(pk__in=path.institutions).values_list("code", flat=True)
            way &= Q(institution__in=list(codes))
        yield way


def _is_of_protocol(path: Path) -> bool:
    return path.scope.kind == "protocol" and path.actions["journal.read"] is not Reach.OWN
