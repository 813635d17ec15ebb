"""Who takes part: institutions, the systems that send for them, and the people.

Comes in: what an administrator registers. Goes out: rows that decide whose data an arrival
is (R10, R11) and who somebody is. What somebody may see is decided in `access`.
"""

from __future__ import annotations

import ipaddress
import re
from datetime import datetime
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from planbank.dicom.identity import LOCAL
from planbank.dicom.text import codec_of
from planbank.people.revised import Revised
from planbank.people.schemes import scheme_choices
from planbank.people.zones import validate_zone

code_validator = RegexValidator(
    r"^[A-Z][A-Z0-9-]{0,15}\Z", _("Use up to 16 capital letters, digits and hyphens, a letter first.")
)
country_validator = RegexValidator(r"^[A-Z]{2}\Z", _("Use two capital letters, such as DK (ISO 3166-1)."))
fingerprint_validator = RegexValidator(r"^[0-9a-f]{64}\Z", _("A fingerprint is a SHA-256: 64 hex digits."))
# PS3.5 table 6.2-1, VR AE: at most 16 characters, no backslash, no control characters, not only spaces.
_AE_TITLE = re.compile(r"[ -\[\]-~]{1,16}\Z")


def validate_ae_title(value: str) -> None:
    """Raise ValidationError unless `value` is an AE title (PS3.5 6.2, VR AE), trimmed."""
    if not _AE_TITLE.match(value) or value != value.strip():
        raise ValidationError(_("An AE title has 1 to 16 plain characters and no backslash."))


def validate_network(value: str) -> None:
    """Raise ValidationError unless `value` is an IP address or a network such as 10.62.9.0/24."""
    try:
        ipaddress.ip_network(value, strict=False)
    except ValueError:
        raise ValidationError(_("Write an address (10.62.9.14) or a network (10.62.9.0/24).")) from None


class Region(models.Model):
    """A region of a country; framework agreements are made with regions (R119)."""

    name = models.CharField(max_length=100)
    country = models.CharField(
        max_length=2, default="DK", help_text="ISO 3166-1, two letters", validators=[country_validator]
    )

    class Meta:
        constraints = [models.UniqueConstraint("country", "name", name="region_unique")]

    def __str__(self) -> str:
        return f"{self.name}, {self.country}"


class Institution(Revised):
    """A hospital department that sends data and whose people see them (R11, R12)."""

    code = models.CharField(max_length=16, unique=True, validators=[code_validator])
    name = models.CharField(max_length=200)
    region = models.ForeignKey(Region, null=True, blank=True, on_delete=models.PROTECT)
    country = models.CharField(max_length=2, default="DK", validators=[country_validator])
    identity_scheme = models.CharField(max_length=16, choices=scheme_choices, default=LOCAL)
    time_zone = models.CharField(
        max_length=64, blank=True, validators=[validate_zone], help_text="Empty: the site's zone."
    )
    deidentified_only = models.BooleanField(
        default=False, help_text="The site takes only de-identified files from it."
    )
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code


