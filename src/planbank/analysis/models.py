"""The tables of the plan for analysis: a protocol's rule, choices for one patient, doses added up (R159).

Rules and choices are ended, never changed, so that tables can be had as of a day and a choice taken back.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from planbank.catalogue.models import Calculation, Patient, PlanSet
from planbank.people.models import User
from planbank.protocols.models import Protocol


class AnalysisRule(models.Model):
    """By what rule a protocol takes one of several plans. None: each plan for itself."""

    class Kind(models.TextChoices):
        """Approval and plan date decide, never the time of arrival (model.md)."""

        EVERY = "every", _("each plan for itself")
        LATEST_APPROVED = "latest approved", _("the latest approved plan")
        FIRST_APPROVED = "first approved", _("the first approved plan")
        LATEST = "latest", _("the latest plan, approved or not")
        DELIVERED = "delivered", _("the plan that was delivered, by its treatment records")
        TOGETHER = "together", _("all approved plans together: a first plan and its boosts")

    protocol = models.ForeignKey(Protocol, on_delete=models.CASCADE, related_name="analysis_rules")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    set_at = models.DateTimeField()
    set_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-set_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["protocol"], condition=Q(ended_at__isnull=True), name="analysis_rule_once"
            )
        ]


class AnalysisChoice(models.Model):
    """What a person chose for one patient.

    `parts`: [{"file": patient file, "uid": of the plan set, "fractions": how many of it count, or null}];
    several are added up. `structures`: place among them of the plan whose structure set is used.
    """

    protocol = models.ForeignKey(Protocol, on_delete=models.CASCADE, related_name="analysis_choices")
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="+")
    parts = models.JSONField()
    structures = models.PositiveIntegerField(default=0)
    reason = models.CharField(max_length=200)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["protocol", "patient"],
                condition=Q(ended_at__isnull=True),
                name="analysis_choice_once",
            )
        ]


class PlanSum(models.Model):
    """Doses of several plans, added up for a protocol; `plan_set` is the one whose structures are used."""

    protocol = models.ForeignKey(Protocol, on_delete=models.CASCADE, related_name="plan_sums")
    plan_set = models.ForeignKey(PlanSet, on_delete=models.CASCADE, related_name="+")
    calculation = models.ForeignKey(Calculation, on_delete=models.CASCADE, related_name="plan_sums")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["protocol", "plan_set", "calculation"], name="plan_sum_unique")
        ]
