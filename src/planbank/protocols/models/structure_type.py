"""The structures a protocol asks for, by its own names (R37); mapping of sent names builds on it."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Lower

from planbank.protocols.models.protocol import Protocol


class StructureType(models.Model):
    """One structure type: a column of the matrix."""

    protocol = models.ForeignKey(Protocol, on_delete=models.CASCADE, related_name="structure_types")
    name = models.CharField(max_length=64)
    description = models.CharField(max_length=200, blank=True)
    order = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["order", "name"]
        constraints = [models.UniqueConstraint("protocol", Lower("name"), name="structure_type_unique")]

    def __str__(self) -> str:
        return self.name
