"""What is odd about the data, kept beside them (model.md, Three ends: kept with a finding)."""

from __future__ import annotations

from django.db import models

from planbank.catalogue.models.patient import PatientFile


class Finding(models.Model):
    """One finding; its words come from catalogue/findings by `code`, `about` and `params`.

    A finding closes when its cause is gone; it is not deleted. `source` is the service that
    found it and that alone closes it.
    """

    patient_file = models.ForeignKey(PatientFile, on_delete=models.CASCADE, related_name="findings")
    source = models.CharField(max_length=16)
    subject_kind = models.CharField(max_length=32, help_text="instance, series, study, plan set")
    subject_id = models.BigIntegerField()
    code = models.CharField(max_length=64)
    about = models.CharField(
        max_length=200, blank=True, help_text="which beam, ROI, attribute; never a person"
    )
    params = models.JSONField(default=dict)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject_kind", "subject_id", "code", "about"],
                condition=models.Q(closed_at__isnull=True),
                name="finding_open_once",
            )
        ]
        indexes = [models.Index(fields=["subject_kind", "subject_id"], name="finding_subject")]
