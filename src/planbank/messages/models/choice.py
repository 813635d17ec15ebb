"""What a person wants to hear of, by which way, how soon (R33); whom a sender's receipts go to (R152)."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from planbank.messages.models.event import EventKind
from planbank.people.models import Sender, User

telephone_validator = RegexValidator(
    r"^\+[1-9][0-9]{6,14}\Z", _("Write the number with its country: +45 and so on, without spaces.")
)


class Channel(models.TextChoices):
    """By which way."""

    EMAIL = "email", _("E-mail")
    TEXT = "text", _("Text message")


class How(models.TextChoices):
    """How soon."""

    NOW = "now", _("At once")
    DAILY = "daily", _("Once a day")
    WEEKLY = "weekly", _("Once a week")
    NEVER = "never", _("Never")


class Choice(models.Model):
    """One choice of one person; where there is none the default of the kind holds (messages/kinds.py)."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notice_choices")
    kind = models.CharField(max_length=32, choices=EventKind.choices)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    how = models.CharField(max_length=8, choices=How.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "kind", "channel"], name="notice_choice_once")]


class Telephone(models.Model):
    """Where text messages of a person go."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="telephone")
    number = models.CharField(max_length=16, validators=[telephone_validator])


class SenderNotices(models.Model):
    """Whom receipts for one sender go to.

    `recipients`: e-mail addresses; without any, the contact of the sender where that is an address.
    """

    sender = models.OneToOneField(Sender, on_delete=models.CASCADE, related_name="notices")
    recipients = models.JSONField(default=list, blank=True)
