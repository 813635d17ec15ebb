"""What senders did lately, at a cost that does not grow with the bank.

Comes in: senders. Goes out: when each was last seen, its objects and refusals of seven days, and
what waits in quarantine under its name. Counts only; nothing here tells of a patient.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import Count, Exists, F, Max, OuterRef, Subquery
from django.db.models.fields.json import KT

from planbank.catalogue.models import QuarantinedParcel, Submission
from planbank.messages.models import Event, EventKind
from planbank.people.models import Sender, SenderInstitution
from planbank.web.pages.senders.echo import allowed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


LATELY, LOOKED_BACK = timedelta(days=7), timedelta(days=30)


@dataclass
class Activity:
    """One sender lately. `last_seen` is empty when it was not seen for LOOKED_BACK; `ever` then
    says whether it was before."""

    last_seen: datetime | None = None
    ever: bool = True
    objects: int = 0
    refusals: int = 0
    quarantined: int = 0


def activity(senders: Sequence[Sender], now: datetime) -> dict[int, Activity]:
    """Sender id -> what it did lately. `senders` carry their listed institutions (prefetched)."""
    found = {sender.pk: Activity() for sender in senders}
    institutions = {row.institution_id for sender in senders for row in sender.listed.all()}
    recent = Submission.objects.filter(
        institution__in=institutions, received_at__gte=now - LATELY, sender__in=list(found)
    )
    for row in recent.values("sender").annotate(n=Count("pk"), last=Max("received_at")).order_by():
        found[row["sender"]].objects, found[row["sender"]].last_seen = row["n"], row["last"]
    silent = {pk: seen for pk, seen in found.items() if seen.last_seen is None}
    if silent:
        _look_further_back(silent, now)
    _add(found, senders, "refusals", _refusals(senders, now))
    _add(found, senders, "quarantined", _quarantined(senders))
    return found


def _look_further_back(silent: dict[int, Activity], now: datetime) -> None:
    """When those that sent nothing lately sent last, and whether they ever did. Two queries for all."""
    own = Submission.objects.filter(sender=OuterRef("sender"), institution=OuterRef("institution"))
    back = own.filter(received_at__gte=now - LOOKED_BACK).order_by("-received_at", "-id")
    listed = SenderInstitution.objects.filter(sender__in=list(silent)).order_by()
    last = listed.annotate(last=Subquery(back.values("received_at")[:1])).values_list("sender", "last")
    for sender, seen in last:
        if seen is not None:
            silent[sender].last_seen = max(seen, silent[sender].last_seen or seen)
    sent = Exists(Submission.objects.filter(sender=OuterRef("pk")))
    ever = set(Sender.objects.filter(sent, pk__in=list(silent)).values_list("pk", flat=True))
    for pk, one in silent.items():
        one.ever = pk in ever


def _refusals(senders: Iterable[Sender], now: datetime) -> Iterable[tuple[str, str, int]]:
    """(AE title, address, number) of what the gate refused; the title is empty where none was given,
    as when TLS failed."""
    events = Event.objects.filter(kind=EventKind.REFUSED, at__gte=now - LATELY).annotate(
        name=KT("params__calling_ae"), address=KT("params__address")
    )
    own = events.filter(name__in={"", *(sender.ae_title for sender in senders)})
    return own.values_list("name", "address").annotate(n=Count("pk")).order_by()


def _quarantined(senders: Iterable[Sender]) -> Iterable[tuple[str, str, int]]:
    waiting = QuarantinedParcel.objects.filter(
        state=QuarantinedParcel.State.WAITING,
        institution=None,
        calling_ae__in={sender.ae_title for sender in senders},
    ).annotate(name=F("calling_ae"))
    return waiting.values_list("name", "address").annotate(n=Count("pk")).order_by()


def _add(
    found: dict[int, Activity], senders: Iterable[Sender], what: str, rows: Iterable[tuple[str, str, int]]
) -> None:
    """Add what was counted by name and address to the senders whose network it came from."""
    listed = list(rows)
    for sender in senders:
        number = sum(
            n
            for name, address, n in listed
            if name in ("", sender.ae_title) and allowed(address or "", sender.network)
        )
        setattr(found[sender.pk], what, number)
