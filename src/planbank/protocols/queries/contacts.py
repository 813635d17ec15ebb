"""Whom to ask about a protocol.

Comes in: the id of a protocol. Goes out: names with their addresses, for refusals and pages.
"""

from __future__ import annotations

from planbank.protocols.models import Contact


def whom_to_ask(protocol_id: int) -> list[str]:
    """The contacts of a protocol as 'Name <address>'."""
    rows = Contact.objects.filter(protocol=protocol_id).values_list("name", "email")
    return [f"{name} <{email}>" if email else name for name, email in rows]
