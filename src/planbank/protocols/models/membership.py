"""What stands in a protocol: RT objects one by one, images by series (model.md, Membership)."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q

from planbank.catalogue.models import Instance, PatientFile, Series
from planbank.people.models import Institution, User
from planbank.protocols.models.protocol import Protocol

IN_FORCE = Q(removed_at__isnull=True, restricted_at__isnull=True)


class MembershipQuerySet(models.QuerySet["Membership"]):
    """Memberships as they stand, or stood."""

    def in_force(self) -> MembershipQuerySet:
        """Neither removed nor restricted."""
        return self.filter(IN_FORCE)

    def as_of(self, at: datetime) -> MembershipQuerySet:
        """As they stood at a moment ('the CSV as of 1 March'); what is restricted now is never given."""
        return self.filter(Q(removed_at__isnull=True) | Q(removed_at__gt=at), added_at__lte=at).filter(
            restricted_at__isnull=True
        )


class Membership(models.Model):
    """One RT object, or one series of images, in one protocol; history is kept.

    `instance` is empty for a series of images. `institution`, `patient_file`, `series` and
    `sop_instance_uid` repeat what the object says, so that the policy needs no joins; a plan set is a
    member when the object it is named after is (same patient file and SOP Instance UID). Coming back
    is a new row. `restricted_at` follows the enrolment: restricted data are seen by nobody
    through the protocol.
    """

    protocol = models.ForeignKey(Protocol, on_delete=models.PROTECT, related_name="memberships")
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    patient_file = models.ForeignKey(PatientFile, on_delete=models.CASCADE, related_name="memberships")
    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="memberships")
    instance = models.ForeignKey(Instance, null=True, on_delete=models.CASCADE, related_name="memberships")
    sop_instance_uid = models.CharField(max_length=64, blank=True)
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    via = models.CharField(max_length=64, help_text="user, command, late arrival, or a trigger")
    removed_at = models.DateTimeField(null=True)
    removed_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    removed_reason = models.CharField(max_length=200, blank=True)
    restricted_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[Membership]] = models.Manager.from_queryset(MembershipQuerySet)()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["protocol", "instance"],
                condition=Q(removed_at__isnull=True, instance__isnull=False),
                name="membership_instance_once",
            ),
            models.UniqueConstraint(
                fields=["protocol", "series"],
                condition=Q(removed_at__isnull=True, instance__isnull=True),
                name="membership_series_once",
            ),
        ]
        # One for each way the policy asks: EXISTS by object, by series, by plan set, by file.
        indexes = [
            models.Index(
                fields=["instance"],
                include=["protocol", "institution"],
                condition=IN_FORCE & Q(instance__isnull=False),
                name="membership_of_instance",
            ),
            models.Index(
                fields=["series"],
                include=["protocol", "institution", "instance"],
                condition=IN_FORCE,
                name="membership_of_series",
            ),
            models.Index(
                fields=["patient_file", "sop_instance_uid"],
                include=["protocol", "institution"],
                condition=IN_FORCE,
                name="membership_of_file",
            ),
            models.Index(
                fields=["protocol", "patient_file"], condition=IN_FORCE, name="membership_of_protocol"
            ),
        ]
