"""What an institution was told of one plan set (model.md, receipts; R34, R152)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from planbank.catalogue.models.patient import PatientFile
from planbank.people.models import Institution, Sender


class Receipt(models.Model):
    """One per plan set, updated in place; written by the service receipt.

    The plan set is named by its UID within the patient file, so that the receipt outlives a new linking.
    `lines`: [{"state", "code", "params", "about"}], worst first, put into words by services/receipt.
    `told`: what mails have said, so that only what is new makes another.
    """

    class State(models.TextChoices):
        """The worst of its lines; waiting until nothing came for the quiet time."""

        WAITING = "waiting", _("Waiting for the rest")
        OK = "ok", _("All well")
        WARN = "warn", _("Please look")
        BAD = "bad", _("Needs a fix")

    patient_file = models.ForeignKey(PatientFile, on_delete=models.CASCADE, related_name="receipts")
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    sop_instance_uid = models.CharField(max_length=64)
    sender = models.ForeignKey(Sender, null=True, on_delete=models.SET_NULL, related_name="+")
    calling_ae = models.CharField(max_length=16, blank=True)
    objects_held = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    lines = models.JSONField(default=list)
    told = models.JSONField(default=list)
    round = models.PositiveIntegerField(default=0, help_text="how many mails it has made")
    made_at = models.DateTimeField()
    written_at = models.DateTimeField()
    received_at = models.DateTimeField(help_text="when the newest of its objects came")
    final_at = models.DateTimeField(null=True, help_text="when it was first written after the quiet time")
    fine_at = models.DateTimeField(null=True, help_text="when all was first well")
    # Looks and acts of the centre's own people on the site until then (R150).
    hands = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-received_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["patient_file", "sop_instance_uid"], name="receipt_once")
        ]
        indexes = [
            models.Index(fields=["institution", "-received_at", "-id"], name="receipt_recent"),
            models.Index(
                fields=["institution", "-received_at"],
                name="receipt_open",
                condition=models.Q(state__in=["bad", "warn"]),
            ),
        ]

    @property
    def number(self) -> str:
        """As people quote it: 26-11-17-0412."""
        return f"{self.made_at:%y-%m-%d}-{self.pk:04d}"
