"""The journal's table, and how far it was sent out.

Comes in: facts about acts. Goes out: rows that the database itself refuses to change or delete
(migration 0002); only the two seal columns may be filled, once.
"""

from __future__ import annotations

from django.db import models


class Entry(models.Model):
    """One act: who, when, what, on what, why, with which outcome. Never a name or a CPR number."""

    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=16, help_text="user, service, sender or command")
    actor = models.CharField(max_length=64, help_text="a username, a service, an AE title or a command")
    action = models.CharField(max_length=64)
    object_kind = models.CharField(max_length=32, blank=True)
    object_id = models.CharField(max_length=64, blank=True)
    institution = models.CharField(max_length=16, blank=True)
    protocol = models.CharField(max_length=64, blank=True)
    purpose = models.CharField(max_length=200, blank=True)
    outcome = models.CharField(max_length=16, default="done")
    detail = models.JSONField(default=dict)
    seal_number = models.BigIntegerField(null=True, unique=True, editable=False)
    seal = models.CharField(max_length=64, blank=True, editable=False)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["-at", "-id"], name="journal_newest"),
            models.Index(fields=["actor_kind", "actor", "-at", "-id"], name="journal_of_actor"),
            models.Index(fields=["action", "-at", "-id"], name="journal_of_action"),
            models.Index(
                fields=["protocol", "-at", "-id"],
                name="journal_of_protocol",
                condition=~models.Q(protocol=""),
            ),
            models.Index(
                fields=["institution", "-at", "-id"],
                name="journal_of_institution",
                condition=~models.Q(institution=""),
            ),
            models.Index(fields=["object_kind", "object_id"], name="journal_object"),
            models.Index(
                fields=["id"], name="journal_unsealed", condition=models.Q(seal_number__isnull=True)
            ),
        ]


class AuditRelay(models.Model):
    """How far the journal was sent out as audit messages to one address: the last seal number."""

    address = models.CharField(max_length=300, unique=True)
    number = models.BigIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
