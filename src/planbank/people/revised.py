"""Rows that two people may edit at once: the last write never silently wins.

Comes in: a row, the revision its editor saw, new values. Goes out: the row with the values and the
next revision, or `ChangedMeanwhile`. The comparison is one UPDATE, so nothing lies between look
and write.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F

from planbank.errors import ChangedMeanwhile


class Revised(models.Model):
    """A row with a revision that rises with every change."""

    revision = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        abstract = True

    def change(self, seen: int, **values: Any) -> None:
        """Set `values` if the row still has the revision `seen`. Raises ChangedMeanwhile."""
        rows = type(self)._default_manager.filter(pk=self.pk, revision=seen)
        if not rows.update(**values, revision=F("revision") + 1):
            raise ChangedMeanwhile
        self.refresh_from_db()
