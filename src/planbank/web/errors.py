"""Pages for what went wrong: what happened, what is safe, what to do."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from planbank.access.verdict import Verdict
from planbank.api.problems import NOT_THERE, problem


def _page(request: HttpRequest, status: int, heading: str, safe: str, todo: str) -> HttpResponse:
    context = {"heading": heading, "safe": safe, "todo": todo, "status": status}
    return render(request, "error.html", context, status=status)


def not_found(request: HttpRequest, exception: object = None) -> HttpResponse:
    """One text for what is hidden and what is absent."""
    if request.path.startswith("/api/"):
        return problem(404, "Not found", NOT_THERE)
    return _page(
        request,
        404,
        _("You may not see this, or it does not exist"),
        _("Nothing was changed."),
        _("Check the address, or ask an administrator of your institution for access."),
    )


def forbidden(request: HttpRequest, exception: object = None) -> HttpResponse:
    return _page(
        request,
        403,
        _("You may see this, but not do that"),
        _("Nothing was changed."),
        _("Ask an administrator of your institution."),
    )


def refused(request: HttpRequest, verdict: Verdict) -> HttpResponse:
    """To a person who may know that it exists: why not, and whom to ask."""
    return _page(
        request,
        403,
        verdict.reason,
        _("Nothing was changed."),
        _("To get it, ask: %(whom)s.") % {"whom": verdict.ask}
        if verdict.ask
        else _("Ask an administrator of your institution."),
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _page(
        request,
        403,
        _("This form is too old to be sent"),
        _("Nothing was changed."),
        _("Go back, load the page again and send the form once more."),
    )


def bad_request(request: HttpRequest, exception: object = None) -> HttpResponse:
    return _page(
        request, 400, _("This request cannot be read"), _("Nothing was changed."), _("Go back and try again.")
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """Static words only: whatever broke may break again here."""
    body = (
        "<!doctype html><html lang=en><title>planbank</title><h1>planbank could not answer</h1>"
        "<p>All data received are safe. Try again in a minute; if it goes on, tell the system administrator."
    )
    return HttpResponse(body, status=500)
