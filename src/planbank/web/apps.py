"""Django's name for this room."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Holds the House that boot built, for the middleware."""

    house: object = None
    name = "planbank.web"
    label = "web"
