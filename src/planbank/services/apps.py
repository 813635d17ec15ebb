"""Django's name for this room; every service is imported here, so that it registers itself."""

from importlib import import_module
from pkgutil import iter_modules

from django.apps import AppConfig


class ServicesConfig(AppConfig):
    name = "planbank.services"
    label = "services"

    def ready(self) -> None:
        for module in iter_modules([self.path]):
            if module.name != "apps":
                import_module(f"{self.name}.{module.name}")
