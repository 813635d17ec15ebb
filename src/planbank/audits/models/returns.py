"""A return: an object that came in and belongs to a copy (R108, R109). It is of no patient."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from planbank.audits.models.copies import Copy
from planbank.audits.models.studies import AuditStudy, Case, Observer
from planbank.catalogue.models import InstanceVersion
from planbank.people.models import Institution, Sender, User


class Return(models.Model):
    """One object that refers to a copy. `version` is the archived object, of whichever kind.

    `case` and `observer` are set once it is filed; until then it waits for a person, who sees `copy`
    (what it seems to be of) and `problems`. Of two filed ones of a case and observer, the one that
    came last counts: `superseded_by` is set in the others.
    `problems`: a list of {"code", ...} (words: audits/words.py).
    """

    class Kind(models.TextChoices):
        """What came back."""

        STRUCTURES = "structures", _("structure set")
        PLAN = "plan", _("plan")
        DOSE = "dose", _("dose")
        IMAGE = "image", _("image")
        OTHER = "other", _("other object")

    class State(models.TextChoices):
        """Where it stands."""

        FILED = "filed", _("filed")
        TO_DECIDE = "to decide", _("waits for a decision")
        REFUSED = "refused", _("refused")

    class By(models.TextChoices):
        """By what it was recognised."""

        REFERENCE = "reference", _("its references")
        FRAME = "frame", _("its frame of reference")
        PATIENT_ID = "patient id", _("the copy's patient ID")
        PERSON = "person", _("a person")

    study = models.ForeignKey(AuditStudy, on_delete=models.CASCADE, related_name="returns")
    copy = models.ForeignKey(Copy, null=True, on_delete=models.SET_NULL, related_name="returns")
    case = models.ForeignKey(Case, null=True, on_delete=models.SET_NULL, related_name="returns")
    observer = models.ForeignKey(Observer, null=True, on_delete=models.SET_NULL, related_name="returns")
    version = models.ForeignKey(InstanceVersion, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    label = models.CharField(max_length=64, blank=True, help_text="as the object says")
    parcel_id = models.CharField(max_length=64, unique=True)
    institution = models.ForeignKey(Institution, null=True, on_delete=models.PROTECT, related_name="+")
    sender = models.ForeignKey(Sender, null=True, on_delete=models.SET_NULL, related_name="+")
    received_at = models.DateTimeField()
    recognised_by = models.CharField(max_length=12, choices=By.choices)
    state = models.CharField(max_length=10, choices=State.choices)
    problems = models.JSONField(default=list)
    superseded_by = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="earlier")
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    decision = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-received_at", "-pk"]
        indexes = [models.Index(fields=["study", "state"], name="audit_return_state")]
