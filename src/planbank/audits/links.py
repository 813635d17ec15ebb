"""Links by which a copy is downloaded, once (R107).

Comes in: an act and a copy; later the token of an address. Goes out: the token, told once and not kept;
the link it opens. Who holds the token may take the copy: it is de-identified, and addressed to one observer.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import transaction

from planbank.audits.acting import journal, why_not_out
from planbank.audits.models import Copy, Link
from planbank.audits.words import copy_words
from planbank.errors import ProtocolError
from planbank.protocols.act import Act

VALID_FOR = timedelta(days=30)
TOKEN_BYTES = 32


@transaction.atomic
def make_link(act: Act, copy: Copy) -> str:
    """A new link's token; earlier ones of the copy that were not used end."""
    if said := why_not_out(copy):
        raise ProtocolError(copy_words(said))
    copy.links.filter(used_at=None, revoked_at=None).update(revoked_at=act.at)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    Link.objects.create(copy=copy, digest=_digest(token), made_at=act.at, expires_at=act.at + VALID_FOR)
    if copy.sent_at is None:
        Copy.objects.filter(pk=copy.pk).update(state=Copy.State.SENT, sent_at=act.at, problem="")
    journal(act, "give link to audit copy", copy.study, copy=copy.number)
    return token


def link_of(token: str, at: datetime) -> Link | None:
    """The link that a token opens now; None for all others alike."""
    rows = Link.objects.select_related(
        "copy__study__protocol", "copy__case__patient_file", "copy__observer", "copy__centre"
    )
    row = rows.filter(digest=_digest(token), used_at=None, revoked_at=None, expires_at__gt=at).first()
    return None if row is None or why_not_out(row.copy) else row


@transaction.atomic
def seen(link: Link, at: datetime) -> None:
    """Its page was looked at."""
    Link.objects.filter(pk=link.pk, seen_at=None).update(seen_at=at)


@transaction.atomic
def use(act: Act, link: Link) -> bool:
    """Take it; False where somebody was first. The copy counts as accepted and opened."""
    if not Link.objects.filter(pk=link.pk, used_at=None).update(used_at=act.at):
        return False
    copy = link.copy
    reached = {"accepted_at": copy.accepted_at or act.at, "opened_at": copy.opened_at or act.at}
    Copy.objects.filter(pk=copy.pk).update(**reached)
    early = [Copy.State.MADE, Copy.State.SENT, Copy.State.ACCEPTED]
    Copy.objects.filter(pk=copy.pk, state__in=early).update(state=Copy.State.OPENED)
    journal(act, "take audit copy by link", copy.study, copy=copy.number)
    return True


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
