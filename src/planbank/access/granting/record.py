"""One grant, taken hold of and written down.

Comes in: a grant, as it was shown. Goes out: its row, locked until the transaction ends; an entry of the
journal.
"""

from __future__ import annotations

from planbank.access.models import Grant
from planbank.protocols.act import Act
from planbank.protocols.levels import See, TakeOut
from planbank.protocols.models import Protocol


def locked(grant: Grant) -> Grant:
    """The row as it is now, with its holder; nobody else changes it meanwhile."""
    return Grant.objects.select_for_update().select_related("user").get(pk=grant.pk)


def note(act: Act, action: str, grant: Grant, **detail: object) -> None:
    """What was done about a grant, with all that it gives."""
    protocol = ""
    if grant.scope_kind == "protocol":
        names = Protocol.objects.filter(pk=grant.scope_id).values_list("short_name", flat=True)
        protocol = names.first() or ""
    act.journal(
        action,
        object_kind="grant",
        object_id=grant.pk,
        protocol=protocol,
        holder=grant.user.username,
        role=grant.role or grant.permission,
        scope=f"{grant.scope_kind} {grant.scope_id}",
        see=See(grant.see).name.lower(),
        take_out=TakeOut(grant.take_out).name.lower(),
        until=grant.until.isoformat(),
        reason=grant.revoked_reason or grant.reason,
        **detail,
    )
