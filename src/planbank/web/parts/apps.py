"""Django's name for this room."""

from __future__ import annotations

from django.apps import AppConfig


class PartsConfig(AppConfig):
    name = "planbank.web.parts"
    label = "parts"
