"""Reuse of a protocol's data by a project: asked, decided by the controller, recorded (R42, R122)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from planbank.people.models import Institution, User
from planbank.protocols.levels import RAW_NEEDS_IDENTIFIED, See, TakeOut
from planbank.protocols.models.project import Project
from planbank.protocols.models.protocol import Protocol
from planbank.protocols.models.revised import Revised


class ReuseRequest(Revised):
    """One request. In force while approved, inside its period, protocol and project permitting.

    `listed`: only the members that the project lists; otherwise all of the protocol. The levels
    are the most that any user of the project can have through it.
    """

    class State(models.TextChoices):
        """Where it stands."""

        ASKED = "asked", _("waiting for the controller")
        APPROVED = "approved", _("approved")
        REFUSED = "refused", _("refused")
        REVOKED = "revoked", _("revoked")
        TAKEN_BACK = "taken back", _("taken back")

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="reuse")
    protocol = models.ForeignKey(Protocol, on_delete=models.PROTECT, related_name="reuse")
    purpose = models.TextField()
    listed = models.BooleanField(default=False)
    institutions: models.ManyToManyField[Institution, models.Model] = models.ManyToManyField(
        Institution, blank=True, related_name="+"
    )
    every_institution = models.BooleanField(default=True)
    see = models.PositiveSmallIntegerField(choices=See.choices, default=See.PSEUDONYMISED)
    take_out = models.PositiveSmallIntegerField(choices=TakeOut.choices, default=TakeOut.NONE)
    since = models.DateTimeField()
    until = models.DateTimeField()
    state = models.CharField(max_length=16, choices=State.choices, default=State.ASKED)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    decision = models.CharField(max_length=300, blank=True, help_text="the reason of the decision")

    class Meta:
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=RAW_NEEDS_IDENTIFIED, name="reuse_raw_needs_identified"),
            models.CheckConstraint(
                condition=models.Q(until__gt=models.F("since")), name="reuse_dates_in_order"
            ),
            models.UniqueConstraint(
                fields=["project", "protocol"],
                condition=models.Q(state="asked"),
                name="reuse_one_open_request",
            ),
        ]


class Disclosure(models.Model):
    """The record of data handed to another controller (Danish 'videregivelse'; R122).

    One row for each approval, ended when it ends; counts as they were then.
    """

    request = models.OneToOneField(ReuseRequest, on_delete=models.PROTECT, related_name="disclosure")
    recipient = models.CharField(max_length=200)
    purpose = models.TextField()
    legal_basis = models.TextField(blank=True)
    patients = models.PositiveIntegerField()
    objects_count = models.PositiveIntegerField()
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-began_at"]