class UserManager(BaseUserManager["User"]):
    """Makes users; passwords are set by the people themselves."""

    def create_user(self, username: str, password: str | None = None, **fields: object) -> User:
        user = self.model(username=username, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(Revised, AbstractBaseUser):
    """A person with an account. Nothing is visible by the mere account (model.md, Levels)."""

    username = models.CharField(
        max_length=64, unique=True, validators=[RegexValidator(r"^[a-z0-9][a-z0-9._@-]*\Z")]
    )
    name = models.CharField(max_length=200)
    email = models.EmailField(blank=True)
    is_active = models.BooleanField(default=True)
    is_site_admin = models.BooleanField(
        default=False, help_text="System administrator: services and quarantine, no patient data."
    )
    language = models.CharField(max_length=5, blank=True)
    date_joined = models.DateTimeField(auto_now_add=True)

    objects = UserManager()
    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    def __str__(self) -> str:
        return self.username

    def get_full_name(self) -> str:
        return self.name


class AffiliationQuerySet(models.QuerySet["Affiliation"]):
    """Affiliations by time."""

    def in_force(self, at: datetime) -> AffiliationQuerySet:
        """Begun and not ended."""
        return self.filter(since__lte=at).filter(Q(until__isnull=True) | Q(until__gt=at))

    def not_over(self, at: datetime) -> AffiliationQuerySet:
        """In force, or to begin."""
        return self.filter(Q(until__isnull=True) | Q(until__gt=at))


class Affiliation(Revised):
    """A dated grant: this person works for this institution and sees its data (model.md, Levels)."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="affiliations")
    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="affiliations")
    is_admin = models.BooleanField(default=False, help_text="Administers this institution's people.")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
    granted_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    reason = models.CharField(max_length=200, blank=True)

    objects: ClassVar[models.Manager[Affiliation]] = models.Manager.from_queryset(AffiliationQuerySet)()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "institution"],
                condition=Q(until__isnull=True),
                name="affiliation_one_open",
            )
        ]


class Sender(models.Model):
    """A registered DICOM node: calling AE title and address together (R10)."""

    ae_title = models.CharField(max_length=16, validators=[validate_ae_title])
    network = models.CharField(max_length=64, validators=[validate_network])
    description = models.CharField(max_length=200, blank=True)
    contact = models.CharField(max_length=200, blank=True)
    is_active = models.BooleanField(default=True)
    echo_host = models.GenericIPAddressField(null=True, blank=True)
    echo_port = models.PositiveIntegerField(null=True, blank=True)
    charset_fallback = models.CharField(max_length=32, blank=True)
    quiet_minutes = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="How long it pauses between objects of one patient; empty: the setting.",
    )
    small_is_empty = models.BooleanField(
        default=False, help_text="It drops empty ROIs: points, and less than 0.1 cc, count as empty."
    )
    institutions: models.ManyToManyField[Institution, SenderInstitution] = models.ManyToManyField(
        Institution, through="SenderInstitution"
    )

    class Meta:
        ordering = ["ae_title", "network"]
        constraints = [models.UniqueConstraint(fields=["ae_title", "network"], name="sender_unique")]

    def __str__(self) -> str:
        return f"{self.ae_title} ({self.network})"

    def clean(self) -> None:
        if self.charset_fallback and codec_of(self.charset_fallback) is None:
            raise ValidationError({"charset_fallback": _("Write one character set, such as ISO_IR 100.")})


class SenderInstitution(models.Model):
    """For whom a sender sends; with several, the called AE title decides (model.md, Sender)."""

    sender = models.ForeignKey(Sender, on_delete=models.CASCADE, related_name="listed")
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT)
    called_ae = models.CharField(max_length=16, blank=True, help_text="Empty: whatever AE title was called.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sender", "called_ae"], name="sender_called_ae_unique")
        ]


class SenderCertificate(models.Model):
    """A client certificate that a sender may show over TLS (R10; PS3.15 Annex B).

    A sender with one or more is known only by one of them; with none, by name and address alone.
    The dates are empty where only the fingerprint is known.
    """

    sender = models.ForeignKey(Sender, on_delete=models.CASCADE, related_name="certificates")
    fingerprint = models.CharField(
        max_length=64,
        validators=[fingerprint_validator],
        help_text="SHA-256 of the certificate (DER), in hex.",
    )
    subject = models.CharField(max_length=400, blank=True)
    not_before = models.DateTimeField(null=True, blank=True)
    not_after = models.DateTimeField(null=True, blank=True)
    added = models.DateTimeField()

    class Meta:
        ordering = ["sender", "not_after", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["sender", "fingerprint"], name="sender_certificate_unique")
        ]

    def __str__(self) -> str:
        return f"{self.fingerprint[:16]}"
