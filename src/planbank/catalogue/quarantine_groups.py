"""What waits in quarantine, in groups that one decision is about.

Comes in: rows of quarantined parcels that somebody may see. Goes out: groups with counts by SOP
class, searched, ordered and cut to a page.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db.models import Case, CharField, Count, F, Max, Min, Q, QuerySet, Sum, Value, When

from planbank.catalogue.models import QuarantinedParcel
from planbank.catalogue.quarantine_words import (
    NO_INSTITUTION,
    SENDER_REASONS,
    SUSPICIOUS,
    UNREGISTERED,
    Reason,
    reason_in_words,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

State = QuarantinedParcel.State


@dataclass(frozen=True)
class Group:
    """Files that wait for one decision: same sender, address and reason (and detail, institution).

    `called_ae` is filled only where the called AE title is the reason, `certificate` (SHA-256 of what
    was shown over TLS) only where nobody registered the sender. `bytes` is the sum of the
    data sets' sizes; `classes` counts files by SOP Class UID.
    """

    calling_ae: str
    called_ae: str
    address: str
    reason: str
    detail: str
    institution_id: int | None
    first_id: int
    last_id: int
    files: int
    bytes: int
    first_seen: datetime
    last_seen: datetime
    sender_id: int | None = None
    certificate: str = ""
    classes: dict[str, int] = field(default_factory=dict)

    @property
    def words(self) -> Reason:
        return reason_in_words(self.reason)

    @property
    def about_sender(self) -> bool:
        """Whether who sent it is the question, rather than what came."""
        return self.reason in SENDER_REASONS

    @property
    def is_suspicious(self) -> bool:
        """Whether it calls by a name that another is registered under."""
        return self.reason in SUSPICIOUS

    def rows(self) -> QuerySet[QuarantinedParcel]:
        """The group's rows that still wait."""
        same = QuarantinedParcel.objects.filter(
            state=State.WAITING,
            reason=self.reason,
            calling_ae=self.calling_ae,
            address=self.address,
            detail=self.detail,
            institution_id=self.institution_id,
        )
        if self.reason in UNREGISTERED:
            return same.filter(certificate=self.certificate)
        return same.filter(called_ae=self.called_ae) if self.reason == NO_INSTITUTION else same


_KEY = ("calling_ae", "address", "reason", "detail", "institution_id", "called", "shown")
ORDERS = {"first_seen": "first_seen", "sender": "calling_ae", "files": "files", "size": "bytes"}


def groups(
    rows: QuerySet[QuarantinedParcel],
    *,
    search: str = "",
    order: str = "-first_seen",
    start: int = 0,
    limit: int,
) -> list[Group]:
    """Waiting groups among `rows`; `search` is literal text in AE title or address.

    `order` is a name of ORDERS, with '-' before it for the other way round.
    """
    found = rows.filter(state=State.WAITING)
    if search:
        found = found.filter(
            Q(calling_ae__icontains=search) | Q(address__icontains=search) | Q(called_ae__icontains=search)
        )
    column = ORDERS.get(order.lstrip("-"), "first_seen")
    by = F(column).desc() if order.startswith("-") else F(column).asc()
    listed = list(_grouped(found).order_by(by, "first_id")[start : start + limit])
    return [Group(**row, classes=classes) for row, classes in _with_classes(found, listed)]


def group_of(rows: QuerySet[QuarantinedParcel], pk: int) -> Group | None:
    """The group that the waiting row `pk` belongs to; None where it does not wait among `rows`."""
    key = _called(rows.filter(pk=pk, state=State.WAITING)).values(*_KEY).first()
    if key is None:
        return None
    same = _called(rows.filter(state=State.WAITING)).filter(**key)
    listed = list(_grouped(same))
    return next((Group(**row, classes=classes) for row, classes in _with_classes(same, listed)), None)


def _called(rows: QuerySet[QuarantinedParcel]) -> QuerySet[QuarantinedParcel]:
    only = Case(When(reason=NO_INSTITUTION, then=F("called_ae")), default=Value(""), output_field=CharField())
    shown = Case(
        When(reason__in=UNREGISTERED, then=F("certificate")), default=Value(""), output_field=CharField()
    )
    return rows.annotate(called=only, shown=shown)


def _grouped(rows: QuerySet[QuarantinedParcel]) -> QuerySet[Any, dict[str, Any]]:
    return (
        _called(rows)
        .values(*_KEY)
        .annotate(
            first_id=Min("pk"),
            last_id=Max("pk"),
            files=Count("pk"),
            bytes=Sum("size"),
            first_seen=Min("received_at"),
            last_seen=Max("received_at"),
            sender_id=Max("sender"),
        )
        .order_by()
    )


def _with_classes(
    rows: QuerySet[QuarantinedParcel], listed: list[dict[str, Any]]
) -> Iterator[tuple[dict[str, Any], dict[str, int]]]:
    among = _called(rows).filter(
        calling_ae__in={row["calling_ae"] for row in listed}, address__in={row["address"] for row in listed}
    )
    counts: dict[tuple[Any, ...], Counter[str]] = {}
    for row in among.values(*_KEY, "sop_class_uid").annotate(files=Count("pk")).order_by():
        key = tuple(row[name] for name in _KEY)
        counts.setdefault(key, Counter())[row["sop_class_uid"]] += row["files"]
    for row in listed:
        key = tuple(row[name] for name in _KEY)
        row["called_ae"], row["certificate"] = row.pop("called"), row.pop("shown")
        yield row, dict(counts.get(key, Counter()).most_common())
