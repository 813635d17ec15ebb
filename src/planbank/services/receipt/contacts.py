"""Whom a sender's receipts go to.

Comes in: a sender, the institution it sends for. Goes out: plain addresses, in lower case, each once.
"""

from __future__ import annotations

from planbank.messages.models import SenderNotices
from planbank.messages.outbox import is_address
from planbank.people.models import Affiliation, Sender


def contacts(sender: Sender | None, institution_id: int) -> list[str]:
    """Addresses set for the sender; else its contact; else those who administer the institution."""
    chosen: list[str] = []
    if sender is not None:
        row = SenderNotices.objects.filter(sender=sender).first()
        chosen = list(row.recipients) if row else []
        if not chosen and is_address(sender.contact):
            chosen = [sender.contact]
    if not chosen:
        admins = Affiliation.objects.filter(
            institution=institution_id, is_admin=True, until=None, user__is_active=True
        )
        chosen = list(admins.exclude(user__email="").values_list("user__email", flat=True))
    return sorted({address.lower() for address in chosen if is_address(address)})
