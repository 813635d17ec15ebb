"""DVHs of structures that nobody drew: made of others, or of several ROIs taken together."""

from __future__ import annotations

from django.db import models

from planbank.catalogue.models import Calculation
from planbank.catalogue.models.dvh import DvhNumbers
from planbank.protocols.models import StructureType


class DerivedDvh(DvhNumbers):
    """The cumulative DVH of a derived type in one calculation; earlier ones stay (R64, R76).

    `formula` (planbank.naming.recipes) names the ROIs it is made of: tables ask for that which the dictionary
    says now, so that a DVH of other rules is never shown, and is there again when they are undone.
    `reason` says in words why it cannot be calculated; then there are no numbers. `curve` as in `Dvh`.
    """

    calculation = models.ForeignKey(Calculation, on_delete=models.CASCADE, related_name="derived_dvhs")
    structure_type = models.ForeignKey(StructureType, on_delete=models.CASCADE, related_name="derived_dvhs")
    edition = models.PositiveIntegerField(help_text="of the dictionary that first asked for it")
    expression = models.CharField(max_length=300)
    formula = models.CharField(max_length=64, help_text="hash over expression, parts and side")
    parts = models.JSONField(default=list, help_text="[[name of a type, [ROI numbers]], ...]")
    side = models.CharField(
        max_length=8, blank=True, help_text="treated side, where it was asked for and known"
    )
    made_at = models.DateTimeField()
    reason = models.CharField(max_length=300, blank=True)
    curve = models.BinaryField(null=True)
    parameters = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["calculation", "structure_type", "formula", "algorithm"], name="derived_dvh_unique"
            )
        ]
