"""How accounts behave: nobody signs up by themselves; a sign-in is journalled."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse

from planbank.journal.record import Actor, record
from planbank.people.models import User
from planbank.web.parts.theme import YEAR


class ClosedAccounts(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts are made by administrators."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        house = request.house  # type: ignore[attr-defined]
        record(Actor("user", user.username), "sign-in", house.clock.now())
        answer = super().post_login(request, user, **kwargs)
        if user.language and user.language in dict(settings.LANGUAGES):
            name = settings.LANGUAGE_COOKIE_NAME
            answer.set_cookie(name, user.language, max_age=YEAR, samesite="Lax", secure=request.is_secure())
        return answer

    def get_client_ip(self, request: HttpRequest) -> str:
        """The client's address; behind proxies as the outermost trusted one saw it.

        A request that came past the proxies counts as from where it came.
        """
        try:
            return str(super().get_client_ip(request))
        except ImproperlyConfigured:
            return str(request.META.get("REMOTE_ADDR", ""))

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        house = request.house  # type: ignore[attr-defined]
        # The name typed may be anything, a password even: only that of a real account is kept.
        typed = str(credentials.get("username", ""))[:64]
        known = User.objects.filter(username=typed).values_list("username", flat=True).first()
        record(Actor("user", known or "unknown"), "sign-in", house.clock.now(), outcome="refused")
        super().authentication_failed(request, **credentials)

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        """Journalled, however somebody came: the password was right, the account is switched off."""
        house = request.house  # type: ignore[attr-defined]
        record(Actor("user", user.username), "sign-in", house.clock.now(), outcome="refused")
        return super().respond_user_inactive(request, user)

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        """No toast for signing in and out: the page itself says so."""
        if message_template not in {"account/messages/logged_in.txt", "account/messages/logged_out.txt"}:
            super().add_message(request, level, message_template, *args, **kwargs)
