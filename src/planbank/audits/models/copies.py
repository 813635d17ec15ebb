"""A copy: one case for one observer, under identities of its own (R103, R104, R107).

Its identities follow from the study's key and its number: nothing here leads back to the patient, but
through the vault.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from planbank.audits.models.studies import AuditStudy, Case, CaseFile, Observer
from planbank.people.models import Institution


class Copy(models.Model):
    """One case x observer; or x centre where the study has one copy for each (`observer` is then empty).

    `number`: which copy of the study, from 1; never given twice. `problem`: a code (audits/words.py).
    """

    class State(models.TextChoices):
        """Where it stands, in this order; failed and withdrawn are ends until somebody asks again."""

        WAITING = "waiting", _("is being made")
        MADE = "made", _("made")
        SENT = "sent", _("sent")
        ACCEPTED = "accepted", _("accepted")
        OPENED = "opened", _("opened")
        RETURNED = "returned", _("returned")
        FAILED = "failed", _("failed")
        WITHDRAWN = "withdrawn", _("withdrawn")

    study = models.ForeignKey(AuditStudy, on_delete=models.CASCADE, related_name="copies")
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="copies")
    centre = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    observer = models.ForeignKey(Observer, null=True, on_delete=models.CASCADE, related_name="copies")
    number = models.PositiveIntegerField()
    patient_id = models.CharField(max_length=16, blank=True, db_index=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    problem = models.CharField(max_length=24, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    made_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)
    returned_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["study", "number"], name="audit_copy_number"),
            models.UniqueConstraint(
                fields=["case", "observer"], name="audit_copy_observer", condition=Q(observer__isnull=False)
            ),
            models.UniqueConstraint(
                fields=["case", "centre"], name="audit_copy_centre", condition=Q(observer__isnull=True)
            ),
        ]


class CopyFile(models.Model):
    """One object of a copy. `key`: where its bytes lie; `offset`: where its member begins in the ZIP."""

    copy = models.ForeignKey(Copy, on_delete=models.CASCADE, related_name="files")
    source = models.ForeignKey(CaseFile, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=64)
    key = models.CharField(max_length=200)
    size = models.BigIntegerField()
    crc = models.BigIntegerField()
    offset = models.BigIntegerField(default=0)
    accepted_at = models.DateTimeField(null=True, help_text="by the node it was sent to")

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["copy", "source"], name="audit_copy_file")]


class CopyUid(models.Model):
    """A UID that a copy has and nothing else: by it, what refers to the copy is recognised (R108)."""

    class Kind(models.TextChoices):
        """What it names."""

        OBJECT = "object", "SOP instance"
        SERIES = "series", "series"
        STUDY = "study", "study"
        FRAME = "frame", "frame of reference"

    copy = models.ForeignKey(Copy, on_delete=models.CASCADE, related_name="uids")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    uid = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["uid", "kind"], name="audit_copy_uid")]


class Link(models.Model):
    """A way to download one copy, once. `digest`: SHA-256 of the token; the token itself is not kept."""

    copy = models.ForeignKey(Copy, on_delete=models.CASCADE, related_name="links")
    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True, help_text="when its page was looked at first")
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-made_at"]
