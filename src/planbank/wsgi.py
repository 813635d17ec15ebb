"""The site's entry for gunicorn: `gunicorn 'planbank.wsgi:site()'`."""

from __future__ import annotations

from typing import Any

from planbank import boot
from planbank.config import Settings, load


def site(settings: Settings | None = None) -> Any:
    """The WSGI application of the bank that the settings name."""
    boot.build(settings or load(), "web")
    from django.core.handlers.wsgi import WSGIHandler

    return WSGIHandler()
