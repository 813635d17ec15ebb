"""Django's name for this room."""

from django.apps import AppConfig


class PipelineConfig(AppConfig):
    name = "planbank.pipeline"
    label = "pipeline"
    default_auto_field = "django.db.models.BigAutoField"
