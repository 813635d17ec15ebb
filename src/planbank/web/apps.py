"""Django's name for this room."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Holds the House that boot built, for the middleware."""

    house: object = None
    name = "planbank.web"
    label = "web"

    def ready(self) -> None:
        from planbank.web import second_factor

        second_factor.listen()
