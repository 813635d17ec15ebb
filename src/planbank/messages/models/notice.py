"""An event as one person hears of it.

Comes in: events and choices. Goes out: what stands on the page of notices, and what mails are made of.
"""

from __future__ import annotations

from django.db import models

from planbank.messages.models.choice import Channel, How
from planbank.messages.models.event import Event
from planbank.messages.models.outbox import Message
from planbank.people.models import User


class Notice(models.Model):
    """One event, one person."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="notices")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notices")
    made_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-made_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["event", "user"], name="notice_once")]
        indexes = [
            models.Index(fields=["user", "-made_at", "-id"], name="notice_of_user"),
            models.Index(fields=["user"], name="notice_unseen", condition=models.Q(seen_at__isnull=True)),
        ]


class Telling(models.Model):
    """One notice by one way; `message` is what it went out with, empty while it waits."""

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="tellings")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    channel = models.CharField(max_length=8, choices=Channel.choices)
    how = models.CharField(max_length=8, choices=How.choices)
    message = models.ForeignKey(Message, null=True, on_delete=models.SET_NULL, related_name="tellings")
    told_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["notice", "channel"], name="telling_once")]
        indexes = [
            models.Index(
                fields=["how", "channel", "user"],
                name="telling_waiting",
                condition=models.Q(told_at__isnull=True),
            )
        ]
