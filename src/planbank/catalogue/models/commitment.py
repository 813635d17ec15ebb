"""Storage commitment: what a sender asked to have confirmed, and what it was told (R21)."""

from __future__ import annotations

from django.db import models

from planbank.people.models import Institution, Sender


class Commitment(models.Model):
    """One request. It goes from asked to judged to answered, and ends in one of the last three.

    Which objects are meant stands here only until the request has ended; then counts are left.
    """

    class State(models.TextChoices):
        """How far it is. judged: decided and signed next; answered: the gate has it to report."""

        ASKED = "asked"
        JUDGED = "judged"
        ANSWERED = "answered"
        REPORTED = "reported"
        GIVEN_UP = "given-up"
        NO_NODE = "no-node"
        UNREADABLE = "unreadable"

    parcel_id = models.CharField(max_length=32, unique=True, help_text="of the request")
    state = models.CharField(max_length=16, choices=State.choices, default=State.ASKED)
    institution = models.ForeignKey(Institution, null=True, on_delete=models.PROTECT, related_name="+")
    sender = models.ForeignKey(Sender, null=True, on_delete=models.SET_NULL, related_name="commitments")
    association_id = models.CharField(max_length=32)
    calling_ae = models.CharField(max_length=16)
    called_ae = models.CharField(max_length=16)
    address = models.CharField(max_length=64)
    secured = models.BooleanField(default=False, help_text="it came by TLS, so the report goes by TLS")
    transaction_uid = models.CharField(max_length=64)
    references = models.JSONField(default=list, help_text="[SOP Class UID, SOP Instance UID] of each object")
    failed = models.JSONField(default=list, help_text="[class, instance, Failure Reason (0008,1197)]")
    # Whatever had arrived before this request has a parcel id up to here, or is registered.
    upto = models.CharField(max_length=32)
    safe_count = models.IntegerField(default=0)
    failed_count = models.IntegerField(default=0)
    asked_at = models.DateTimeField()
    judged_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    detail = models.CharField(max_length=200, blank=True, help_text="why it was given up")

    class Meta:
        indexes = [
            models.Index(fields=["sender", "-asked_at"], name="commitment_sender"),
            models.Index(
                fields=["id"],
                name="commitment_open",
                condition=models.Q(state__in=["asked", "judged"]),
            ),
        ]
