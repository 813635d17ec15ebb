"""What must not come back, as keyed hashes that tell nothing without the key of the vault."""

from __future__ import annotations

from uuid import UUID

from django.db import models


class Tombstone(models.Model):
    """One mark (planbank.erasure.marks): an identity or a SOP Instance UID of one institution.

    `erasure` is the uid of the erasure and not a key: marks outlive a database that was restored. They
    lie in the archive too, put once, and are read from there where rows are missing.
    """

    mark = models.CharField(max_length=64)
    erasure: models.UUIDField[UUID, UUID] = models.UUIDField()
    laid_at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mark", "erasure"], name="tombstone_unique")]
        indexes = [
            models.Index(
                fields=["mark"], name="tombstone_standing", condition=models.Q(lifted_at__isnull=True)
            ),
            models.Index(fields=["erasure"], name="tombstone_erasure"),
        ]
