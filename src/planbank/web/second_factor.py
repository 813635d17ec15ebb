"""Second factors: an app that shows codes (TOTP, RFC 6238), passkeys (WebAuthn), recovery codes.

Comes in: what allauth does with them. Goes out: entries in the journal for what was added, removed
or failed; and, where the site asks everybody for one, the way to the page on which it is made.
"""

from __future__ import annotations

import re
from typing import Any

from allauth.mfa import signals
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from planbank.access.standing import standing_of
from planbank.journal.record import Actor, record
from planbank.people.models import User
from planbank.web.pages import house_of
from planbank.web.single_sign_on import came_by_single_sign_on

COUNTS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
# What somebody without a second factor may still do where the site asks for one.
_OPEN = {
    "account_logout",
    "account_reauthenticate",
    "account_change_password",
    "account_set_password",
    "set_language",
    "theme",
}


class SecondFactors(DefaultMFAAdapter):  # type: ignore[misc]
    """Names as people know them here."""

    def _get_user_identifier(self, user: User) -> str:
        return user.username

    def build_totp_svg(self, url: str) -> SafeString:
        """The QR code as an element of the page: a policy without `data:` images shows it."""
        svg = re.sub(r"^<\?xml[^>]*\?>\s*", "", super().build_totp_svg(url))
        return mark_safe(svg)  # noqa: S308 - made by qrcode from black squares alone

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:  # noqa: A002
        number = Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1
        return _("Passkey %(number)s") % {"number": number}


def is_asked(request: HttpRequest) -> bool:
    """Whether the site asks this person for a second factor: nobody, administrators, or everybody.

    Administrators: of the system and of an institution. Who came through a provider that itself asks for
    one (`oidc_has_second_factor`) is not asked again.
    """
    house = house_of(request)
    wanted = house.settings.second_factor
    if wanted == "optional" or (house.settings.oidc_has_second_factor and came_by_single_sign_on(request)):
        return False
    if wanted == "required":
        return True
    assert isinstance(request.user, User)
    return bool(standing_of(request.user).in_force("user.create", house.clock.now()))


def is_missing(request: HttpRequest) -> bool:
    """Whether this person has neither app nor passkey and asks for a page that wants one."""
    match = request.resolver_match
    name = (match.url_name if match else "") or ""
    if name in _OPEN or name.startswith("mfa_"):
        return False
    return not is_mfa_enabled(request.user, COUNTS)


def ask_for_one(request: HttpRequest) -> HttpResponse:
    """To the page on which a second factor is made, saying why."""
    if house_of(request).settings.second_factor == "admins":
        words = _("This site asks administrators for a second factor. Add one to go on.")
    else:
        words = _("This site asks everybody for a second factor. Add one to go on.")
    messages.warning(request, words)
    return redirect("mfa_index")


def forget(user: User) -> int:
    """Forget the app, the passkeys and the recovery codes of a person who lost them; how many there were."""
    gone, _kinds = Authenticator.objects.filter(user=user).delete()
    return int(gone)


def listen() -> None:
    """Have the journal told of what becomes of second factors."""
    signals.authenticator_added.connect(_added, dispatch_uid="planbank")
    signals.authenticator_removed.connect(_removed, dispatch_uid="planbank")
    signals.authenticator_reset.connect(_reset, dispatch_uid="planbank")
    signals.authentication_failed.connect(_failed, dispatch_uid="planbank")


def _added(request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    _note(request, user, "add second factor", authenticator)


def _removed(request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    _note(request, user, "remove second factor", authenticator)


def _reset(request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    _note(request, user, "make recovery codes anew", authenticator)


def _failed(request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    _note(request, user, "sign-in", authenticator, outcome="refused")


def _note(
    request: HttpRequest, user: User, action: str, factor: Authenticator, outcome: str = "done"
) -> None:
    at = house_of(request).clock.now()
    who = {"object_kind": "user", "object_id": user.username}
    record(Actor("user", user.username), action, at, outcome=outcome, factor=str(factor.type), **who)
