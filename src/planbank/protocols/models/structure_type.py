"""The structures a protocol or project asks for, by its own names (R37, R68)."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from planbank.protocols.models.owned import OF_ONE
from planbank.protocols.models.project import Project
from planbank.protocols.models.protocol import Protocol


class StructureType(models.Model):
    """One structure type: a column of the matrix.

    `expression`: made of other types by planbank.dose.derived ('Lung_L + Lung_R'); then no rule maps to it.
    """

    class Need(models.TextChoices):
        """Whether a plan must have it (R68)."""

        REQUIRED = "required", _("required")
        OPTIONAL = "optional", _("optional")
        FORBIDDEN = "forbidden", _("forbidden")

    protocol = models.ForeignKey(
        Protocol, null=True, on_delete=models.CASCADE, related_name="structure_types"
    )
    project = models.ForeignKey(Project, null=True, on_delete=models.CASCADE, related_name="structure_types")
    name = models.CharField(max_length=64)
    description = models.CharField(max_length=200, blank=True)
    order = models.PositiveIntegerField(default=0)
    need = models.CharField(max_length=10, choices=Need.choices, default=Need.OPTIONAL)
    expression = models.CharField(max_length=300, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["order", "name"]
        constraints = [
            models.UniqueConstraint("protocol", Lower("name"), name="structure_type_unique"),
            models.UniqueConstraint("project", Lower("name"), name="project_structure_type_unique"),
            models.CheckConstraint(
                condition=OF_ONE,
                name="structure_type_of_one",
            ),
        ]

    def __str__(self) -> str:
        return self.name
