"""Making, finding and ending tokens.

Comes in: a person, a scope, a purpose, a time. Goes out: the token's text, once; later, who it is.
The text is 256 random bits: it needs no salt, only never to be stored.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from hashlib import sha256

from planbank.access.models import Token
from planbank.access.scopes import Scope
from planbank.errors import TokenRefused
from planbank.journal.record import Actor, record
from planbank.people.models import User

PREFIX = "pbk_"
LONGEST = timedelta(days=366)
# Writing down every use would cost more than the use.
_NOTED = timedelta(minutes=5)


def issue(
    user: User,
    *,
    name: str,
    scope: Scope | None,
    purpose: str,
    days: int,
    actor: Actor,
    at: datetime,
    may_write: bool = False,
) -> tuple[Token, str]:
    """A new token and its text, which is never shown again. It reads only, unless `may_write`.

    Raises TokenRefused, saying why.
    """
    if not purpose.strip() or not name.strip():
        raise TokenRefused("A token needs a name and a purpose.")
    if not 1 <= days <= LONGEST.days:
        raise TokenRefused(f"A token lasts 1 to {LONGEST.days} days.")
    if not user.is_active:
        raise TokenRefused("The account is switched off.")
    text = PREFIX + secrets.token_urlsafe(32)
    token = Token.objects.create(
        user=user,
        name=name.strip()[:64],
        digest=_digest(text),
        beginning=text[:10],
        scope_kind=scope.kind if scope else "",
        scope_id=scope.id if scope else 0,
        may_write=may_write,
        purpose=purpose.strip()[:200],
        created_at=at,
        created_by=actor.name[:64],
        until=at + timedelta(days=days),
    )
    record(
        actor,
        "token made",
        at,
        object_kind="token",
        object_id=token.pk,
        user=user.username,
        may_write=may_write,
    )
    return token, text


def find(text: str, at: datetime) -> Token | None:
    """The token behind a text, if it is in force and its person's account is on."""
    if not text.startswith(PREFIX) or len(text) > 100:
        return None
    token = Token.objects.select_related("user").filter(digest=_digest(text)).first()
    if token is None or not is_in_force(token, at) or not token.user.is_active:
        return None
    if token.last_used_at is None or at - token.last_used_at > _NOTED:
        Token.objects.filter(pk=token.pk).update(last_used_at=at)
    return token


def revoke(token: Token, actor: Actor, at: datetime) -> None:
    """End a token now; done twice it changes nothing."""
    if Token.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=at):
        record(actor, "token ended", at, object_kind="token", object_id=token.pk, user=token.user.username)


def is_in_force(token: Token, at: datetime) -> bool:
    """Neither lapsed nor ended."""
    return token.until > at and (token.revoked_at is None or token.revoked_at > at)


def scope_of(token: Token) -> Scope | None:
    """What the token is held to."""
    return Scope(token.scope_kind, token.scope_id) if token.scope_kind else None


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()
