"""Confirming, renewing, revoking grants; undoing a revocation (R49, R54, R213).

Comes in: grants that were shown, as they were shown. Goes out: the same, changed, or what stands in the way.
A form sent twice changes nothing twice.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from planbank.access.granting import (
    UNDONE,
    LastKeyUser,
    ask_again,
    confirm,
    is_last_key_user,
    let_end,
    renew,
    restore,
    revoke,
)
from planbank.access.models import Grant
from planbank.access.queries.given import grants_seen
from planbank.access.queries.states import state_of
from planbank.access.scopes import Scope
from planbank.access.sight import would_change
from planbank.errors import AccessError, ChangedMeanwhile
from planbank.protocols.act import Act
from planbank.web.acting import act_of, user_of
from planbank.web.pages import house_of, page
from planbank.web.pages.grants import words
from planbank.web.pages.grants.forms import RevokeForm
from planbank.web.pages.grants.where import people_url, scope_named

_MEANWHILE = gettext_lazy("Somebody was faster: it was changed since you opened it. Look at it again.")
MOST = 200


@page("grants/<int:pk>/confirm/", name="grant-confirm", action="grant.give")
def confirm_one(request: HttpRequest, pk: int) -> HttpResponse:
    """Agree as the second person, seeing what it changes."""
    row = _grant(request, "grant.give", pk)
    act, back = act_of(request), people_url(request, _scope(row))
    if state_of(row, act.at).kind != "awaits a second person":
        messages.info(request, _("It is decided already."))
        return redirect("grant", pk)
    if request.method == "POST":
        try:
            confirm(act, row)
        except ChangedMeanwhile:
            messages.warning(request, str(_MEANWHILE))
        except AccessError as exc:
            messages.error(request, str(exc))
        else:
            messages.success(request, _("%(name)s has it now.") % {"name": row.user.name})
            return redirect(back)
        return redirect("grant", pk)
    ids = [one.pk for one in row.institutions.all()]
    context = {
        "line": words.shown([row], act.at)[0],
        "gains": words.gains_in_words(row.user.name, would_change(row, act.at, institutions=ids)),
        "own": user_of(request).pk in (row.user_id, row.granted_by_id),
    }
    return render(request, "grants/confirm.html", context)


@page("grants/renew/", name="grants-renew", action="grant.renew")
@require_POST
def renew_some(request: HttpRequest) -> HttpResponse:
    """Renew one grant or several, all or none, for 12 months; or let one end on its day."""
    if "let_end" in request.POST:
        return _let_end(request)
    act, back = act_of(request), people_url(request, scope_named(request.POST.get("to", "")))
    marks = [request.POST["only"]] if "only" in request.POST else request.POST.getlist("grant")
    if not marks:
        messages.warning(request, _("Nothing was chosen. Tick who shall keep what they have."))
        return redirect(back)
    shown = [_as_shown(request, mark) for mark in marks[:MOST]]
    try:
        done = renew(act, shown, request.POST.get("reason", ""))
    except ChangedMeanwhile:
        said = _("One of them was renewed meanwhile. Nothing was renewed by you: look at the list again.")
        messages.warning(request, said)
    except AccessError as exc:
        messages.error(request, _("Nothing was renewed: %(reason)s") % {"reason": exc})
    else:
        said = ngettext("%(n)s permission is renewed.", "%(n)s permissions are renewed.", done)
        messages.success(request, said % {"n": done})
    return redirect(back)


@page("grants/<int:pk>/ask-again/", name="grant-ask-again", action="grant.renew")
@require_POST
def ask_again_about(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back that one may end: people are asked again whether to renew it."""
    row = _grant(request, "grant.renew", pk)
    same = _("Nothing was changed: it was decided or renewed meanwhile.")
    return _undo(request, ask_again, row, _("You are asked about it again until it ends."), same)


def _let_end(request: HttpRequest) -> HttpResponse:
    row = _as_shown(request, request.POST["let_end"])
    try:
        let_end(act_of(request), row)
    except ChangedMeanwhile:
        messages.warning(request, str(_MEANWHILE))
    except AccessError as exc:
        messages.error(request, str(exc))
    else:
        said = _("It ends on its day, and nobody is asked any more. Until then all stays as it is.")
        messages.success(request, said, extra_tags=reverse("grant-ask-again", args=[row.pk]))
    return redirect(people_url(request, _scope(row)))


