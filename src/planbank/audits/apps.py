"""Django's name for this room."""

from django.apps import AppConfig


class AuditsConfig(AppConfig):
    name = "planbank.audits"
    label = "audits"
