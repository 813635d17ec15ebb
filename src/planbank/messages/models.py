"""What happened that somebody should hear of.

Comes in: facts from the rooms above. Goes out: rows that pages show and, later, notices are
made from. `params` holds codes, counts and titles of systems, never a patient's identity.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from planbank.people.models import Institution


class EventKind(models.TextChoices):
    """The kinds of event; a kind is one row here and one sentence."""

    REFUSED = "refused", _("Refused at the gate")
    UNKNOWN_SENDER = "unknown-sender", _("An unregistered system sent data")
    OTHER_ADDRESS = "known-name-other-address", _("A registered name called from another address")
    OTHER_CERTIFICATE = (
        "known-name-other-certificate",
        _("A registered name called without its certificate"),
    )
    QUARANTINED = "quarantined", _("An object could not be read and was set aside")
    NEW_VERSION = "new-version", _("An object came again with other content")
    TRIGGERED = "triggered", _("Data were filed by a trigger")
    DAMAGED = "object-damaged", _("A stored object is missing or was changed in the archive")
    LAST_KEY_USER = "last-key-user", _("The last key user of a protocol lapses soon, or is gone")
    NOT_REPORTED = "commitment-not-reported", _("A storage commitment could not be reported to its sender")


class Event(models.Model):
    """One event; `institution` is empty when only the system administrator is concerned."""

    at = models.DateTimeField()
    kind = models.CharField(max_length=32, choices=EventKind.choices)
    institution = models.ForeignKey(Institution, null=True, blank=True, on_delete=models.CASCADE)
    parcel_id = models.CharField(max_length=32, blank=True)
    params = models.JSONField(default=dict)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["institution", "-at"], name="event_institution"),
            models.Index(fields=["kind", "-at"], name="event_kind"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["parcel_id", "kind"], condition=~models.Q(parcel_id=""), name="event_once_per_parcel"
            )
        ]
