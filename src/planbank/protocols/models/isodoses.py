"""Isodose levels that a person keeps for a protocol, or for what is in none (R99)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from planbank.people.models import User
from planbank.protocols.models.protocol import Protocol


class IsodoseLevels(models.Model):
    """One person's own levels in one protocol; of the prescription they fit every plan of it."""

    class Unit(models.TextChoices):
        """What the numbers are."""

        GY = "Gy", "Gy"
        PERCENT = "%", _("percent of the prescription")

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="isodose_levels")
    protocol = models.ForeignKey(Protocol, null=True, on_delete=models.CASCADE, related_name="+")
    unit = models.CharField(max_length=2, choices=Unit.choices)
    values = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "protocol"], nulls_distinct=False, name="isodose_levels_once"
            )
        ]