@page("grants/<int:pk>/revoke/", name="grant-revoke", action="grant.revoke")
def revoke_one(request: HttpRequest, pk: int) -> HttpResponse:
    """End a grant now, with a reason, seeing what it changes; a toast offers to undo it."""
    return _revoke(request, _grant(request, "grant.revoke", pk))


@page("account/permissions/<int:pk>/end/", name="my-permission-end", action="account.use")
def end_mine(request: HttpRequest, pk: int) -> HttpResponse:
    """End what I hold myself."""
    row = Grant.objects.filter(user=user_of(request)).select_related("user").filter(pk=pk).first()
    if row is None:
        raise Http404
    return _revoke(request, row, own=True)


@page("grants/<int:pk>/restore/", name="grant-restore", action="grant.revoke")
@require_POST
def restore_one(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo a revocation that I just made."""
    row = _grant(request, "grant.revoke", pk)
    done = _("%(name)s has it again.") % {"name": row.user.name}
    return _undo(request, restore, row, done, _("Nothing was changed: it is in force already."))


def _undo(
    request: HttpRequest, action: Callable[[Act, Grant], Grant], row: Grant, done: str, same: str
) -> HttpResponse:
    """Take back what was decided of a grant, and say so."""
    try:
        action(act_of(request), row)
    except ChangedMeanwhile:
        messages.info(request, same)
    except AccessError as exc:
        messages.error(request, str(exc))
    else:
        messages.success(request, done)
    return redirect(people_url(request, _scope(row)))


def _revoke(request: HttpRequest, row: Grant, own: bool = False) -> HttpResponse:
    act = act_of(request)
    back = reverse("my-permissions") if own else people_url(request, _scope(row))
    if row.revoked_at is not None:
        messages.info(request, _("It is revoked already."))
        return redirect(back)
    last = is_last_key_user(row, act.at)
    form = RevokeForm(request.POST if request.method == "POST" else None)
    if not last:
        del form.fields["knowingly"]
    if request.method == "POST" and form.is_valid():
        try:
            revoke(act, row, form.cleaned_data["reason"], knowingly=bool(form.cleaned_data.get("knowingly")))
        except LastKeyUser:
            form.add_error(
                "knowingly" if last else None,
                _("Nobody would be left to run it. Give somebody else the role first, or tick this."),
            )
        except ChangedMeanwhile:
            messages.info(request, _("It is revoked already."))
            return redirect(back)
        except AccessError as exc:
            form.add_error(None, str(exc))
        else:
            undo = "" if own else reverse("grant-restore", args=[row.pk])
            said = _("Revoked. It acts with the next request.")
            messages.success(request, said, extra_tags=undo)
            return redirect(back)
    gains = would_change(row, act.at, revoked=True) if state_of(row, act.at).holds else []
    context: dict[str, Any] = {
        "form": form,
        "line": words.shown([row], act.at)[0],
        "gains": words.gains_in_words(row.user.name, gains),
        "last": last,
        "own": own,
        "back": back,
        "minutes": int(UNDONE.total_seconds() // 60),
    }
    return render(request, "grants/revoke.html", context)


def _grant(request: HttpRequest, action: str, pk: int) -> Grant:
    rows = grants_seen(request.user, action, house_of(request).clock.now())
    row = rows.select_related("user").filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


def _as_shown(request: HttpRequest, mark: str) -> Grant:
    """The grant 'number until', as the list showed it. Absent, hidden and forged are the same: 404."""
    number, _space, until = mark.partition(" ")
    if not (number.isascii() and number.isdigit() and len(number) < 18):
        raise Http404
    row = _grant(request, "grant.renew", int(number))
    try:
        row.until = datetime.fromisoformat(until)
    except ValueError:
        raise Http404 from None
    return row


def _scope(row: Grant) -> Scope:
    return Scope(row.scope_kind, row.scope_id)
