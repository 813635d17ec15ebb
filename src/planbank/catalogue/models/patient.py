"""Who the data are about.

`Patient` joins across centres and carries nothing a page could show; what an institution knows
of a patient stands in its own `PatientFile` (model.md: identity never widens visibility).
"""

from __future__ import annotations

from django.db import models

from planbank.people.models import Institution


class Patient(models.Model):
    """One person, phantom or copy; known by identities."""

    created_at = models.DateTimeField()


class PatientIdentity(models.Model):
    """(scheme, issuer, normalised ID) -> patient; text, leading zeros kept (R20)."""

    scheme = models.CharField(max_length=16)
    issuer = models.CharField(max_length=64)
    value = models.CharField(max_length=64)
    # Empty only inside the transaction that inserts the row; see services/register/file.py.
    patient = models.ForeignKey(Patient, null=True, on_delete=models.PROTECT, related_name="identities")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scheme", "issuer", "value"], name="identity_unique")]


class PatientFile(models.Model):
    """What one institution submitted about one patient: the unit of tenancy and of linking.

    Without a Patient ID the data are filed under the institution alone (`patient` is empty).
    Name, birth date and sex are as that institution last sent them.
    """

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="patient_files")
    patient = models.ForeignKey(Patient, null=True, on_delete=models.PROTECT, related_name="files")
    sent_id = models.CharField(max_length=64, blank=True, help_text="Patient ID as sent, trimmed")
    name = models.CharField(max_length=324, blank=True, help_text="Patient's Name as sent, decoded")
    birth_date = models.CharField(max_length=18, blank=True)
    sex = models.CharField(max_length=16, blank=True)
    first_received_at = models.DateTimeField()
    last_received_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["institution", "patient"], nulls_distinct=False, name="patient_file_unique"
            )
        ]
        indexes = [
            models.Index(fields=["institution", "-last_received_at", "-id"], name="patient_file_recent"),
            models.Index(fields=["institution", "sent_id"], name="patient_file_sent_id"),
            models.Index(fields=["institution", "name"], name="patient_file_name"),
        ]
