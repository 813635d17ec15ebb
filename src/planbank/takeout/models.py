"""Exports and their files (R113 to R115, R120).

An `Export` is what one person asked for, for one purpose, out of one protocol or project. An `ExportFile` is
one object in it. Who asked downloads the files, or a node gets them. The row stays as the record of the
disclosure when the files can no longer be taken.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from planbank.catalogue.models import InstanceVersion, PatientFile
from planbank.delivery.models import Destination
from planbank.people.models import User
from planbank.protocols.models import Project, Protocol
from planbank.protocols.models.owned import OF_ONE, Owned
from planbank.protocols.models.revised import Revised


class Export(Owned, Revised):
    """One export. `selection` is what `takeout.selection.Selection` reads; `until` its last moment.

    `extras`: name, key, size, crc and offset of the leaflet and the list of files.
    `size`, `directory` and `directory_size` (bytes) and `layout` say how its ZIP is laid out; a new layout is
    another file, so a download of an older one cannot go on.
    `destination`: the node that gets the files, where nobody downloads them; `problem`: why it does not get
    them at this moment (a code of delivery/words.py), `attempts`: how often it was tried.
    """

    class Form(models.TextChoices):
        """In which form the files leave."""

        PSEUDONYMISED = "pseudonymised", _("de-identified, under the protocol's pseudonyms")
        RAW = "raw", _("as received, with the patients' identities")

    class State(models.TextChoices):
        """Where it stands."""

        ASKED = "asked", _("waits for approval")
        PREPARING = "preparing", _("is being prepared")
        READY = "ready", _("ready")
        SENT = "sent", _("sent")
        REFUSED = "refused", _("refused")
        CANCELLED = "cancelled", _("cancelled")
        REVOKED = "revoked", _("revoked")

    protocol = models.ForeignKey(Protocol, null=True, on_delete=models.PROTECT, related_name="exports")
    project = models.ForeignKey(Project, null=True, on_delete=models.PROTECT, related_name="exports")
    form = models.CharField(max_length=16, choices=Form.choices, default=Form.PSEUDONYMISED)
    selection = models.JSONField(default=dict)
    purpose = models.TextField()
    recipient = models.CharField(max_length=200, help_text="who gets the files")
    destination = models.ForeignKey(Destination, null=True, on_delete=models.PROTECT, related_name="exports")
    state = models.CharField(max_length=12, choices=State.choices, default=State.ASKED)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    decision = models.CharField(max_length=300, blank=True, help_text="the reason of the decision")
    until = models.DateTimeField()
    chosen_at = models.DateTimeField(null=True, help_text="when its objects were looked up")
    ready_at = models.DateTimeField(null=True)
    layout = models.PositiveIntegerField(default=0)
    size = models.BigIntegerField(default=0)
    directory = models.BigIntegerField(default=0)
    directory_size = models.BigIntegerField(default=0)
    members = models.PositiveIntegerField(default=0)
    extras = models.JSONField(default=list, help_text="what is inside besides objects, in their order")
    problem = models.CharField(max_length=24, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, help_text="when the last try to send all of it ended")
    taken_at = models.DateTimeField(null=True, help_text="when the files were taken first")
    taken_patients = models.PositiveIntegerField(default=0, help_text="as it was laid out then")

    class Meta:
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=OF_ONE,
                name="export_of_one",
            ),
            models.CheckConstraint(condition=Q(until__gt=models.F("asked_at")), name="export_dates_in_order"),
        ]

    @property
    def objects_count(self) -> int:
        """Objects in the ZIP, without what the bank adds."""
        return max(self.members - len(self.extras), 0)

    @property
    def last_moment(self) -> datetime:
        """The last second at which its files can be taken: what people call the last day."""
        return self.until - timedelta(seconds=1)

    @property
    def is_being_sent(self) -> bool:
        """Whether the node is to get more of it."""
        return self.state == self.State.READY and self.destination_id is not None and self.sent_at is None

    def is_over(self, at: datetime) -> bool:
        """Whether its files can no longer be taken."""
        ended = (self.State.SENT, self.State.REFUSED, self.State.CANCELLED, self.State.REVOKED)
        return self.state in ended or self.until <= at


class ExportFile(models.Model):
    """One object of an export. `name`, `size` and `crc` are those of its member in the ZIP; `offset` where
    that begins. `key` is where its bytes lie: the object's own, or a de-identified one's under `derived/`."""

    class State(models.TextChoices):
        """Where it stands."""

        WAITING = "waiting", _("waiting")
        READY = "ready", _("ready")
        FAILED = "failed", _("could not be prepared")
        WITHHELD = "withheld", _("withheld")

    export = models.ForeignKey(Export, on_delete=models.CASCADE, related_name="files")
    patient_file = models.ForeignKey(PatientFile, on_delete=models.CASCADE, related_name="+")
    version = models.ForeignKey(InstanceVersion, on_delete=models.CASCADE, related_name="+")
    instance = models.BigIntegerField(help_text="the institution's own row of the object")
    protocol = models.ForeignKey(Protocol, null=True, on_delete=models.CASCADE, related_name="+")
    pseudonym = models.CharField(max_length=64, blank=True)
    trial_id = models.CharField(max_length=64, blank=True)
    name = models.CharField(max_length=120)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    reason = models.CharField(max_length=24, blank=True, help_text="a code; words in takeout/words.py")
    key = models.CharField(max_length=200, blank=True)
    size = models.BigIntegerField(default=0)
    crc = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    offset = models.BigIntegerField(null=True)
    accepted_at = models.DateTimeField(null=True, help_text="by the node it was sent to")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["export", "instance"], name="export_file_once"),
            models.UniqueConstraint(fields=["export", "name"], name="export_file_name"),
        ]
        indexes = [
            models.Index(fields=["export", "offset"], name="export_file_place"),
            models.Index(fields=["export", "state"], name="export_file_state"),
        ]
