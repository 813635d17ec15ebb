"""Requests of metrics that people keep, to ask again as data arrive (R72)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from planbank.people.models import User
from planbank.protocols.models.owned import OF_ONE, Owned
from planbank.protocols.models.project import Project
from planbank.protocols.models.protocol import Protocol
from planbank.protocols.models.structure_type import StructureType


class SavedRequest(Owned, models.Model):
    """Structure types (none: all of them, also later ones) by metrics, under a name; never its answer."""

    protocol = models.ForeignKey(Protocol, null=True, on_delete=models.CASCADE, related_name="saved_requests")
    project = models.ForeignKey(Project, null=True, on_delete=models.CASCADE, related_name="saved_requests")
    name = models.CharField(max_length=64)
    structure_types: models.ManyToManyField[StructureType, models.Model] = models.ManyToManyField(
        StructureType, blank=True, related_name="+"
    )
    metrics = models.CharField(max_length=500, help_text="as typed, between commas")
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["protocol", "project", "name"],
                condition=Q(ended_at__isnull=True),
                name="saved_request_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=OF_ONE,
                name="saved_request_of_one",
            ),
        ]
