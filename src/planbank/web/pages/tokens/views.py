"""My tokens of the API (R155): each gives a program my own rights, never more, until its day.

Comes in: the person signed in. Goes out: the list; a new token's text, once and on this page alone; an ended
token is refused at its next use.
"""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from planbank.access.models import Token
from planbank.access.scopes import Scope
from planbank.access.tokens import issue, revoke, scope_of
from planbank.people.models import Institution
from planbank.web.acting import act_of
from planbank.web.pages import page
from planbank.web.pages.grants.words import names_of
from planbank.web.pages.tokens.forms import TokenForm

MOST = 50  # in force at once: a person with more has a program that makes them


@page("account/tokens/", name="tokens", action="account.use")
@require_http_methods(["GET", "POST"])
def mine(request: HttpRequest) -> HttpResponse:
    """My tokens in force; one is made or ended."""
    act = act_of(request)
    assert act.user is not None
    if "end" in request.POST:
        return _end(request)
    rows = list(Token.objects.filter(user=act.user, revoked_at__isnull=True, until__gt=act.at))
    form, text = TokenForm(request.POST or None, user=act.user, now=act.at), ""
    if request.method == "POST" and form.is_valid():
        if len(rows) >= MOST:
            form.add_error(None, _("You have %(n)s tokens. End one that nothing uses.") % {"n": len(rows)})
        else:
            given = form.cleaned_data
            token, text = issue(
                act.user,
                name=given["name"],
                scope=form.scope(),
                purpose=given["purpose"],
                days=given["days"],
                actor=act.actor,
                at=act.at,
                may_write=given["may_write"],
            )
            rows.insert(0, token)
            form = TokenForm(None, user=act.user, now=act.at)
    names = _names(rows)
    context = {"rows": [(row, names.get(scope_of(row))) for row in rows], "form": form, "text": text}
    return render(request, "tokens/list.html", context)


def _end(request: HttpRequest) -> HttpResponse:
    number = request.POST["end"]
    if not (number.isascii() and number.isdigit() and len(number) < 18):
        raise Http404
    act = act_of(request)
    row = Token.objects.filter(user=act.user, pk=int(number)).first()
    if row is None:
        raise Http404
    revoke(row, act.actor, act.at)
    messages.success(request, _("%(name)s has ended: its next request is refused.") % {"name": row.name})
    return redirect("tokens")


def _names(rows: list[Token]) -> dict[Scope | None, str]:
    scopes = {scope for row in rows if (scope := scope_of(row)) is not None}
    codes = Institution.objects.filter(pk__in=[one.id for one in scopes if one.kind == "institution"])
    return {**names_of(scopes), **{Scope.of(row): row.code for row in codes}}
