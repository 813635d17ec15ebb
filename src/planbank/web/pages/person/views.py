"""One person: where they work, their account changed, a link made, switched off and on.

Comes in: the request of an administrator. Goes out: rows changed through access/accounts.py. Switched
off, all sessions and tokens end with it, so that the next request of any of them is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.mfa.utils import is_mfa_enabled
from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from planbank.access import accounts
from planbank.access.affiliating import may_change
from planbank.access.models import Token
from planbank.errors import AccessError, ChangedMeanwhile
from planbank.messages.outbox import open_channels
from planbank.people.models import Affiliation, User
from planbank.people.zones import last_day
from planbank.web import second_factor, sessions
from planbank.web.acting import act_of
from planbank.web.link_mail import mail_invitation
from planbank.web.one_time import VALID_FOR
from planbank.web.pages import house_of, page
from planbank.web.pages.institutions.views import MEANWHILE, seen
from planbank.web.pages.people.forms import PersonForm
from planbank.web.pages.person.link import keep, take

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from planbank.protocols.act import Act


class OffForm(forms.Form):
    """Why, and what was seen."""

    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200, required=False)
    seen = forms.IntegerField(widget=forms.HiddenInput)


@page("people/<int:pk>/", name="person", action="user.view")
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """One person: account, where they work, what an administrator can do."""
    act, row = act_of(request), _person(request, pk)
    context = {
        "person": row,
        "now": act.at,
        "works": _works(act, row),
        "elsewhere": not accounts.governs(act, row, "user.disable"),
        "may_edit": accounts.governs(act, row, "user.create"),
        "may_off": accounts.governs(act, row, "user.disable") and act.user != row,
        "may_mail": accounts.governs(act, row, "user.create")
        and row.is_active
        and row.email
        and "email" in open_channels(house_of(request).settings),
        "may_link": accounts.may_make_link(act, row),
        "second_factor": is_mfa_enabled(row, second_factor.COUNTS),
        "sessions": len(sessions.of(row)),
        "tokens": Token.objects.filter(user=row, revoked_at__isnull=True, until__gt=act.at).count(),
        "link": take(request, row),
        "days": VALID_FOR.days,
    }
    return render(request, "person/one.html", context)


@page("people/<int:pk>/edit/", name="person-edit", action="user.create")
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change what is known of a person."""
    act, row = act_of(request), _person(request, pk)
    may_site = act.user is not None and act.user.is_site_admin and act.user != row
    form = PersonForm(request.POST or None, user=row, may_site=may_site)
    if request.method == "POST" and form.is_valid():
        try:
            accounts.change(act, row, form.cleaned_data["seen"] or 0, accounts.Person(**form.columns()))
        except ChangedMeanwhile:
            form.add_error(None, str(MEANWHILE))
        except ValidationError as exc:
            form.add_error(None, exc)
        except AccessError as exc:
            form.add_error(None, str(exc))
        else:
            messages.success(request, _("Saved."))
            return redirect("person", pk)
    return render(request, "person/edit.html", {"form": form, "person": _person(request, pk)})


@page("people/<int:pk>/link/", name="person-link", action="user.create")
@require_POST
def link(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a one-time link and show it once."""
    act, row = act_of(request), _person(request, pk)
    try:
        if request.GET.get("by") == "mail":
            _mail_link(request, act, row)
        else:
            keep(request, accounts.prepare_link(act, row), act.at)
    except AccessError as exc:
        messages.warning(request, str(exc))
    return redirect("person", pk)


@page("people/<int:pk>/off/", name="person-off", action="user.disable")
def off(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then switch an account off: sessions and tokens end at once."""
    row = _person(request, pk)
    form = OffForm(request.POST or None, initial={"seen": row.revision})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            sessions.switch_off(act_of(request), row, given["seen"], given["reason"])
        except ChangedMeanwhile:
            form.add_error(None, str(MEANWHILE))
        except AccessError as exc:
            form.add_error(None, str(exc))
        else:
            words = _("%(name)s is switched off; sessions and tokens have ended.") % {"name": row.name}
            undo = f"{reverse('person-on', args=[pk])}?seen={row.revision}"
            messages.success(request, words, extra_tags=undo)
            return redirect("person", pk)
    return render(request, "person/off.html", {"form": form, "person": row})


@page("people/<int:pk>/on/", name="person-on", action="user.disable")
@require_POST
def on(request: HttpRequest, pk: int) -> HttpResponse:
    """Switch an account on again."""
    row, given = _person(request, pk), request.GET.get("seen", "")
    if row.is_active:
        return redirect("person", pk)
    try:
        accounts.switch_on(act_of(request), row, int(given) if given.isdecimal() else 0)
    except ChangedMeanwhile:
        messages.warning(request, str(MEANWHILE))
    except AccessError as exc:
        messages.warning(request, str(exc))
    else:
        messages.success(request, _("%(name)s can sign in again.") % {"name": row.name})
    return redirect("person", pk)


@transaction.atomic
def _mail_link(request: HttpRequest, act: Act, row: User) -> None:
    """Whoever makes it never sees it: so it may go to an account in use too."""
    accounts.prepare_link(act, row, unseen=True)
    if mail_invitation(house_of(request), row):
        messages.success(request, _("A link is on its way to %(email)s.") % {"email": row.email})
    else:
        messages.warning(request, _("No mail can be sent to this person. Make a link to hand over."))


def _person(request: HttpRequest, pk: int) -> User:
    """The person, if one may see them; 404 otherwise."""
    act = act_of(request)
    assert act.user is not None
    return get_object_or_404(accounts.users_seen(act.user, act.at), pk=pk)


def _works(act: Act, row: User) -> list[tuple[Affiliation, Any, bool, bool]]:
    """Where they work or worked, as far as one may see it: row, last day, over, may change it."""
    assert act.user is not None
    rows = Affiliation.objects.filter(user=row, institution__in=seen(act.user, act.at))
    found = []
    for one in rows.select_related("institution", "granted_by").order_by("-since"):
        over = one.until is not None and one.until <= act.at
        day = last_day(one.until, one.institution) if one.until else None
        found.append((one, day, over, not over and may_change(act, one.institution)(one)))
    return found
