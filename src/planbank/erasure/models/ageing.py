"""Data in no protocol: when they go, who was told, and who asked for what (R31, R200)."""

from __future__ import annotations

from django.db import models

from planbank.catalogue.models import PatientFile
from planbank.people.models import Institution, User


class Ageing(models.Model):
    """What of one patient file stands in no protocol and nothing keeps; rebuilt by the service clean.

    It is a list to warn and to show by: what goes is found anew when it goes. `goes_at` is the
    earliest date. Warnings count for what they were given for: a later date wants new ones.
    `asked_at`: a person wants it to go now; what comes after that moment stays.
    """

    patient_file = models.OneToOneField(PatientFile, on_delete=models.CASCADE, related_name="ageing")
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    goes_at = models.DateTimeField()
    objects_count = models.PositiveIntegerField(default=0)
    plan_sets = models.PositiveIntegerField(default=0)
    size = models.BigIntegerField(default=0)
    # Objects in no protocol that something kept refers to.
    kept_count = models.PositiveIntegerField(default=0)
    days = models.PositiveIntegerField(help_text="the setting it was reckoned by")
    first_warned_at = models.DateTimeField(null=True)
    last_warned_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True)
    asked_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    asked_reason = models.CharField(max_length=200, blank=True)

    objects: models.Manager[Ageing] = models.Manager()

    class Meta:
        indexes = [
            models.Index(fields=["goes_at", "id"], name="ageing_soonest"),
            models.Index(fields=["institution", "goes_at", "id"], name="ageing_of_institution"),
        ]


class KeepLonger(models.Model):
    """A person asked that a patient file's unassigned data stay until a day; undone rows stay."""

    patient_file = models.ForeignKey(PatientFile, on_delete=models.CASCADE, related_name="kept_longer")
    until = models.DateTimeField()
    reason = models.CharField(max_length=200)
    at = models.DateTimeField()
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["-at", "-pk"]
