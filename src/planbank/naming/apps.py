"""Django's name for this room."""

from importlib import import_module

from django.apps import AppConfig


class NamingConfig(AppConfig):
    name = "planbank.naming"
    label = "naming"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """What templates take of this room."""
        import_module("planbank.naming.template")
