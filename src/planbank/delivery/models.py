"""Destinations, forwards and deliveries (R87, R89 to R92; model.md, Trigger ROIs and receipts).

A `Destination` is a registered DICOM node of an institution. A `Forward` is one plan set (or loose
series) that goes to one destination under one protocol. A `Delivery` is one object on its way to one
destination, once for the whole bank: several forwards may want the same one.
"""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from planbank.catalogue.models import InstanceVersion, PatientFile
from planbank.people.models import Institution, User, fingerprint_validator, validate_ae_title
from planbank.protocols.models import Protocol, Trigger
from planbank.protocols.models.revised import Revised

host_validator = RegexValidator(
    r"^[A-Za-z0-9](?:[A-Za-z0-9.:-]{0,251}[A-Za-z0-9])?\Z", _("Write an address or a host name.")
)


class Destination(Revised):
    """A DICOM node that may be sent to. Nothing goes there before somebody confirmed it (R89).

    `retry_at` and `failures` are of the way there: while it is down, nothing is tried in between.
    """

    name = models.CharField(max_length=64)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="destinations")
    ae_title = models.CharField(max_length=16, validators=[validate_ae_title])
    host = models.CharField(max_length=253, validators=[host_validator])
    port = models.PositiveIntegerField(validators=[MinValueValidator(1), MaxValueValidator(65535)])
    calling_ae = models.CharField(
        max_length=16, blank=True, validators=[validate_ae_title], help_text="empty: the bank's own"
    )
    tls = models.BooleanField(default=True)
    fingerprint = models.CharField(max_length=64, blank=True, validators=[fingerprint_validator])
    purpose = models.CharField(max_length=300, help_text="what the institution needs the data for")
    contact = models.CharField(max_length=200, blank=True)
    is_active = models.BooleanField(default=True)
    is_paused = models.BooleanField(default=False)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    failures = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True)
    problem = models.CharField(max_length=24, blank=True, help_text="a code; words in delivery/words.py")
    retry_at = models.DateTimeField(null=True)
    reached_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(Lower("name"), name="destination_name_unique"),
            models.UniqueConstraint(fields=["host", "port", "ae_title"], name="destination_node_unique"),
        ]

    def __str__(self) -> str:
        return self.name


class Delivery(models.Model):
    """One object for one destination. `content` is what it says: a re-export of it is never sent again."""

    class State(models.TextChoices):
        """Where it stands. refused, failed and withheld are ends until somebody asks again."""

        WAITING = "waiting", _("waiting")
        SENDING = "sending", _("on its way")
        DELIVERED = "delivered", _("delivered")
        REFUSED = "refused", _("refused by the destination")
        FAILED = "failed", _("given up")
        WITHHELD = "withheld", _("withheld")
        CANCELLED = "cancelled", _("cancelled")

    destination = models.ForeignKey(Destination, on_delete=models.PROTECT, related_name="deliveries")
    version = models.ForeignKey(InstanceVersion, on_delete=models.CASCADE, related_name="+")
    content = models.ForeignKey(InstanceVersion, on_delete=models.CASCADE, related_name="deliveries")
    replaces = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="replaced_by")
    state = models.CharField(max_length=12, choices=State.choices, default=State.WAITING)
    reason = models.CharField(max_length=24, blank=True, help_text="a code; words in delivery/words.py")
    status = models.PositiveIntegerField(null=True, help_text="of the C-STORE response (PS3.7 C)")
    comment = models.CharField(max_length=64, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField()
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["destination", "content"], name="delivery_once"),
        ]
        indexes = [
            models.Index(
                fields=["destination", "due_at"],
                name="delivery_open",
                condition=Q(state__in=["waiting", "sending"]),
            ),
        ]


class Forward(models.Model):
    """One plan set, or one loose series, to one destination under one protocol."""

    class State(models.TextChoices):
        """What may happen with it."""

        HELD = "held", _("waits for a click")
        OPEN = "open", _("open")
        PAUSED = "paused", _("paused")
        CANCELLED = "cancelled", _("cancelled")

    class Waits(models.TextChoices):
        """When its first object may go (R92)."""

        NOTHING = "nothing", _("at once, object by object")
        QUIET = "quiet", _("once nothing more has come for the quiet time")
        COMPLETE = "complete", _("once the images are complete")

    destination = models.ForeignKey(Destination, on_delete=models.PROTECT, related_name="forwards")
    protocol = models.ForeignKey(Protocol, on_delete=models.PROTECT, related_name="forwards")
    trigger = models.ForeignKey(Trigger, null=True, on_delete=models.SET_NULL, related_name="forwards")
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    patient_file = models.ForeignKey(PatientFile, on_delete=models.CASCADE, related_name="forwards")
    subject_uid = models.CharField(max_length=64, help_text="of the plan set, or of the series")
    waits = models.CharField(max_length=8, choices=Waits.choices, default=Waits.NOTHING)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    reason = models.CharField(max_length=24, blank=True, help_text="why it is held; a code")
    deliveries: models.ManyToManyField[Delivery, models.Model] = models.ManyToManyField(
        Delivery, related_name="forwards"
    )
    is_whole = models.BooleanField(default=False, help_text="nothing more is awaited of the set")
    told_count = models.PositiveIntegerField(default=0, help_text="objects when its end was told last")
    told_failed = models.PositiveIntegerField(
        default=0, help_text="objects that did not go when it was told last"
    )
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    ended_at = models.DateTimeField(null=True, help_text="all of it delivered")

    class Meta:
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["destination", "protocol", "patient_file", "subject_uid"], name="forward_once"
            )
        ]
        indexes = [
            models.Index(fields=["institution", "-asked_at"], name="forward_institution"),
            models.Index(fields=["protocol", "-asked_at"], name="forward_protocol"),
            models.Index(fields=["state"], condition=models.Q(state="held"), name="forward_held"),
        ]
