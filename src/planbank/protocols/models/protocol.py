"""A protocol: a grouping of data under one purpose and one legal basis (R35, R37)."""

from __future__ import annotations

from uuid import uuid4

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from planbank.people.models import Institution, User
from planbank.protocols.models.controller import DataController
from planbank.protocols.models.revised import Revised

short_name_validator = RegexValidator(
    r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}\Z",
    _("Use up to 32 letters, digits, hyphens, dots and underscores, a letter or digit first."),
)


class Protocol(Revised):
    """One protocol.

    `uid` goes into the keyed hash of pseudonyms and into the settings export, so that a bank
    built anew gives the same pseudonyms; the short name may change. After closing nothing is added,
    and nothing is seen through the protocol but until `readable_until`, which its controller sets.
    """

    class Kind(models.TextChoices):
        """What it is for; only clinical protocols count in lists (R44)."""

        CLINICAL = "clinical", _("clinical")
        DEMO = "demo", _("demonstration")
        TEST = "test", _("test")

    class Status(models.TextChoices):
        """Where it stands."""

        DRAFT = "draft", _("draft")
        ACTIVE = "active", _("active")
        CLOSED = "closed", _("closed")

    uid = models.UUIDField(default=uuid4, unique=True, editable=False)
    short_name = models.CharField(max_length=32, unique=True, validators=[short_name_validator])
    title = models.CharField(max_length=300)
    cancer_group = models.CharField(max_length=32, blank=True, help_text="DMCG, such as DBCG or DAHANCA")
    kind = models.CharField(max_length=16, choices=Kind.choices, default=Kind.CLINICAL)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.DRAFT)
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True, help_text="planned end; closing is an act")
    target_accrual = models.PositiveIntegerField(null=True, blank=True)
    purpose = models.TextField(blank=True)
    legal_basis = models.TextField(blank=True)
    documents = models.TextField(blank=True, help_text="references to protocol text and approvals")
    four_eyes = models.BooleanField(
        default=False, help_text="What widens access needs a second person (R54)."
    )
    controllers: models.ManyToManyField[DataController, models.Model] = models.ManyToManyField(
        DataController, related_name="protocols", blank=True
    )
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    activated_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    readable_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["short_name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True)
                | Q(starts_on__isnull=True)
                | Q(ends_on__gte=models.F("starts_on")),
                name="protocol_dates_in_order",
            ),
            models.CheckConstraint(
                condition=Q(status="closed", closed_at__isnull=False) | ~Q(status="closed"),
                name="protocol_closed_has_time",
            ),
        ]

    def __str__(self) -> str:
        return self.short_name

    @property
    def named(self) -> dict[str, str]:
        """What journal entries about it say: `act.journal(action, **owner.named)`."""
        return {"protocol": self.short_name}


class Contact(models.Model):
    """Whom to ask about a protocol; shown with every refusal."""

    protocol = models.ForeignKey(Protocol, on_delete=models.CASCADE, related_name="contacts")
    name = models.CharField(max_length=200)
    role = models.CharField(max_length=100, blank=True)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=32, blank=True)
    institution = models.ForeignKey(Institution, null=True, blank=True, on_delete=models.SET_NULL)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["protocol", "name", "role"], name="contact_unique")]
