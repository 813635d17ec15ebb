"""Constraints on the dose of a protocol's plans, and what each plan came to (R137, R151)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from planbank.catalogue.models import Calculation, PlanSet
from planbank.people.models import User
from planbank.protocols.models.protocol import Protocol
from planbank.protocols.models.structure_type import StructureType


class Constraint(models.Model):
    """`structure_type metric operator limit unit`, in one arm or (empty) in all.

    Between `limit` and `tolerated` lies an acceptable variation. Rows never change: a new limit is a new row,
    and the old one ends, so that it is known what was asked on a day.
    """

    class Operator(models.TextChoices):
        """How the metric is compared with the limit."""

        AT_MOST = "<=", "<="
        BELOW = "<", "<"
        AT_LEAST = ">=", ">="
        ABOVE = ">", ">"

    protocol = models.ForeignKey(Protocol, on_delete=models.CASCADE, related_name="constraints")
    arm = models.CharField(max_length=64, blank=True)
    structure_type = models.ForeignKey(StructureType, on_delete=models.CASCADE, related_name="constraints")
    metric = models.CharField(max_length=48)
    operator = models.CharField(max_length=2, choices=Operator.choices)
    limit = models.FloatField()
    unit = models.CharField(max_length=4)
    tolerated = models.FloatField(null=True)
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["structure_type__name", "metric", "operator", "arm", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["protocol", "arm", "structure_type", "metric", "operator"],
                condition=Q(ended_at__isnull=True),
                name="constraint_once",
            )
        ]

    def __str__(self) -> str:
        return self.text

    @property
    def text(self) -> str:
        """As people write it, and as planbank.protocols.constraints.grammar reads it."""
        said = f"{self.structure_type.name} {self.metric} {self.operator} {self.limit:.6g} {self.unit}"
        return said if self.tolerated is None else f"{said}, tolerate {self.tolerated:.6g} {self.unit}"


class Verdict(models.Model):
    """What one plan came to by one constraint, and of which versions that is true.

    `reason`: why it cannot be evaluated, a key of planbank.protocols.constraints.reasons. `edition`: of the
    dictionary that mapped the names; `algorithm`: of the DVH.
    """

    class State(models.TextChoices):
        """Best first; 'cannot' is never a pass (R203)."""

        MET = "met", _("within limits")
        TOLERATED = "tolerated", _("acceptable variation")
        CANNOT = "cannot", _("cannot evaluate")
        NOT_MET = "not met", _("unacceptable variation")

    constraint = models.ForeignKey(Constraint, on_delete=models.CASCADE, related_name="verdicts")
    plan_set = models.ForeignKey(PlanSet, on_delete=models.CASCADE, related_name="verdicts")
    state = models.CharField(max_length=10, choices=State.choices)
    value = models.FloatField(null=True)
    reason = models.CharField(max_length=24, blank=True)
    calculation = models.ForeignKey(Calculation, null=True, on_delete=models.SET_NULL, related_name="+")
    algorithm = models.CharField(max_length=32, blank=True)
    edition = models.PositiveIntegerField(default=0)
    judged_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["constraint", "plan_set"], name="verdict_once")]
