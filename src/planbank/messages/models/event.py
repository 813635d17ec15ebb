"""What happened that somebody should hear of.

Comes in: facts from the rooms above. Goes out: rows that pages show and, later, notices are
made from (services/notify). `params` holds codes, counts and titles of systems, never a patient's
identity.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from planbank.people.models import Institution, User


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
    AGEING = "ageing", _("Data in no protocol will be deleted")
    DAMAGED = "object-damaged", _("A stored object is missing or was changed in the archive")
    LAST_KEY_USER = "last-key-user", _("The last key user of a protocol lapses soon, or is gone")
    NOT_REPORTED = "commitment-not-reported", _("A storage commitment could not be reported to its sender")
    RECEIVED = "received", _("A plan set arrived and all is well")
    NEEDS_YOU = "needs-you", _("A plan set arrived and something is to be mended or looked at")
    TRIGGER_FAILED = "trigger-failed", _("A trigger fired and was refused")
    FORWARDED = "forwarded", _("A plan set was passed on")
    FORWARD_FAILED = "forward-failed", _("A plan set could not be passed on")
    LAPSING = "permission-expiring", _("A permission ends soon")
    LAPSED = "permission-ended", _("A permission has ended or was taken back")
    AGREEMENT = "agreement-ends", _("An agreement that an active protocol rests on ends soon, or has ended")
    REUSE = "reuse-request", _("Somebody asks to use data of a protocol")
    EXPORT_ASKED = "export-asked", _("Somebody asks to take files out")
    EXPORT_READY = "export-ready", _("Files are ready to be taken out")
    EXPORT_SENT = "export-sent", _("Files were sent to a node")
    AUDIT_RETURNED = "audit-returned", _("Observers of an audit study returned something")
    AUDIT_OVERDUE = "audit-overdue", _("The last day of an audit study is over and something is not back")
    AUDIT_TO_DECIDE = "audit-to-decide", _("A return to an audit study waits for a decision")
    CERTIFICATE = "certificate-ends", _("A certificate ends soon")
    CENTRE_WEEK = "centre-week", _("The week of my institution, with all that is open")
    MAIL_AWAY = "mail-away", _("Mail cannot be delivered")


class Event(models.Model):
    """One event; `institution` is empty when only the system administrator is concerned."""

    at = models.DateTimeField()
    kind = models.CharField(max_length=32, choices=EventKind.choices)
    institution = models.ForeignKey(Institution, null=True, blank=True, on_delete=models.CASCADE)
    parcel_id = models.CharField(max_length=32, blank=True)
    params = models.JSONField(default=dict)
    # Whom it concerns besides an institution: one person, or a scope as in access.models.Grant.
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    scope_kind = models.CharField(max_length=16, blank=True)
    scope_id = models.BigIntegerField(default=0)
    key = models.CharField(max_length=100, blank=True, help_text="what makes it once: grant:12:30")
    noticed_at = models.DateTimeField(null=True, help_text="when notices were made of it")

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["institution", "-at"], name="event_institution"),
            models.Index(fields=["kind", "-at"], name="event_kind"),
            models.Index(fields=["id"], name="event_unnoticed", condition=models.Q(noticed_at__isnull=True)),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["parcel_id", "kind"], condition=~models.Q(parcel_id=""), name="event_once_per_parcel"
            ),
            models.UniqueConstraint(fields=["key"], condition=~models.Q(key=""), name="event_once_per_key"),
        ]
