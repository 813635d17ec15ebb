"""Telling how a forward ended (R91, R92): delivered as a whole, or what did not go.

Comes in: a forward. Goes out: at most one event and one journal entry for each end, whatever runs twice.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from planbank.catalogue.receipts_due import receipts_due
from planbank.delivery.asking import journal
from planbank.delivery.models import Delivery, Forward
from planbank.delivery.progress import Progress, progress_of
from planbank.messages.models import Event, EventKind
from planbank.protocols.act import Act


@transaction.atomic
def settle(forward_id: int, at: datetime) -> None:
    """Tell the institution once that all of it arrived, or once more what did not."""
    related = ("destination__institution", "protocol", "institution")
    rows = Forward.objects.select_for_update(of=("self",)).select_related(*related)
    row = rows.filter(pk=forward_id).first()
    if row is None or row.state == Forward.State.CANCELLED:
        return
    so_far = progress_of([row.pk])[row.pk]
    if so_far.open or not so_far.total:
        return
    act = Act.of_service("forward", at)
    if so_far.problems > row.told_failed:
        _tell(act, row, EventKind.FORWARD_FAILED, so_far, reason=_reason(row))
        row.told_failed = so_far.problems
    if row.is_whole and so_far.delivered == so_far.wanted and so_far.delivered > row.told_count:
        _tell(act, row, EventKind.FORWARDED, so_far)
        row.told_count, row.ended_at = so_far.delivered, at
    row.save(update_fields=["told_failed", "told_count", "ended_at"])
    receipts_due(row.patient_file_id, at)


def _tell(act: Act, row: Forward, kind: EventKind, so_far: Progress, reason: str = "") -> None:
    params = {
        "forward": row.pk,
        "protocol": row.protocol.short_name,
        "destination": row.destination.name,
        "to": row.destination.institution.code,
        "delivered": so_far.delivered,
        "objects": so_far.wanted,
        "failed": so_far.problems,
        "reason": reason,
    }
    Event.objects.create(
        at=act.at,
        kind=kind,
        institution=row.institution,
        scope_kind="protocol",
        scope_id=row.protocol_id,
        params=params,
    )
    outcome = "done" if kind == EventKind.FORWARDED else "failed"
    journal(act, "forwarded", row, objects=so_far.delivered, of=so_far.wanted, outcome=outcome)


def _reason(row: Forward) -> str:
    ends = [Delivery.State.REFUSED, Delivery.State.FAILED, Delivery.State.WITHHELD]
    said = (
        row.deliveries.filter(state__in=ends).exclude(reason="came-from-there").order_by("-ended_at", "-pk")
    )
    return said.values_list("reason", flat=True).first() or ""
