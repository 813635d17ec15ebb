"""Django's name for this room (the label avoids django.contrib.messages)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from planbank.house import House


class MessagesConfig(AppConfig):
    name = "planbank.messages"
    label = "bank_messages"
    default_auto_field = "django.db.models.BigAutoField"
    # Set by boot: mail of libraries finds the outbox by it.
    house: House | None = None
