"""What people say of a plan in place of its verdicts (R151)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from planbank.catalogue.models import PatientFile
from planbank.people.models import User
from planbank.protocols.models.constraint import Verdict
from planbank.protocols.models.protocol import Protocol


class Review(models.Model):
    """One person's word on one plan in one protocol, and why; ended, never changed.

    The plan is named as memberships name it. `instead_of`: its worst verdict when that was said; where the
    plan comes to another one later, the review is of something else and no longer counts.
    """

    protocol = models.ForeignKey(Protocol, on_delete=models.CASCADE, related_name="reviews")
    patient_file = models.ForeignKey(PatientFile, on_delete=models.CASCADE, related_name="+")
    sop_instance_uid = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=Verdict.State.choices)
    instead_of = models.CharField(max_length=10, choices=Verdict.State.choices)
    reason = models.CharField(max_length=200)
    said_at = models.DateTimeField()
    said_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["-said_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["protocol", "patient_file", "sop_instance_uid"],
                condition=Q(ended_at__isnull=True),
                name="review_once",
            )
        ]
