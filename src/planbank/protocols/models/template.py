"""Protocol templates: what is taken over from an earlier protocol; nothing personal (R149)."""

from __future__ import annotations

from django.db import models

from planbank.people.models import User
from planbank.protocols.models.protocol import Protocol


class Template(models.Model):
    """A named template; `content` holds one entry for each part (protocols/templates.py)."""

    name = models.CharField(max_length=100, unique=True)
    description = models.CharField(max_length=300, blank=True)
    made_from = models.ForeignKey(Protocol, null=True, on_delete=models.SET_NULL, related_name="+")
    content = models.JSONField(default=dict)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
