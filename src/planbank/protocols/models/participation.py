"""Centres that take part in a protocol (R37, R45)."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from planbank.people.models import Institution, User
from planbank.protocols.models.protocol import Protocol
from planbank.protocols.models.revised import Revised


class ParticipationQuerySet(models.QuerySet["Participation"]):
    """Participations by time."""

    def in_force(self, at: datetime) -> ParticipationQuerySet:
        """Begun and not ended."""
        return self.filter(Q(until__isnull=True) | Q(until__gt=at), since__lte=at)


class Participation(Revised):
    """One centre in one protocol, dated; a centre that comes back gets a new row."""

    protocol = models.ForeignKey(Protocol, on_delete=models.CASCADE, related_name="participations")
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="participations")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
    expected_accrual = models.PositiveIntegerField(null=True, blank=True)
    contact = models.CharField(max_length=200, blank=True)
    added_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")

    objects: ClassVar[models.Manager[Participation]] = models.Manager.from_queryset(ParticipationQuerySet)()

    class Meta:
        ordering = ["institution__code", "since"]
        constraints = [
            models.UniqueConstraint(
                fields=["protocol", "institution"],
                condition=Q(until__isnull=True),
                name="participation_one_open",
            ),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=F("since")), name="participation_in_order"
            ),
        ]
