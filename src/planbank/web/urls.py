"""All addresses: the declared pages, those of signing in, and the API."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.views.i18n import set_language

from planbank.api import api
from planbank.web import sign_in
from planbank.web.pages import API, PUBLIC, discover
from planbank.web.parts.theme import set_theme


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
    *sign_in.addresses(),
    path("api/v1/", _by_token(api.urls)),
    path("theme/", sign_in.declared(set_theme, PUBLIC), name="theme"),
    path("language/", sign_in.declared(_language, PUBLIC), name="set_language"),
]

handler400 = "planbank.web.errors.bad_request"
handler403 = "planbank.web.errors.forbidden"
handler404 = "planbank.web.errors.not_found"
handler500 = "planbank.web.errors.server_error"
