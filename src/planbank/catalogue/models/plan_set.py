"""Plan sets: what belongs together, within one institution (model.md, Plan set, links, dose)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from planbank.catalogue.models.arrival import Instance
from planbank.catalogue.models.patient import PatientFile
from planbank.catalogue.models.study import Series


class PlanSet(models.Model):
    """The reference closure of one plan, or of a structure set that no plan cites.

    Identity: the SOP Instance UID of the plan (or structure set) within the patient file. The
    columns from `label` on repeat what the current plan says, so that lists need no joins.
    """

    class Kind(models.TextChoices):
        """What it is named after."""

        PLAN = "plan"
        STRUCTURE_SET = "structure set"

    class TreatedBy(models.TextChoices):
        """What says when the treatment began, best first (R125)."""

        FIRST = "first", _("First Treatment Date of a record")
        RECORD = "record", _("earliest treatment record")
        PLAN = "plan", _("date of the plan")
        STUDY = "study", _("date of the study")

    patient_file = models.ForeignKey(PatientFile, on_delete=models.CASCADE, related_name="plan_sets")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    sop_instance_uid = models.CharField(max_length=64)
    treated_on = models.DateField(null=True, help_text="first treatment date, as far as it is known (R125)")
    treated_by = models.CharField(max_length=16, choices=TreatedBy.choices, blank=True)
    label = models.CharField(max_length=64, blank=True)
    plan_date = models.CharField(max_length=18, blank=True)
    technique = models.CharField(max_length=64, blank=True)
    approval = models.CharField(max_length=16, blank=True)
    fractions = models.IntegerField(null=True)
    prescription_gy = models.FloatField(null=True)
    first_received_at = models.DateTimeField()
    last_received_at = models.DateTimeField()
    linked_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["patient_file", "sop_instance_uid"], name="plan_set_unique")
        ]
        indexes = [models.Index(fields=["-last_received_at", "-id"], name="plan_set_recent")]


class Role(models.TextChoices):
    """What a member is to its plan set."""

    PLAN = "plan"
    STRUCTURE_SET = "structure set"
    DOSE = "dose"
    IMAGES = "images"
    RECORD = "record"
    REGISTRATION = "registration"


class Means(models.TextChoices):
    """By what a member was linked, in the order of trust (model.md, Link order)."""

    ITSELF = "itself"
    SOP = "SOP Instance UID"
    SERIES = "series"
    FRAME = "frame of reference"


class Member(models.Model):
    """One member of a plan set: an RT object, or a series of images."""

    plan_set = models.ForeignKey(PlanSet, on_delete=models.CASCADE, related_name="members")
    role = models.CharField(max_length=16, choices=Role.choices)
    means = models.CharField(max_length=20, choices=Means.choices)
    instance = models.ForeignKey(Instance, null=True, on_delete=models.CASCADE)
    series = models.ForeignKey(Series, null=True, on_delete=models.CASCADE)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["plan_set", "role", "instance", "series"], nulls_distinct=False, name="member_unique"
            )
        ]


class Bundle(models.Model):
    """The picture on a plan set's page: derived, in the archive under `derived/`, rebuildable."""

    plan_set = models.OneToOneField(PlanSet, on_delete=models.CASCADE, related_name="bundle")
    inputs = models.CharField(max_length=64, help_text="hash over what it was drawn from")
    picture_key = models.CharField(max_length=200)
    lines_key = models.CharField(max_length=200)
    position_mm = models.FloatField(null=True)
    made_at = models.DateTimeField()
