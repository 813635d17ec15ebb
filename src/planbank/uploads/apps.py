"""Django's name for this room."""

from django.apps import AppConfig


class UploadsConfig(AppConfig):
    name = "planbank.uploads"
    label = "uploads"
