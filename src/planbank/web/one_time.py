"""One-time links with which people set their own password: the first, or another for one forgotten.

Comes in: a user. Goes out: the path of a link that works once: for seven days where somebody hands it
over, for an hour where it is mailed to whoever asked. A password set before, a sign-in, another address
of e-mail or the account switched off end it too.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.db import transaction
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.encoding import force_bytes
from django.utils.http import base36_to_int, urlsafe_base64_decode, urlsafe_base64_encode

from planbank.journal.record import Actor, record
from planbank.people.models import User
from planbank.web import sessions

VALID_FOR = timedelta(days=7)
RESET_FOR = timedelta(hours=1)


class OneTime(PasswordResetTokenGenerator):
    """Django's tokens, with the house's clock and a life of their own; `page` is where they lead."""

    key_salt = "planbank.web.one_time"
    page = "welcome"
    valid_for = VALID_FOR

    def token(self, user: User, at: datetime) -> str:
        """A token for `user`, made at `at`."""
        return self._make_token_with_timestamp(user, _seconds(at), self.secret)

    def holds(self, user: User, token: str, at: datetime) -> bool:
        """Whether `token` was made for `user` as they are now, at most `valid_for` before `at`.

        A clock that was set back ends no link early.
        """
        try:
            made = base36_to_int(token.split("-")[0])
        except ValueError:
            return False
        aged = _seconds(at) - made
        return aged <= self.valid_for.total_seconds() and self._is_own(user, token, made)

    def _is_own(self, user: User, token: str, made: int) -> bool:
        return constant_time_compare(self._make_token_with_timestamp(user, made, self.secret), token)


class Reset(OneTime):
    """Those that are mailed to who forgot a password."""

    key_salt = "planbank.web.one_time.reset"
    page = "reset"
    valid_for = RESET_FOR


TOKENS = OneTime()
RESETS = Reset()


def link_for(user: User, at: datetime | None = None, tokens: OneTime = TOKENS) -> str:
    """The path of a one-time link for `user`; `at` is the house's time (default: the machine's)."""
    token = tokens.token(user, at or datetime.now(UTC))
    return reverse(tokens.page, args=[urlsafe_base64_encode(force_bytes(user.pk)), token])


def user_of(uidb64: str, token: str, at: datetime, tokens: OneTime = TOKENS) -> User | None:
    """The user whose working link this is; None for one that is used, too old or never was."""
    try:
        pk = int(urlsafe_base64_decode(uidb64))
    except (ValueError, OverflowError):
        return None
    user = User.objects.filter(pk=pk, is_active=True).first()
    return user if user is not None and tokens.holds(user, token, at) else None


@transaction.atomic
def set_password(user: User, token: str, password: str, at: datetime, tokens: OneTime = TOKENS) -> bool:
    """Set the password and use the link up; False where somebody was faster.

    Whoever is signed in to the account is signed out: it may be why the password was forgotten.
    """
    locked = User.objects.select_for_update().get(pk=user.pk)
    if not locked.is_active or not tokens.holds(locked, token, at):
        return False
    locked.set_password(password)
    locked.save(update_fields=["password"])
    sessions.end(locked)
    record(Actor("user", locked.username), "set password", at, object_kind="user", object_id=locked.username)
    return True


def _seconds(at: datetime) -> int:
    return int((at - datetime(2001, 1, 1, tzinfo=UTC)).total_seconds())
