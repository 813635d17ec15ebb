"""Studies and series as one institution sent them; an empty UID is kept as an empty UID."""

from __future__ import annotations

from django.db import models

from planbank.catalogue.models.patient import PatientFile


class Study(models.Model):
    """A study within a patient file. Study UIDs never link anything (R14)."""

    patient_file = models.ForeignKey(PatientFile, on_delete=models.CASCADE, related_name="studies")
    study_instance_uid = models.CharField(max_length=64, blank=True)
    study_date = models.CharField(max_length=18, blank=True)
    study_time = models.CharField(max_length=28, blank=True)
    description = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["patient_file", "study_instance_uid"], name="study_unique")
        ]
        indexes = [models.Index(fields=["study_instance_uid"], name="study_uid")]


class Series(models.Model):
    """A series within a study: the unit that is grouped into protocols (R35)."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="series")
    series_instance_uid = models.CharField(max_length=64, blank=True)
    modality = models.CharField(max_length=16, blank=True)
    number = models.CharField(max_length=16, blank=True)
    description = models.CharField(max_length=64, blank=True)
    series_date = models.CharField(max_length=18, blank=True)
    frame_of_reference_uid = models.CharField(max_length=64, blank=True)
    first_received_at = models.DateTimeField()
    last_received_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "series"
        constraints = [models.UniqueConstraint(fields=["study", "series_instance_uid"], name="series_unique")]
        indexes = [
            models.Index(fields=["series_instance_uid"], name="series_uid"),
            models.Index(fields=["frame_of_reference_uid"], name="series_frame_of_reference"),
        ]
