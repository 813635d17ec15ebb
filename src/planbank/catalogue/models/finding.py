"""What is odd about the data, kept beside them (model.md, Three ends: kept with a finding)."""

from __future__ import annotations

from django.db import models

from planbank.catalogue.models.patient import PatientFile


class Finding(models.Model):
    """One finding; its words come from the catalogue of findings by `code` and `params`.

    A finding closes when its cause is gone; it is not deleted.
    """

    patient_file = models.ForeignKey(PatientFile, on_delete=models.CASCADE, related_name="findings")
    subject_kind = models.CharField(max_length=32, help_text="instance, study, plan set, ...")
    subject_id = models.BigIntegerField()
    code = models.CharField(max_length=64)
    params = models.JSONField(default=dict)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject_kind", "subject_id", "code"],
                condition=models.Q(closed_at__isnull=True),
                name="finding_open_once",
            )
        ]
