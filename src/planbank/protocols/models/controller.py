"""Organisations that answer for data (GDPR Art. 4(7); R37, R121)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from planbank.protocols.models.revised import Revised


class DataController(Revised):
    """An organisation that decides on purpose and means; a protocol may have several, jointly."""

    name = models.CharField(max_length=200, unique=True)
    country = models.CharField(max_length=2, default="DK", help_text=_("ISO 3166-1, two letters"))
    address = models.TextField(blank=True)
    contact = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
