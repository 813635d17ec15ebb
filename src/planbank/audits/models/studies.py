"""An audit study: what goes out of which protocol, the cases, and who draws on them (R103, R105, R106).

The seed set of a case is written down when its first copy is made, so that copies made a year later are
made of the same objects (R110).
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from planbank.catalogue.models import InstanceVersion, PatientFile
from planbank.delivery.models import Destination
from planbank.people.models import Institution, User
from planbank.protocols.models import Protocol, StructureType
from planbank.protocols.models.revised import Revised


class AuditStudy(Revised):
    """One audit study of a protocol. Images always go; the rest as said here, for all cases alike.

    `given_types`: structure types that go with the images; `asked_types`: what observers are to draw;
    `fingerprint`: of the key that its copies are made under; the key itself is the vault's (R110).
    """

    class State(models.TextChoices):
        """Where it stands."""

        DRAFT = "draft", _("draft")
        OPEN = "open", _("collecting")
        CLOSED = "closed", _("closed")

    class Basis(models.TextChoices):
        """What is drawn is held against it (R112)."""

        MAJORITY = "majority", _("what most of them drew")
        STAPLE = "staple", _("what STAPLE finds in all of them")
        OBSERVER = "observer", _("what one observer drew")

    protocol = models.ForeignKey(Protocol, on_delete=models.PROTECT, related_name="audit_studies")
    name = models.CharField(max_length=64)
    purpose = models.TextField(help_text="what it is to find out")
    organiser = models.CharField(max_length=200, help_text="whom observers ask")
    per_centre = models.BooleanField(
        default=False, help_text="one copy for each centre; its observers are told apart by the label"
    )
    with_plan = models.BooleanField(default=False)
    with_dose = models.BooleanField(default=False)
    given_types: models.ManyToManyField[StructureType, models.Model] = models.ManyToManyField(
        StructureType, blank=True, related_name="+"
    )
    asked_types: models.ManyToManyField[StructureType, models.Model] = models.ManyToManyField(
        StructureType, blank=True, related_name="+"
    )
    basis = models.CharField(max_length=8, choices=Basis.choices, default=Basis.MAJORITY)
    basis_observer = models.ForeignKey("Observer", null=True, on_delete=models.SET_NULL, related_name="+")
    tolerance_mm = models.FloatField(default=2.0, help_text="within which borders count as the same")
    profile = models.CharField(max_length=16, default="audit", help_text="of planbank.deidentify")
    fingerprint = models.CharField(max_length=16, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.DRAFT)
    closes_on = models.DateField(null=True, blank=True, help_text="the last day for returns; whole")
    reminds = models.BooleanField(default=True, help_text="mails observers by itself before the last day")
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    opened_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        verbose_name = "audit study"
        ordering = ["-made_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["protocol", "name"], name="audit_study_name")]

    def __str__(self) -> str:
        return self.name


class Case(models.Model):
    """One plan set of the protocol, under a name that tells nothing of it: A, B, C.

    `patient_file` is empty once its patient was erased.
    """

    study = models.ForeignKey(AuditStudy, on_delete=models.CASCADE, related_name="cases")
    name = models.CharField(max_length=16)
    patient_file = models.ForeignKey(PatientFile, null=True, on_delete=models.SET_NULL, related_name="+")
    plan_set_uid = models.CharField(max_length=64, help_text="SOP Instance UID it is named after")
    chosen_at = models.DateTimeField(null=True, help_text="when its seed set was written down")

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["study", "name"], name="audit_case_name"),
            models.UniqueConstraint(fields=["study", "patient_file", "plan_set_uid"], name="audit_case_once"),
        ]


class CaseFile(models.Model):
    """One object of a case's seed set. `rois`: of a structure set, the numbers of those that go."""

    class Part(models.TextChoices):
        """What it is in the case."""

        IMAGE = "image", _("image")
        STRUCTURES = "structures", _("structure set")
        PLAN = "plan", _("plan")
        DOSE = "dose", _("dose")

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="files")
    version = models.ForeignKey(InstanceVersion, on_delete=models.CASCADE, related_name="+")
    part = models.CharField(max_length=12, choices=Part.choices)
    rois = models.JSONField(default=list)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["case", "version"], name="audit_case_file")]


class Observer(models.Model):
    """Somebody who draws, at a centre. `code` is how the board, labels and mails name them: OUH-1.

    Copies go to `destination`; where it is empty, a link for one download is given out (R107).
    """

    study = models.ForeignKey(AuditStudy, on_delete=models.CASCADE, related_name="observers")
    centre = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=16)
    email = models.EmailField(blank=True)
    destination = models.ForeignKey(
        Destination, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    is_active = models.BooleanField(default=True)
    reminded_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["centre__code", "code"]
        constraints = [
            models.UniqueConstraint(fields=["study", "code"], name="audit_observer_code"),
            models.CheckConstraint(condition=~Q(code=""), name="audit_observer_has_code"),
        ]
