"""Uploads and their files.

A file is known by the SHA-256 of its bytes and by nothing else: its name may hold the patient's, so it stays
on the disk of whoever chose it. What it holds is told by the catalogue once it is registered.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from planbank.people.models import Institution, User
from planbank.protocols.models import Protocol


class Upload(models.Model):
    """What one person sends for one institution in one go; it may take days and many sittings.

    `number` (32 hexadecimal digits) stands where an association has its own; `deidentified`: only files that
    hold no identity are taken; `protocol`: the one whose trial IDs are given with the patients.
    """

    number = models.CharField(max_length=32, unique=True)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="uploads")
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    deidentified = models.BooleanField()
    note = models.CharField(max_length=200, blank=True)
    protocol = models.ForeignKey(Protocol, null=True, on_delete=models.SET_NULL, related_name="uploads")

    class Meta:
        ordering = ["-began_at", "-pk"]
        indexes = [models.Index(fields=["institution", "-began_at"], name="upload_of_institution")]


class UploadedFile(models.Model):
    """One file that was offered. `tags`: attributes that must not leave the institution, without values."""

    class State(models.TextChoices):
        """What became of it."""

        KEPT = "kept", _("kept")
        REFUSED = "refused", _("refused")

    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="files")
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    state = models.CharField(max_length=8, choices=State.choices)
    reason = models.CharField(max_length=24, blank=True, help_text="a code; words in uploads/words.py")
    detail = models.CharField(max_length=300, blank=True)
    tags = models.JSONField(default=list)
    parcel_id = models.CharField(max_length=32, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["upload", "sha256"], name="uploaded_file_once")]


class GivenTrialId(models.Model):
    """What the trial calls a patient of an upload, by the patient ID in the files as they are sent.

    It waits until the patient's file is there. `problem`: why it could not be recorded, in words.
    """

    class State(models.TextChoices):
        """What became of it."""

        WAITING = "waiting", _("waits for the files")
        RECORDED = "recorded", _("recorded")
        REFUSED = "refused", _("not recorded")

    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="trial_ids")
    sent_id = models.CharField(max_length=64)
    trial_id = models.CharField(max_length=64)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    problem = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["upload", "sent_id"], name="given_trial_id_once")]


class CopyKeyMark(models.Model):
    """The fingerprint of the key by which an institution makes its identities: the first, and no other.

    A patient who comes months later is then the same patient (R20).
    """

    institution = models.OneToOneField(Institution, on_delete=models.CASCADE, related_name="copy_key")
    fingerprint = models.CharField(max_length=16)
    seen_at = models.DateTimeField()
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
