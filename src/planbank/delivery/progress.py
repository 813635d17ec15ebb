"""How far forwards have come: 'delivered 212 of 212' (R91).

Comes in: forwards, or nothing for the whole queue. Goes out: counts.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Count, Q

from planbank.delivery.models import Delivery, Forward

_D = Delivery.State


@dataclass(frozen=True)
class Progress:
    """Objects of one forward. `kept`: they came from the destination itself and are not sent."""

    total: int = 0
    delivered: int = 0
    waiting: int = 0
    sending: int = 0
    refused: int = 0
    failed: int = 0
    withheld: int = 0
    cancelled: int = 0
    kept: int = 0
    replacing: int = 0

    @property
    def open(self) -> int:
        """Still to go."""
        return self.waiting + self.sending

    @property
    def wanted(self) -> int:
        """What is to arrive."""
        return self.total - self.kept

    @property
    def problems(self) -> int:
        """What did not go, and somebody should know."""
        return self.refused + self.failed + self.withheld - self.kept

    @property
    def state(self) -> str:
        """One word for a list: going, problem, delivered or nothing."""
        if self.problems:
            return "problem"
        if self.open:
            return "going"
        return "delivered" if self.wanted and self.delivered == self.wanted else "nothing"


def progress_of(forwards: Collection[int]) -> dict[int, Progress]:
    """For each forward; one query."""
    through = Forward.deliveries.through.objects.filter(forward__in=forwards).order_by()
    counts = {state.value: Count("pk", filter=Q(delivery__state=state)) for state in _D}
    rows = through.values("forward").annotate(
        total=Count("pk"),
        kept=Count("pk", filter=Q(delivery__state=_D.WITHHELD, delivery__reason="came-from-there")),
        replacing=Count("pk", filter=Q(delivery__replaces__isnull=False)),
        **counts,
    )
    found = {row.pop("forward"): Progress(**row) for row in rows}
    return {pk: found.get(pk, Progress()) for pk in forwards}


def queue_counts() -> dict[str, int]:
    """The whole queue, for `planbank status`, metrics and pages of those who run the bank."""
    rows = dict(Delivery.objects.order_by().values_list("state").annotate(Count("pk")))
    return {
        "forward_waiting": rows.get(_D.WAITING, 0) + rows.get(_D.SENDING, 0),
        "forward_delivered": rows.get(_D.DELIVERED, 0),
        "forward_failed": rows.get(_D.REFUSED, 0) + rows.get(_D.FAILED, 0),
        "forwards_held": Forward.objects.filter(state=Forward.State.HELD).count(),
    }
