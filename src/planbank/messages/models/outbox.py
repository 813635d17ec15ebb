"""The outbox: every mail and text message, from the moment its cause is committed.

A message is written in the transaction of its cause and sent by services/notify. Its `key` makes it
once: the same cause written twice is one row. What it says is emptied 30 days after it was sent.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from planbank.messages.models.choice import Channel
from planbank.people.models import Institution, User


class Message(models.Model):
    """One message to one address. Sent is what a mail server or gateway has taken over."""

    class State(models.TextChoices):
        """How far it is."""

        WAITING = "waiting", _("Waiting")
        SENT = "sent", _("Sent")
        GIVEN_UP = "given-up", _("Given up")

    key = models.CharField(max_length=200, unique=True)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    to = models.CharField(max_length=254, help_text="one address or telephone number")
    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    institution = models.ForeignKey(Institution, null=True, on_delete=models.SET_NULL, related_name="+")
    subject = models.CharField(max_length=200)
    text = models.TextField()
    html = models.TextField(blank=True)
    message_id = models.CharField(max_length=200, unique=True, help_text="the same at every attempt")
    in_reply_to = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=200, blank=True)
    made_at = models.DateTimeField()
    due_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-made_at", "-pk"]
        indexes = [
            models.Index(
                fields=["channel", "due_at", "id"], name="outbox_due", condition=models.Q(state="waiting")
            ),
            models.Index(fields=["-made_at", "-id"], name="outbox_recent"),
        ]
