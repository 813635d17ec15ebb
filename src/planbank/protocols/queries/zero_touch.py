"""How much came in without anybody at the site (R150; docs/explanation/receipts.md, Zero-touch rate).

Comes in: a period, perhaps a protocol. Goes out: for each centre how many plan sets stand in a protocol,
and how many of them filed themselves, were well, and were looked at by nobody of the centre until then.
Names that no rule maps are not looked at here yet.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, OuterRef, Q

from planbank.catalogue.models import Receipt
from planbank.protocols.models import Membership

PERIOD = timedelta(days=90)
BY_TRIGGER, LATE = "trigger ", "late arrival"


@dataclass(frozen=True)
class Touch:
    """Plan sets filed in a period, and those of them that nobody touched."""

    filed: int = 0
    untouched: int = 0

    @property
    def percent(self) -> int | None:
        """Rounded down, so that 100 means all; None where nothing was filed."""
        return 100 * self.untouched // self.filed if self.filed else None

    def __add__(self, other: Touch) -> Touch:
        return Touch(self.filed + other.filed, self.untouched + other.untouched)


NOBODY = Touch()


def zero_touch(
    until: datetime,
    *,
    since: datetime | None = None,
    protocol: int | None = None,
    institutions: Collection[int] | None = None,
) -> dict[int, Touch]:
    """By institution; the period is that in which receipts were first written. One query."""
    member = Membership.objects.in_force().filter(
        patient_file=OuterRef("patient_file"), sop_instance_uid=OuterRef("sop_instance_uid")
    )
    if protocol is not None:
        member = member.filter(protocol=protocol)
    by_hand = member.exclude(via__startswith=BY_TRIGGER).exclude(via=LATE)
    rows = Receipt.objects.filter(Exists(member), final_at__gte=since or until - PERIOD, final_at__lt=until)
    if institutions is not None:
        rows = rows.filter(institution__in=institutions)
    alone = Q(by_hand=False, fine_at__isnull=False, hands=0)
    found = (
        rows.annotate(by_hand=Exists(by_hand))
        .order_by()
        .values("institution")
        .annotate(filed=Count("pk"), untouched=Count("pk", filter=alone))
    )
    return {row["institution"]: Touch(row["filed"], row["untouched"]) for row in found}
