"""Django's name for this room."""

from django.apps import AppConfig


class AnalysisConfig(AppConfig):
    name = "planbank.analysis"
    label = "analysis"
    default_auto_field = "django.db.models.BigAutoField"
