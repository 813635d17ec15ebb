"""What people see of the work: outcomes, not a queue (model.md, Work)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class State(models.TextChoices):
    """Where a piece of work stands."""

    DUE = "due", _("To do")
    DONE = "done", _("Done")
    WAITING = "waiting", _("Waiting")
    FAILED = "failed", _("Could not be done")
    LATER = "later", _("Later")


class Outcome(models.Model):
    """One row per (service, subject kind, subject, service version).

    `lane` groups what must run in order (a patient file); one job drains a lane. `reason` says in
    words what it waits for, why it failed, or why later.
    """

    service = models.CharField(max_length=32)
    subject_kind = models.CharField(max_length=32)
    subject_id = models.BigIntegerField()
    version = models.PositiveIntegerField()
    lane = models.CharField(max_length=48)
    state = models.CharField(max_length=8, choices=State.choices, default=State.DUE)
    reason = models.CharField(max_length=500, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["service", "subject_kind", "subject_id", "version"], name="outcome_unique"
            )
        ]
        indexes = [
            models.Index(fields=["service", "lane", "id"], name="outcome_due", condition=Q(state="due")),
            models.Index(
                fields=["state", "service", "due_at"],
                name="outcome_open",
                condition=~Q(state="done"),
            ),
            # For how much was done lately: a range at the end of the index, however large the bank.
            models.Index(fields=["finished_at"], name="outcome_finished"),
        ]


class Rerun(models.Model):
    """A service being made due for everything there is, in the background (R4)."""

    service = models.CharField(max_length=32)
    version = models.PositiveIntegerField()
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=64, help_text="a username, or what asked")
    made = models.PositiveBigIntegerField(default=0, help_text="subjects gone through so far")
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["service"], condition=Q(finished_at__isnull=True), name="rerun_one_open"
            )
        ]


class Pause(models.Model):
    """A service that somebody paused: what is due stays due until it goes on."""

    service = models.CharField(max_length=32, unique=True)
    by = models.CharField(max_length=64)
    at = models.DateTimeField()


class ServiceVersion(models.Model):
    """The version of each service that this database has been made due for."""

    service = models.CharField(max_length=32, unique=True)
    version = models.PositiveIntegerField()


class Mark(models.Model):
    """A dated fact about the bank itself: seeded, demo, migrated."""

    name = models.CharField(max_length=32, unique=True)
    at = models.DateTimeField()
    detail = models.JSONField(default=dict)
