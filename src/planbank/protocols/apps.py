"""Django's name for this room."""

from django.apps import AppConfig


class ProtocolsConfig(AppConfig):
    name = "planbank.protocols"
    label = "protocols"
    default_auto_field = "django.db.models.BigAutoField"
