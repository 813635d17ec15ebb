"""Decisions about who is who, kept and reversible (R129; model.md, Patient)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from planbank.catalogue.models.patient import Patient, PatientFile
from planbank.people.models import Institution, User


class IdentityChange(models.Model):
    """A number linked, two patients joined, or studies split off.

    `moves`: what was changed, as [model, id, column, before, after], in order; undoing goes through them
    backwards. `file`: the file of the institution that decided, where the change is listed.
    """

    class Kind(models.TextChoices):
        """What was decided."""

        LINK = "link", _("number linked")
        JOIN = "join", _("joined")
        SPLIT = "split", _("split off")

    kind = models.CharField(max_length=8, choices=Kind.choices)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    file = models.ForeignKey(PatientFile, on_delete=models.CASCADE, related_name="identity_changes")
    other_file = models.ForeignKey(
        PatientFile, null=True, on_delete=models.CASCADE, related_name="identity_changes_from"
    )
    moves = models.JSONField(default=list)
    reason = models.CharField(max_length=200)
    at = models.DateTimeField()
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["-at", "-pk"]


class SplitStudy(models.Model):
    """A study that was split off: what is sent again under its UID and the old number goes along."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    study_instance_uid = models.CharField(max_length=64)
    sent_as = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="+")
    change = models.ForeignKey(IdentityChange, on_delete=models.CASCADE, related_name="studies")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["institution", "study_instance_uid", "sent_as"], name="split_study_unique"
            )
        ]
