"""Parcels set aside, sealed (R10, R17)."""

from __future__ import annotations

from django.db import models

from planbank.people.models import Institution, Sender, User


class QuarantinedParcel(models.Model):
    """One parcel in quarantine: who sent it, what it claims to be, why it is here.

    Unknown senders are reviewed by the system administrator, who never sees patient data; what a
    registered sender sent and could not be read is seen by that institution's people.
    """

    class State(models.TextChoices):
        """What became of it."""

        WAITING = "waiting"
        RELEASED = "released"
        DONE = "done"
        DELETED = "deleted"

    parcel_id = models.CharField(max_length=32, unique=True)
    state = models.CharField(max_length=16, choices=State.choices, default=State.WAITING)
    reason = models.CharField(max_length=40, help_text="a code; the words stand in quarantine_words.py")
    detail = models.CharField(max_length=300, blank=True)
    sender = models.ForeignKey(Sender, null=True, on_delete=models.SET_NULL)
    institution = models.ForeignKey(Institution, null=True, on_delete=models.PROTECT)
    calling_ae = models.CharField(max_length=16, blank=True)
    called_ae = models.CharField(max_length=16, blank=True)
    address = models.CharField(max_length=64, blank=True)
    certificate = models.CharField(max_length=64, blank=True, help_text="SHA-256 of what it showed over TLS")
    sop_class_uid = models.CharField(max_length=64, blank=True)
    size = models.BigIntegerField(default=0)
    received_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["state", "reason", "calling_ae", "address"], name="quarantine_group")]
