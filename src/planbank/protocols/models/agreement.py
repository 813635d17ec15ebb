"""Agreements that a protocol rests on; those that are required gate its activation (R37, R119)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from planbank.people.models import Institution
from planbank.protocols.models.protocol import Protocol
from planbank.protocols.models.revised import Revised


class Agreement(Revised):
    """One agreement, signed or not yet; `institution` where it is with one centre."""

    class Kind(models.TextChoices):
        """What is agreed."""

        PROCESSOR = "processor", _("data processing agreement")
        JOINT = "joint", _("joint controllers")
        CENTRE = "centre", _("agreement with a centre")
        APPROVAL = "approval", _("ethical or legal approval")
        TRANSFER = "transfer", _("transfer to a third country")
        OTHER = "other", _("other agreement")

    protocol = models.ForeignKey(Protocol, on_delete=models.CASCADE, related_name="agreements")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    title = models.CharField(max_length=200)
    institution = models.ForeignKey(Institution, null=True, blank=True, on_delete=models.PROTECT)
    required = models.BooleanField(default=True)
    signed_on = models.DateField(null=True, blank=True)
    valid_until = models.DateField(null=True, blank=True)
    document = models.CharField(max_length=300, blank=True, help_text="where the signed text is filed")

    class Meta:
        ordering = ["kind", "title"]
        constraints = [
            models.UniqueConstraint(
                fields=["protocol", "kind", "title", "institution"],
                nulls_distinct=False,
                name="agreement_unique",
            )
        ]
