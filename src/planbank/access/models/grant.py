"""Grants: user, role, scope, levels, dates, by whom and why (security.md, Permissions; R46 to R49)."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from planbank.people.models import Institution, User
from planbank.protocols.levels import RAW_NEEDS_IDENTIFIED, See, TakeOut


class ScopeKind(models.TextChoices):
    """What a grant is about."""

    SITE = "site", _("the whole site")
    INSTITUTION = "institution", _("institution")
    PROTOCOL = "protocol", _("protocol")
    PROJECT = "project", _("project")
    AUDIT = "audit study", _("audit study")


class GrantQuerySet(models.QuerySet["Grant"]):
    """Grants by time."""

    def in_force(self, at: datetime) -> GrantQuerySet:
        """Confirmed, begun, not lapsed, not revoked."""
        return self.filter(confirmed_at__lte=at, since__lte=at, until__gt=at).filter(
            Q(revoked_at__isnull=True) | Q(revoked_at__gt=at)
        )


class Grant(models.Model):
    """One grant: a role, or a single action, in one scope.

    `scope_id` names a row of the room that owns the scope (0 for the site), so that scopes of
    rooms to come need no column here. Narrowed to institutions: `every_institution` is False and
    `institutions` lists them; where a listed institution goes, the grant becomes narrower, never
    wider. It lasts until it lapses or is revoked; a protocol with four eyes wants it confirmed by
    a second person first.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="grants")
    role = models.CharField(max_length=32, blank=True, help_text="a name of access/roles.py")
    permission = models.CharField(max_length=48, blank=True, help_text="or one action of access/actions.py")
    scope_kind = models.CharField(max_length=16, choices=ScopeKind.choices)
    scope_id = models.BigIntegerField(default=0)
    every_institution = models.BooleanField(default=True)
    institutions: models.ManyToManyField[Institution, models.Model] = models.ManyToManyField(
        Institution, blank=True, related_name="+"
    )
    see = models.PositiveSmallIntegerField(choices=See.choices, default=See.NONE)
    take_out = models.PositiveSmallIntegerField(choices=TakeOut.choices, default=TakeOut.NONE)
    since = models.DateTimeField()
    until = models.DateTimeField()
    granted_at = models.DateTimeField()
    granted_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    reason = models.CharField(max_length=200, blank=True)
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    # Who may renew it decided that it may end on its day; a renewal undoes that.
    let_end_at = models.DateTimeField(null=True)
    let_end_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    revoked_reason = models.CharField(max_length=200, blank=True)

    objects: ClassVar[models.Manager[Grant]] = models.Manager.from_queryset(GrantQuerySet)()

    class Meta:
        ordering = ["-granted_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(role="") ^ Q(permission=""), name="grant_role_or_permission"),
            models.CheckConstraint(
                condition=Q(scope_kind="site", scope_id=0) | (~Q(scope_kind="site") & Q(scope_id__gt=0)),
                name="grant_scope_is_named",
            ),
            models.CheckConstraint(condition=RAW_NEEDS_IDENTIFIED, name="grant_raw_needs_identified"),
            models.CheckConstraint(condition=Q(until__gt=F("since")), name="grant_dates_in_order"),
            # Nobody raises their own rights, whatever code asks for it.
            models.CheckConstraint(
                condition=Q(granted_by__isnull=True) | ~Q(granted_by=F("user")), name="grant_not_by_oneself"
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by__isnull=True) | ~Q(confirmed_by=F("user")),
                name="grant_not_confirmed_by_oneself",
            ),
        ]
        indexes = [
            models.Index(fields=["user", "until"], name="grant_user"),
            models.Index(fields=["scope_kind", "scope_id"], name="grant_scope"),
            models.Index(fields=["until"], condition=Q(revoked_at__isnull=True), name="grant_lapsing"),
        ]


class Renewal(models.Model):
    """One renewal of a grant: by whom, when, from when to when; never by its holder (R213)."""

    grant = models.ForeignKey(Grant, on_delete=models.CASCADE, related_name="renewals")
    renewed_at = models.DateTimeField()
    renewed_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    until_before = models.DateTimeField()
    until_after = models.DateTimeField()
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-renewed_at", "-pk"]
