"""One-time links with which people set their own first password.

Comes in: a user. Goes out: the path of a link that works for seven days, once; a password set
before, a sign-in, another address of e-mail or the account switched off end it too.
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

VALID_FOR = timedelta(days=7)


class OneTime(PasswordResetTokenGenerator):
    """Django's tokens, with the house's clock and a life of their own."""

    key_salt = "planbank.web.one_time"

    def token(self, user: User, at: datetime) -> str:
        """A token for `user`, made at `at`."""
        return self._make_token_with_timestamp(user, _seconds(at), self.secret)

    def holds(self, user: User, token: str, at: datetime) -> bool:
        """Whether `token` was made for `user` as they are now, at most VALID_FOR before `at`.

        A clock that was set back ends no link early.
        """
        try:
            made = base36_to_int(token.split("-")[0])
        except ValueError:
            return False
        aged = _seconds(at) - made
        return aged <= VALID_FOR.total_seconds() and self._is_own(user, token, made)

    def _is_own(self, user: User, token: str, made: int) -> bool:
        return constant_time_compare(self._make_token_with_timestamp(user, made, self.secret), token)


TOKENS = OneTime()


def link_for(user: User, at: datetime | None = None) -> str:
    """The path of a one-time link for `user`; `at` is the house's time (default: the machine's)."""
    token = TOKENS.token(user, at or datetime.now(UTC))
    return reverse("welcome", args=[urlsafe_base64_encode(force_bytes(user.pk)), token])


def user_of(uidb64: str, token: str, at: datetime) -> User | None:
    """The user whose working link this is; None for one that is used, too old or never was."""
    try:
        pk = int(urlsafe_base64_decode(uidb64))
    except (ValueError, OverflowError):
        return None
    user = User.objects.filter(pk=pk, is_active=True).first()
    return user if user is not None and TOKENS.holds(user, token, at) else None


@transaction.atomic
def set_password(user: User, token: str, password: str, at: datetime) -> bool:
    """Set the password and use the link up; False where somebody was faster."""
    locked = User.objects.select_for_update().get(pk=user.pk)
    if not locked.is_active or not TOKENS.holds(locked, token, at):
        return False
    locked.set_password(password)
    locked.save(update_fields=["password"])
    record(Actor("user", locked.username), "set password", at, object_kind="user", object_id=locked.username)
    return True


def _seconds(at: datetime) -> int:
    return int((at - datetime(2001, 1, 1, tzinfo=UTC)).total_seconds())
