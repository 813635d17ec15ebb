"""What stands around every page: headers, language, and the policy.

Comes in: requests. Goes out: requests with `request.house`, or an answer that says no; responses
with a strict content policy and, for pages behind the sign-in, `no-store`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, cast
from urllib.parse import quote

from django.apps import apps
from django.contrib.auth.views import redirect_to_login
from django.core.signals import request_finished
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    StreamingHttpResponse,
)
from django.utils import timezone, translation

from planbank.access.policy import Refused, Verdict, may
from planbank.access.scopes import Scope
from planbank.access.standing import forget, remember, standing_of
from planbank.access.surface import SITE
from planbank.people.models import User
from planbank.people.zones import zone
from planbank.web import errors, second_factor
from planbank.web.long_answers import guarded
from planbank.web.pages import API, PUBLIC

GetResponse = Callable[[HttpRequest], HttpResponse]
CONTENT_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)


class Headers:
    """Content policy on everything; nothing behind the sign-in is kept by a browser or proxy."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_POLICY)
        response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if not request.path.startswith("/static/"):
            response.headers.setdefault("Cache-Control", "no-store")
        return response


class Language:
    """The language chosen (cookie), else the browser's first that we have, else the site's."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = translation.get_language_from_request(request)
        with translation.override(language):
            request.LANGUAGE_CODE = language  # type: ignore[attr-defined]
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        return response


class HouseAndPolicy:
    """Deny by default: a view without a declared action, or without a line of SITE, does not exist.

    Not signed in: to the sign-in page. Signed in without the right: the same answer as for an
    address that is not there, but for those who may be told why (access/verdict.py).
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.house = apps.get_app_config("web").house  # type: ignore[attr-defined]
        response = self.get_response(request)
        if isinstance(response, StreamingHttpResponse) and isinstance(request.user, User):
            forget(request.user)  # a long answer asks anew for each portion (R190)
            pieces = cast("Iterable[bytes]", response.streaming_content)
            response.streaming_content = guarded(request, request.user, pieces)
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: object, kwargs: object
    ) -> HttpResponse | None:
        action = getattr(view, "planbank_action", None)
        if action == API:
            return None
        match = request.resolver_match
        door = SITE.get(match.url_name or "") if match else None
        if action is None or door is None:
            raise Http404
        refused = None if action == PUBLIC else self._refused(request, view, action, kwargs)
        if refused is None and not door.takes(request.method or ""):
            return HttpResponseNotAllowed(sorted(door.methods))
        return refused

    def _refused(
        self, request: HttpRequest, view: Callable[..., Any], action: str, kwargs: object
    ) -> HttpResponse | None:
        """What stands in the way of a page that is not public; None where nothing does."""
        if not request.user.is_authenticated:
            if request.headers.get("HX-Request"):
                target = quote(request.headers.get("HX-Current-URL", "/"), safe="")
                return HttpResponse(status=401, headers={"HX-Redirect": f"/sign-in/?next={target}"})
            return redirect_to_login(request.get_full_path())
        if isinstance(request.user, User):
            remember(request.user)
            now = request.house.clock.now()  # type: ignore[attr-defined]
            timezone.activate(zone(standing_of(request.user).zone(now)))
        house = request.house  # type: ignore[attr-defined]
        if second_factor.is_asked(request) and second_factor.is_missing(request):
            return second_factor.ask_for_one(request)
        verdict = may(request.user, action, house.clock.now(), _scope(view, kwargs))
        return None if verdict else _refusal(request, verdict)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A view that was refused a row: the same answers."""
        return _refusal(request, exception.verdict) if isinstance(exception, Refused) else None


def _in_sites_zone(**kwargs: object) -> None:
    """The next request of this thread is somebody else's."""
    timezone.deactivate()


# Sent when an answer is written to its end, a long one too.
request_finished.connect(_in_sites_zone, dispatch_uid="planbank.zone")


def _scope(view: Callable[..., Any], kwargs: Any) -> Scope | None:
    """The scope a page declares (`@page(scope="protocol")`): the argument of that name."""
    kind = getattr(view, "planbank_scope", "")
    return Scope(kind, kwargs[kind.replace(" ", "_")]) if kind else None


def _refusal(request: HttpRequest, verdict: Verdict) -> HttpResponse:
    """403 with the reason and whom to ask, or the one answer for hidden and absent."""
    if verdict.status == 403:
        return errors.refused(request, verdict)
    return errors.not_found(request)
