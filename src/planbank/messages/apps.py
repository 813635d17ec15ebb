"""Django's name for this room (the label avoids django.contrib.messages)."""

from django.apps import AppConfig


class MessagesConfig(AppConfig):
    name = "planbank.messages"
    label = "bank_messages"
    default_auto_field = "django.db.models.BigAutoField"
