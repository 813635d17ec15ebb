"""One erasure, from the question to the proof (model.md, Levels; R123)."""

from __future__ import annotations

from uuid import uuid4

from django.db import models
from django.utils.translation import gettext_lazy as _

from planbank.catalogue.models import PatientFile, PlanSet
from planbank.people.models import Institution, User
from planbank.protocols.models import Protocol


class Erasure(models.Model):
    """Asked, decided by the controller's person, confirmed by a second person, then carried out.

    It is about one institution's file on a patient, or one plan set in it: what another institution
    sent is its own. `work` holds what is still to be removed outside the database, and is empty when
    all is done; `proof` holds counts and hashes, never an identity.
    """

    class Kind(models.TextChoices):
        """What is erased."""

        PATIENT = "patient", _("all of a patient")
        PLAN_SET = "plan set", _("one plan set")
        WITHDRAWAL = "withdrawal", _("what a protocol held, after withdrawal")
        RETURNED = "returned", _("what had come back from a backup")
        UNASSIGNED = "unassigned", _("what stood in no protocol for too long")

    class State(models.TextChoices):
        """Where it stands."""

        ASKED = "asked", _("waiting for the controller")
        DECIDED = "decided", _("waiting for a second person")
        CONFIRMED = "confirmed", _("being carried out")
        ROWS_GONE = "rows gone", _("files being removed")
        DONE = "done", _("erased")
        REFUSED = "refused", _("refused")

    uid = models.UUIDField(default=uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    state = models.CharField(max_length=16, choices=State.choices, default=State.ASKED)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="erasures")
    protocol = models.ForeignKey(Protocol, null=True, on_delete=models.PROTECT, related_name="erasures")
    # Both end with the data; `file_number` and `plan_number` are what pages and journal call them.
    patient_file = models.ForeignKey(
        PatientFile, null=True, on_delete=models.SET_NULL, related_name="erasures"
    )
    plan_set = models.ForeignKey(PlanSet, null=True, on_delete=models.SET_NULL, related_name="+")
    file_number = models.BigIntegerField(default=0)
    plan_number = models.BigIntegerField(default=0)
    reason = models.CharField(max_length=300)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    decision = models.CharField(max_length=300, blank=True, help_text="the reason of the decision")
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    done_at = models.DateTimeField(null=True)
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    work = models.JSONField(default=dict)
    proof = models.JSONField(default=dict)

    class Meta:
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(confirmed_by__isnull=True)
                | (
                    ~models.Q(confirmed_by=models.F("asked_by"))
                    & ~models.Q(confirmed_by=models.F("decided_by"))
                ),
                name="erasure_second_person",
            ),
            models.UniqueConstraint(
                fields=["patient_file", "kind", "plan_set", "protocol"],
                condition=models.Q(state__in=["asked", "decided", "confirmed", "rows gone"]),
                nulls_distinct=False,
                name="erasure_one_open",
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"], name="erasure_to_do", condition=models.Q(state__in=["confirmed", "rows gone"])
            )
        ]
