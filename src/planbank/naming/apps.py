"""Django's name for this room."""

from django.apps import AppConfig


class NamingConfig(AppConfig):
    name = "planbank.naming"
    label = "naming"
    default_auto_field = "django.db.models.BigAutoField"
