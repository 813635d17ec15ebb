"""Triggers: what in the data itself files them in a protocol (R84 to R96), and what each firing came to."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from planbank.catalogue.models import PatientFile
from planbank.people.models import Institution, User
from planbank.protocols.models.protocol import Protocol
from planbank.protocols.models.revised import Revised


class Trigger(Revised):
    """One rule of a protocol: an empty ROI of this name, or a condition on any attributes.

    `condition` is what planbank.dicom.conditions reads; `actions` a list of {"action": name,
    ...parameters}, each a file of services/trigger/actions. It runs on the protocol's agreement,
    for centres that take part. `version` rises with each change of what it means; a firing keeps
    the version it was made by.
    """

    class Kind(models.TextChoices):
        """What it looks at."""

        EMPTY_ROI = "empty ROI", _("an empty ROI of this name")
        TAGS = "tags", _("a condition on DICOM attributes")

    protocol = models.ForeignKey(Protocol, on_delete=models.CASCADE, related_name="triggers")
    name = models.CharField(max_length=64)
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.EMPTY_ROI)
    roi_name = models.CharField(max_length=64, blank=True)
    condition = models.JSONField(null=True, blank=True)
    actions = models.JSONField(default=list)
    is_active = models.BooleanField(default=True)
    is_fallback = models.BooleanField(
        default=False, help_text="Looks only at what no other trigger of the protocol took."
    )
    priority = models.IntegerField(default=0, help_text="Higher ones look first.")
    since = models.DateTimeField(null=True, blank=True)
    until = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["-priority", "pk"]
        constraints = [
            models.UniqueConstraint("protocol", Lower("name"), name="trigger_name_unique"),
            models.CheckConstraint(
                condition=(Q(kind="empty ROI") & ~Q(roi_name="")) | Q(kind="tags", condition__isnull=False),
                name="trigger_looks_at_something",
            ),
            models.CheckConstraint(
                condition=Q(since__isnull=True) | Q(until__isnull=True) | Q(until__gt=F("since")),
                name="trigger_dates_in_order",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Firing(models.Model):
    """What one trigger did with one plan set, or one series of images: once (R90).

    The subject is named by its UID within the patient file, so that it outlives a new linking.
    """

    class Outcome(models.TextChoices):
        """What came of it."""

        DONE = "done", _("done")
        REFUSED = "refused", _("refused")

    trigger = models.ForeignKey(Trigger, on_delete=models.CASCADE, related_name="firings")
    version = models.PositiveIntegerField()
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    patient_file = models.ForeignKey(PatientFile, on_delete=models.CASCADE, related_name="firings")
    subject_uid = models.CharField(max_length=64)
    outcome = models.CharField(max_length=8, choices=Outcome.choices)
    reason = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()
    first_at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["trigger", "patient_file", "subject_uid"], name="firing_once_per_subject"
            )
        ]
