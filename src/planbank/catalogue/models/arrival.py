"""Objects, their versions and their arrivals (model.md, Arrival).

An `InstanceVersion` is bytes, once for the whole bank. An `Instance` is one institution's view
of a SOP Instance UID: which version is current there. A `Submission` is one arrival, also when
nothing new was stored.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from planbank.catalogue.models.study import Series
from planbank.people.models import Institution, Sender


class InstanceVersion(models.Model):
    """Unique (SOP Instance UID, content hash). `headers` is filled by the service analyse."""

    sop_instance_uid = models.CharField(max_length=64)
    content_hash = models.CharField(max_length=64)
    sop_class_uid = models.CharField(max_length=64)
    transfer_syntax_uid = models.CharField(max_length=64)
    size = models.BigIntegerField(help_text="bytes of the data set as received")
    modality = models.CharField(max_length=16, blank=True)
    instance_number = models.CharField(max_length=16, blank=True)
    first_received_at = models.DateTimeField()
    # Re-exported: the same elements in other bytes; no alarm, nothing derived anew.
    equals = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="re_exports")
    headers = models.JSONField(null=True)
    # Images: geometry in mm, from planbank.dicom.images; written by analyse.
    facts = models.JSONField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sop_instance_uid", "content_hash"], name="version_unique")
        ]
        indexes = [models.Index(fields=["content_hash"], name="version_content_hash")]


class Instance(models.Model):
    """What an institution holds under a SOP Instance UID."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="instances")
    sop_instance_uid = models.CharField(max_length=64)
    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="instances")
    current_version = models.ForeignKey(InstanceVersion, on_delete=models.PROTECT, related_name="current_in")
    first_received_at = models.DateTimeField()
    last_received_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["institution", "sop_instance_uid"], name="instance_unique")
        ]


class Relation(models.TextChoices):
    """How an arrival relates to what the institution had."""

    NEW = "new", _("new")
    AGAIN = "again", _("sent again")
    RE_EXPORTED = "re-exported", _("re-exported")
    VERSION = "version", _("new version")


class Submission(models.Model):
    """One arrival of one object."""

    instance = models.ForeignKey(Instance, on_delete=models.CASCADE, related_name="submissions")
    version = models.ForeignKey(InstanceVersion, on_delete=models.PROTECT, related_name="submissions")
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="submissions")
    sender = models.ForeignKey(Sender, null=True, on_delete=models.SET_NULL)
    parcel_id = models.CharField(max_length=32, unique=True)
    association_id = models.CharField(max_length=32)
    calling_ae = models.CharField(max_length=16)
    called_ae = models.CharField(max_length=16)
    address = models.CharField(max_length=64)
    received_at = models.DateTimeField()
    relation = models.CharField(max_length=16, choices=Relation.choices)

    class Meta:
        ordering = ["-received_at", "-id"]
        indexes = [
            models.Index(fields=["institution", "-received_at", "-id"], name="submission_recent"),
            models.Index(fields=["association_id"], name="submission_association"),
            # What is not new is rare and asked for by itself: without this a year is read to find it.
            models.Index(
                fields=["institution", "relation", "-received_at", "-id"],
                name="submission_not_new",
                condition=~models.Q(relation="new"),
            ),
        ]
