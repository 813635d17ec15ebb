"""Tags that triggers put on plan sets, each of one protocol (R88)."""

from __future__ import annotations

from django.db import models

from planbank.catalogue.models import PatientFile
from planbank.protocols.models.protocol import Protocol
from planbank.protocols.models.trigger import Trigger


class Tag(models.Model):
    """A word on a plan set or series, named by its UID within the patient file as a firing is."""

    protocol = models.ForeignKey(Protocol, on_delete=models.CASCADE, related_name="tags")
    patient_file = models.ForeignKey(PatientFile, on_delete=models.CASCADE, related_name="tags")
    subject_uid = models.CharField(max_length=64)
    word = models.CharField(max_length=64)
    trigger = models.ForeignKey(Trigger, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["word", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["protocol", "patient_file", "subject_uid", "word"], name="tag_once"
            )
        ]

    def __str__(self) -> str:
        return self.word
