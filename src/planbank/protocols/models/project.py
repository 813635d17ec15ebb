"""Collaboration projects: a selection from protocols under an own agreement (R38, R207)."""

from __future__ import annotations

from uuid import uuid4

from django.db import models
from django.utils.translation import gettext_lazy as _

from planbank.people.models import User
from planbank.protocols.models.membership import Membership
from planbank.protocols.models.protocol import short_name_validator
from planbank.protocols.models.revised import Revised


class Project(Revised):
    """One project. It holds no data: what it shows is what approved reuse requests let it see.

    Nobody submits to a project. It ends at `ends_at`, at its agreement's end, or when it is closed.
    """

    class Status(models.TextChoices):
        """Where it stands."""

        DRAFT = "draft", _("draft")
        ACTIVE = "active", _("active")
        CLOSED = "closed", _("closed")

    uid = models.UUIDField(default=uuid4, unique=True, editable=False)
    short_name = models.CharField(max_length=32, unique=True, validators=[short_name_validator])
    title = models.CharField(max_length=300)
    purpose = models.TextField(blank=True)
    recipient = models.CharField(max_length=200, blank=True, help_text="organisation that receives")
    agreement = models.CharField(max_length=300, blank=True, help_text="where the signed text is filed")
    agreement_signed_on = models.DateField(null=True, blank=True)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.DRAFT)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["short_name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="project_dates_in_order"
            )
        ]

    def __str__(self) -> str:
        return self.short_name

    @property
    def named(self) -> dict[str, str]:
        """What journal entries about it say: `act.journal(action, **owner.named)`."""
        return {"project": self.short_name}


class ProjectItem(models.Model):
    """One member of a protocol that a project lists explicitly; gone with the membership."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="items")
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="project_items")
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["membership", "project"], name="project_item_unique")]
