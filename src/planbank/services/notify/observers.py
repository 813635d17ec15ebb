"""Audit studies whose last day is near, or over (R109, R118).

Comes in: the time. Goes out: mails to observers who have not returned everything, 7 days and 1 day before;
one event once the day is over and something is not back. Run it as often as one likes.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone, translation

from planbank.audits.models import AuditStudy
from planbank.audits.reminding import AHEAD, OUT, due, remind
from planbank.house import House
from planbank.messages.models import Event, EventKind
from planbank.protocols.act import Act

NEWS = timedelta(days=3)


def remind_observers(house: House) -> int:
    """Mail whoever is due, tell of what is overdue; how many mails."""
    now = house.clock.now()
    today = timezone.localtime(now).date()
    near = AuditStudy.objects.filter(
        state=AuditStudy.State.OPEN,
        closes_on__gte=today - NEWS,
        closes_on__lte=today + timedelta(days=AHEAD[0]),
    )
    count = 0
    for study in near.select_related("protocol"):
        assert study.closes_on is not None
        if study.closes_on < today:
            _overdue(house, study)
            continue
        with transaction.atomic(), translation.override(house.settings.language):
            count += remind(house, Act.of_service("notify", now), study, due(study, today))
    return count


def _overdue(house: House, study: AuditStudy) -> None:
    """Told once for each last day: who moves it is told anew."""
    if not (missing := study.copies.filter(state__in=OUT).count()):
        return
    Event.objects.get_or_create(
        key=f"audit-overdue:{study.pk}:{study.closes_on:%Y%m%d}",
        defaults={
            "at": house.clock.now(),
            "kind": EventKind.AUDIT_OVERDUE,
            "scope_kind": "protocol",
            "scope_id": study.protocol_id,
            "params": {
                "name": study.name,
                "protocol": study.protocol_id,
                "study": study.pk,
                "count": missing,
            },
        },
    )
