"""Django's name for this room."""

from importlib import import_module

from django.apps import AppConfig


class AnalysisConfig(AppConfig):
    name = "planbank.analysis"
    label = "analysis"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """What templates take of this room."""
        import_module("planbank.analysis.template")
