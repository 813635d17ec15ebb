"""Participants: whom a protocol expects, before and after their data come (model.md, Patient)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from planbank.catalogue.models import Patient
from planbank.people.models import Institution, User
from planbank.protocols.models.protocol import Protocol
from planbank.protocols.models.revised import Revised


class AttributeType(models.Model):
    """A typed attribute that a protocol defines for its participants (R145)."""

    class Kind(models.TextChoices):
        """How values are read."""

        TEXT = "text", _("text")
        NUMBER = "number", _("number")
        DATE = "date", _("date")
        CHOICE = "choice", _("one of a list")
        FLAG = "flag", _("yes or no")

    protocol = models.ForeignKey(Protocol, on_delete=models.CASCADE, related_name="attribute_types")
    name = models.CharField(max_length=48)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    choices = models.JSONField(default=list, blank=True)
    required = models.BooleanField(default=False)
    order = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["order", "name"]
        constraints = [models.UniqueConstraint("protocol", Lower("name"), name="attribute_type_unique")]


class Participant(Revised):
    """One participant; `trial_id` is a pseudonym of the trial and stands wherever the level allows.

    `expected`: how many objects of a kind should come, such as {"RTPLAN": 1, "RTDOSE": 1}.
    `attributes`: values by the name of their AttributeType, checked by protocols/attributes.py.
    """

    class Laterality(models.TextChoices):
        """The side that is treated."""

        LEFT = "left", _("left")
        RIGHT = "right", _("right")
        BOTH = "both", _("both sides")

    class Breathing(models.TextChoices):
        """How the patient breathes during treatment."""

        FREE = "free", _("free breathing")
        GATED = "gated", _("gated")
        HOLD = "hold", _("breath hold")

    class Consent(models.TextChoices):
        """Where consent stands."""

        UNKNOWN = "unknown", _("not known")
        GIVEN = "given", _("given")
        NOT_NEEDED = "not needed", _("not needed")
        WITHDRAWN = "withdrawn", _("withdrawn")

    protocol = models.ForeignKey(Protocol, on_delete=models.CASCADE, related_name="participants")
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="participants")
    patient = models.ForeignKey(
        Patient, null=True, blank=True, on_delete=models.PROTECT, related_name="participants"
    )
    trial_id = models.CharField(max_length=64)
    arm = models.CharField(max_length=64, blank=True)
    laterality = models.CharField(max_length=8, choices=Laterality.choices, blank=True)
    breathing = models.CharField(max_length=8, choices=Breathing.choices, blank=True)
    expected = models.JSONField(default=dict, blank=True)
    expected_on = models.DateField(null=True, blank=True)
    consent = models.CharField(max_length=16, choices=Consent.choices, default=Consent.UNKNOWN)
    consent_on = models.DateField(null=True, blank=True)
    attributes = models.JSONField(default=dict, blank=True)
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["trial_id"]
        constraints = [
            models.UniqueConstraint("protocol", Lower("trial_id"), name="participant_trial_id_unique"),
            models.UniqueConstraint(
                fields=["protocol", "patient"],
                condition=Q(patient__isnull=False),
                name="participant_patient_unique",
            ),
        ]
        indexes = [models.Index(fields=["patient", "protocol"], name="participant_patient")]
