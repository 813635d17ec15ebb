"""Rows of a protocol or of a project: one of both, never neither."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q

if TYPE_CHECKING:
    from planbank.protocols.models.project import Project
    from planbank.protocols.models.protocol import Protocol

OF_ONE = Q(protocol__isnull=False, project__isnull=True) | Q(protocol__isnull=True, project__isnull=False)
"""The condition of a table whose rows have both keys: just one is there."""


class Owned:
    """For models with the keys `protocol` and `project`."""

    protocol: Protocol | None
    project: Project | None

    @property
    def owner(self) -> Protocol | Project:
        """The protocol or project that the row is of."""
        found = self.protocol or self.project
        assert found is not None
        return found
