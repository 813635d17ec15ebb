"""Errors as problem+json (RFC 9457): what happened and what to do, never whether a hidden thing exists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError

from planbank.access.verdict import Refused
from planbank.api.auth import ReadOnly
from planbank.errors import (
    ChangedMeanwhile,
    ConstraintError,
    MetricError,
    NamingError,
    ProtocolError,
    StatisticsError,
)

NOT_THERE = "You may not see this, or it does not exist."


class Problem(Schema):
    """What every error looks like."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = ""
    ask: str = ""


def problem(status: int, title: str, detail: str = "", ask: str = "") -> HttpResponse:
    """One error."""
    body = Problem(title=title, status=status, detail=detail, ask=ask).dict()
    return JsonResponse(body, status=status, content_type="application/problem+json")


def _invalid(exc: Any) -> HttpResponse:
    said = [f"{error['loc'][-1]}: {error['msg']}" for error in exc.errors]
    return problem(422, "A parameter cannot be used", "; ".join(said))


def _unusable(exc: Any) -> HttpResponse:
    return problem(422, "A parameter cannot be used", exc.detail or str(exc))


def _reads(exc: Any) -> HttpResponse:
    ask = "Make one that may write, under My account, Tokens."
    return problem(403, "Not allowed", "This token only reads; nothing is changed.", ask)


_PLAIN: dict[type[Exception], Callable[[Any], HttpResponse]] = {
    Http404: lambda exc: problem(404, "Not found", NOT_THERE),
    ReadOnly: _reads,
    ValidationError: _invalid,
    MetricError: lambda exc: problem(422, "A parameter cannot be used", str(exc)),
    **dict.fromkeys((StatisticsError, ConstraintError, NamingError), _unusable),
    ProtocolError: lambda exc: problem(422, "It cannot be done so; nothing is changed", str(exc)),
    ChangedMeanwhile: lambda exc: problem(
        409, "Somebody changed this meanwhile; nothing is changed", "Read it again first."
    ),
}


def handle(api: NinjaAPI) -> None:
    """Every exception that leaves a resource becomes a problem."""

    @api.exception_handler(AuthenticationError)
    def _who(request: HttpRequest, exc: Any) -> HttpResponse:
        said = "Send a token in force: Authorization: Bearer pbk_..."
        answer = problem(401, "No token, or one that has ended", said)
        answer["WWW-Authenticate"] = "Bearer"
        return answer

    @api.exception_handler(Refused)
    def _refused(request: HttpRequest, exc: Any) -> HttpResponse:
        verdict = exc.verdict
        if verdict.status == 403:
            return problem(403, "Not allowed", str(verdict.reason), str(verdict.ask))
        return problem(404, "Not found", NOT_THERE)

    for kind, answer_to in _PLAIN.items():
        api.add_exception_handler(kind, lambda request, exc, to=answer_to: to(exc))

    @api.exception_handler(HttpError)
    def _other(request: HttpRequest, exc: Any) -> HttpResponse:
        return problem(exc.status_code, str(exc))
