"""Django's name for this room."""

from django.apps import AppConfig


class CatalogueConfig(AppConfig):
    name = "planbank.catalogue"
    label = "catalogue"
    default_auto_field = "django.db.models.BigAutoField"
