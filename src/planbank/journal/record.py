"""Writing the journal.

Comes in: an act and its actor. Goes out: one row, in the transaction of the act itself, so that
an act without its entry cannot be committed (security.md, Journal).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from planbank.journal.models import Entry


@dataclass(frozen=True)
class Actor:
    """Who acted: kind is user, service, sender or command."""

    kind: str
    name: str


def record(
    actor: Actor,
    action: str,
    at: datetime,
    *,
    object_kind: str = "",
    object_id: object = "",
    institution: str = "",
    protocol: str = "",
    purpose: str = "",
    outcome: str = "done",
    **detail: Any,
) -> Entry:
    """Insert one entry. `detail` holds counts and codes, never identities."""
    return Entry.objects.create(
        at=at,
        actor_kind=actor.kind,
        actor=actor.name,
        action=action,
        object_kind=object_kind,
        object_id=str(object_id),
        institution=institution,
        protocol=protocol,
        purpose=purpose,
        outcome=outcome,
        detail=detail,
    )
