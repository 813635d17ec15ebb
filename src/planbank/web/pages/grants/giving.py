"""Giving access: a form, what it would change, then the act (R46 to R48, R53, R54).

Comes in: what was typed. Goes out: the form with what the grant would change, then the grant.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from planbank.access.granting import HeldAlready, give, planned
from planbank.access.queries.givable import givable
from planbank.access.scopes import Scope
from planbank.access.sight import would_change
from planbank.errors import AccessError
from planbank.people.models import Affiliation, Institution, User
from planbank.protocols.models import Participation, Project, Protocol
from planbank.web.acting import act_of, user_of
from planbank.web.pages import house_of, page
from planbank.web.pages.grants import words
from planbank.web.pages.grants.forms import GiveForm
from planbank.web.pages.grants.where import people_url


@page(
    "protocols/<int:protocol>/people/give/",
    name="protocol-people-give",
    action="grant.give",
    scope="protocol",
)
def in_protocol(request: HttpRequest, protocol: int) -> HttpResponse:
    """Give somebody access to a protocol."""
    if not Protocol.objects.filter(pk=protocol).exists():
        raise Http404
    return _give(request, Scope("protocol", protocol))


@page("projects/<int:project>/people/give/", name="project-people-give", action="grant.give", scope="project")
def in_project(request: HttpRequest, project: int) -> HttpResponse:
    """Give somebody access to a project."""
    if not Project.objects.filter(pk=project).exists():
        raise Http404
    return _give(request, Scope("project", project))


@page("grants/give/", name="grant-give", action="grant.give")
def anywhere(request: HttpRequest) -> HttpResponse:
    """Give somebody access where I may give any: for administrators."""
    return _give(request, None)


def _give(request: HttpRequest, scope: Scope | None) -> HttpResponse:
    now, user = house_of(request).clock.now(), user_of(request)
    scopes, roles = givable(user, now, scope)
    names = words.names_of(scopes)
    scopes = {one: _where(one, names.get(one, name)) for one, name in scopes.items()}
    centres = _centres(scope)
    data = request.POST if request.method == "POST" else None
    form = GiveForm(data, scopes=scopes, roles=roles, centres=centres, now=now)
    context: dict[str, Any] = {
        "form": form,
        "where": next(iter(scopes.values())) if len(scopes) == 1 else "",
        "back": people_url(request, scope),
        "people": _suggested(user, scope, now),
        "has_roles": bool(roles) and bool(scopes),
    }
    if data is not None and form.is_valid():
        done = _done(request, form, context)
        if done is not None:
            return done
    return render(request, "grants/give.html", context)


def _done(request: HttpRequest, form: GiveForm, context: dict[str, Any]) -> HttpResponse | None:
    """Give it where that was asked; else say in `context` what it would change."""
    act, asked, holder = act_of(request), form.asked(), form.user
    assert holder is not None
    try:
        grant = planned(act, holder, asked)
        if "give" in request.POST:
            kept = give(act, holder, asked)
            said = {"name": holder.name}
            if kept.confirmed_at is None:
                text = _("It is proposed. It holds once a second person has confirmed it.")
                messages.info(request, text)
            else:
                messages.success(request, _("%(name)s has it now.") % said)
            return redirect(people_url(request, asked.scope))
        gains = would_change(grant, act.at, institutions=[one.pk for one in asked.institutions or ()])
    except HeldAlready as exc:
        form.add_error(None, _("Nothing is given: %(reason)s") % {"reason": exc})
    except AccessError as exc:
        form.add_error(None, str(exc))
    else:
        context["gains"] = words.gains_in_words(holder.name, gains)
        context["previewed"] = True
        context["four_eyes"] = grant.confirmed_at is None
        context["holder"] = holder
    return None


def _where(scope: Scope, name: str) -> str:
    kinds = {"protocol": _("protocol %(name)s"), "project": _("project %(name)s")}
    return kinds[scope.kind] % {"name": name} if scope.kind in kinds else name


def _centres(scope: Scope | None) -> Any:
    """The centres a grant can be narrowed to: those that take part, of a project all there are."""
    rows = Institution.objects.filter(is_active=True)
    if scope is not None and scope.kind == "protocol":
        rows = rows.filter(pk__in=Participation.objects.filter(protocol=scope.id).values("institution"))
    return rows.order_by("code")


def _suggested(user: User, scope: Scope | None, now: Any) -> list[tuple[str, str]]:
    """People to choose from: of centres that take part, or of one's own institutions; never oneself."""
    here = Affiliation.objects.filter(Q(until__isnull=True) | Q(until__gt=now), since__lte=now)
    if scope is not None and scope.kind == "protocol":
        centres = Participation.objects.in_force(now).filter(protocol=scope.id).values("institution")
    else:
        centres = here.filter(user=user).values("institution")
    rows = User.objects.filter(is_active=True).exclude(pk=user.pk)
    if not user.is_site_admin:
        rows = rows.filter(pk__in=here.filter(institution__in=centres).values("user"))
    return list(rows.order_by("name").values_list("username", "name")[:500])
