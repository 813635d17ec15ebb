"""The addresses of signing in, of second factors and of one's password: allauth's views, declared.

Comes in: nothing. Goes out: address patterns, each with the action that opens it. What is not
listed here (signing up, changing e-mail addresses) does not exist.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from django.urls import URLPattern, path, reverse_lazy
from django.views.generic import RedirectView

from planbank.web import single_sign_on
from planbank.web.pages import PUBLIC

OWN = "account.use"
View = Callable[..., Any]


def declared(view: View, action: str) -> View:
    """A view of somebody else's with the action that opens it."""
    view.planbank_action = action  # type: ignore[attr-defined]
    return view


def addresses() -> list[URLPattern]:
    """All of them."""
    return [*_in_and_out(), *_single_sign_on(), *_second_factors()]


def _in_and_out() -> list[URLPattern]:
    change = account.PasswordChangeView.as_view(success_url=reverse_lazy("account"))
    first = account.PasswordSetView.as_view(success_url=reverse_lazy("account"))
    return [
        _to("sign-in/", account.LoginView.as_view(), PUBLIC, "account_login"),
        _to("sign-in/code/", mfa.AuthenticateView.as_view(), PUBLIC, "mfa_authenticate"),
        _to("sign-in/passkey/", webauthn.LoginWebAuthnView.as_view(), PUBLIC, "mfa_login_webauthn"),
        _to("sign-out/", account.LogoutView.as_view(), OWN, "account_logout"),
        _to("account/password/", change, OWN, "account_change_password"),
        # Who was let in by a passkey or another sign-in has none to change.
        _to("account/password/first/", first, OWN, "account_set_password"),
        _to("account/again/", account.ReauthenticateView.as_view(), OWN, "account_reauthenticate"),
        _to("account/switched-off/", account.AccountInactiveView.as_view(), PUBLIC, "account_inactive"),
    ]


def _single_sign_on() -> list[URLPattern]:
    """The provider is told the second address; the names are those that allauth looks for."""
    one = {"provider_id": single_sign_on.PROVIDER}
    return [
        path(
            "sign-in/single/",
            declared(single_sign_on.go, PUBLIC),
            one,
            name="openid_connect_login",
        ),
        path(
            "sign-in/single/back/",
            declared(single_sign_on.back, PUBLIC),
            one,
            name="openid_connect_callback",
        ),
    ]


def _second_factors() -> list[URLPattern]:
    at = "account/second-factor/"
    one = f"{at}passkeys/<int:pk>/"
    index = RedirectView.as_view(pattern_name="mfa_index")
    return [
        _to(at, mfa.IndexView.as_view(), OWN, "mfa_index"),
        _to(f"{at}again/", mfa.ReauthenticateView.as_view(), OWN, "mfa_reauthenticate"),
        _to(f"{at}app/", totp.ActivateTOTPView.as_view(), OWN, "mfa_activate_totp"),
        _to(f"{at}app/remove/", totp.DeactivateTOTPView.as_view(), OWN, "mfa_deactivate_totp"),
        _to(f"{at}codes/", codes.ViewRecoveryCodesView.as_view(), OWN, "mfa_view_recovery_codes"),
        _to(f"{at}codes/new/", codes.GenerateRecoveryCodesView.as_view(), OWN, "mfa_generate_recovery_codes"),
        _to(
            f"{at}codes/file/", codes.DownloadRecoveryCodesView.as_view(), OWN, "mfa_download_recovery_codes"
        ),
        _to(f"{at}passkeys/", index, OWN, "mfa_list_webauthn"),
        _to(f"{at}passkeys/add/", webauthn.AddWebAuthnView.as_view(), OWN, "mfa_add_webauthn"),
        _to(
            f"{at}passkeys/again/",
            webauthn.ReauthenticateWebAuthnView.as_view(),
            OWN,
            "mfa_reauthenticate_webauthn",
        ),
        _to(one, webauthn.EditWebAuthnView.as_view(), OWN, "mfa_edit_webauthn"),
        _to(
            f"{at}passkeys/<int:pk>/remove/",
            webauthn.RemoveWebAuthnView.as_view(),
            OWN,
            "mfa_remove_webauthn",
        ),
    ]


def _to(address: str, view: View, action: str, name: str) -> URLPattern:
    return path(address, declared(view, action), name=name)
