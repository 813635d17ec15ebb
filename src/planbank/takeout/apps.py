"""Django's name for this room."""

from django.apps import AppConfig


class TakeoutConfig(AppConfig):
    name = "planbank.takeout"
    label = "takeout"
