"""Who acts, and where a page of permissions belongs.

Comes in: a request, a grant or scope. Goes out: the user, the page to go back to.
"""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import reverse

from planbank.access.policy import may
from planbank.access.scopes import Scope
from planbank.web.pages import house_of


def people_url(request: HttpRequest, scope: Scope | None) -> str:
    """The list of people of a protocol or project, where this person may see it; else the bank's."""
    known = scope is not None and scope.kind in ("protocol", "project")
    if scope and known and may(request.user, "grant.view", house_of(request).clock.now(), scope):
        return reverse(f"{scope.kind}-people", args=[scope.id])
    return reverse("grants")


def scope_named(text: str) -> Scope | None:
    """The scope that 'protocol-7' names; None for anything else."""
    kind, _dash, number = text.rpartition("-")
    if kind in ("protocol", "project") and number.isascii() and number.isdigit() and len(number) < 18:
        return Scope(kind, int(number))
    return None
