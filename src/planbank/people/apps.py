"""Django's name for this room."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "planbank.people"
    label = "people"
    default_auto_field = "django.db.models.BigAutoField"
