"""Django's name for this room."""

from django.apps import AppConfig


class ErasureConfig(AppConfig):
    name = "planbank.erasure"
    label = "erasure"
    default_auto_field = "django.db.models.BigAutoField"
