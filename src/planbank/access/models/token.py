"""Tokens of the API: a person's own rights, held to one protocol or project and a purpose (R155)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from planbank.access.models.grant import ScopeKind
from planbank.people.models import User


class Token(models.Model):
    """One token. Only its hash is kept; it never gives more than its person may do at that moment.

    `scope_kind` is protocol, project or institution, or empty for all that the person may see.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=64, help_text="what it is for: a notebook, a machine")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the token")
    beginning = models.CharField(max_length=16, help_text="its first letters, to know it by")
    scope_kind = models.CharField(max_length=16, blank=True, choices=ScopeKind.choices)
    scope_id = models.BigIntegerField(default=0)
    may_write = models.BooleanField(default=False, help_text="else it only reads")
    purpose = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=64, help_text="who made it: a person, or the command line")
    until = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(until__gt=F("created_at")), name="token_dates_in_order")
        ]
