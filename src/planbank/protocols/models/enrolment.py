"""A patient in a protocol, and the name masked levels know them by (model.md, Levels)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from planbank.catalogue.models import Patient
from planbank.people.models import User
from planbank.protocols.models.protocol import Protocol


class Enrolment(models.Model):
    """One patient in one protocol, once for ever: leaving and coming back change its state.

    `pseudonym` is written by the service `enrol`, the only one with the vault key, and never
    changes; until then masked levels show 'pending'. `delete_after`: a withdrawal restricts at
    once and deletes later.
    """

    class State(models.TextChoices):
        """What may be done with the patient's data here."""

        ENROLLED = "enrolled", _("enrolled")
        RESTRICTED = "restricted", _("restricted")
        WITHDRAWN = "withdrawn", _("withdrawn")
        REMOVED = "removed", _("removed")

    protocol = models.ForeignKey(Protocol, on_delete=models.PROTECT, related_name="enrolments")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="enrolments")
    pseudonym = models.CharField(max_length=32, blank=True)
    state = models.CharField(max_length=16, choices=State.choices, default=State.ENROLLED)
    enrolled_at = models.DateTimeField()
    enrolled_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    via = models.CharField(max_length=64, help_text="user, command, or what added it")
    state_at = models.DateTimeField()
    state_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    reason = models.CharField(max_length=200, blank=True)
    delete_after = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["protocol", "patient"], name="enrolment_unique"),
            models.UniqueConstraint(
                fields=["protocol", "pseudonym"], condition=~Q(pseudonym=""), name="pseudonym_unique"
            ),
        ]
        indexes = [models.Index(fields=["patient", "protocol"], name="enrolment_patient")]
