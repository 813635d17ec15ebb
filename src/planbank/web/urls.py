"""All addresses: the declared pages, the few of allauth that are used, and the API."""

from __future__ import annotations

from allauth.account import views as account
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse_lazy
from django.views.i18n import set_language

from planbank.api import api
from planbank.web.pages import API, PUBLIC, discover
from planbank.web.parts.theme import set_theme


def _declared(view: object, action: str) -> object:
    view.planbank_action = action  # type: ignore[attr-defined]
    return view


def _by_token(urls: tuple[list[URLPattern], str, str]) -> tuple[list[URLPattern], str, str]:
    """The addresses of the API: who may do what is decided there, by token and policy."""
    for route in urls[0]:
        if route.name != "api-root":  # it has nothing to show, and so does not exist
            route.callback.planbank_action = API
    return urls


def _language(request: HttpRequest) -> HttpResponse:
    return set_language(request)


urlpatterns = [
    *(path(p.path, p.view, name=p.name) for p in discover()),
    path("sign-in/", _declared(account.LoginView.as_view(), PUBLIC), name="account_login"),
    path("sign-out/", _declared(account.LogoutView.as_view(), "account.use"), name="account_logout"),
    path(
        "account/password/",
        _declared(account.PasswordChangeView.as_view(success_url=reverse_lazy("account")), "account.use"),
        name="account_change_password",
    ),
    path(
        "account/switched-off/",
        _declared(account.AccountInactiveView.as_view(), PUBLIC),
        name="account_inactive",
    ),
    path("api/v1/", _by_token(api.urls)),
    path("theme/", _declared(set_theme, PUBLIC), name="theme"),
    path("language/", _declared(_language, PUBLIC), name="set_language"),
]

handler400 = "planbank.web.errors.bad_request"
handler403 = "planbank.web.errors.forbidden"
handler404 = "planbank.web.errors.not_found"
handler500 = "planbank.web.errors.server_error"
