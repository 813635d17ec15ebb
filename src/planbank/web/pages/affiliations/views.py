"""Who works for an institution: somebody added, their work renewed, changed or ended.

Comes in: the request of the institution's administrator. Goes out: rows changed through
access/affiliating.py; what is refused stands at the form in words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from planbank.access import affiliating
from planbank.errors import AccessError, ChangedMeanwhile
from planbank.people.models import Affiliation, Institution
from planbank.people.zones import end_of, last_day
from planbank.protocols.act import Act
from planbank.web.acting import act_of
from planbank.web.pages import page
from planbank.web.pages.affiliations.forms import AddForm, EndForm, LastDayForm
from planbank.web.pages.institutions.views import MEANWHILE

if TYPE_CHECKING:
    from datetime import date

    from django.http import HttpRequest, HttpResponse

AT = "institutions/<int:institution>/people/"


@page(f"{AT}add/", name="affiliation-new", action="affiliation.give", scope="institution")
def add(request: HttpRequest, institution: int) -> HttpResponse:
    """Let somebody who has an account work for an institution."""
    row, act = get_object_or_404(Institution, pk=institution), act_of(request)
    form = AddForm(request.POST or None, last=_usual(act, row))
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            until = end_of(given["last_day"], row)
            what = {"is_admin": given["is_admin"], "until": until, "reason": given["reason"]}
            affiliating.affiliate(act, given["who"], row, **what)
        except AccessError as exc:
            form.add_error(None, str(exc))
        else:
            said = {"name": given["who"].name, "code": row.code}
            messages.success(request, _("%(name)s works for %(code)s now.") % said)
            return redirect("institution", row.pk)
    return render(request, "affiliations/add.html", {"form": form, "institution": row})


@page(f"{AT}<int:pk>/", name="affiliation", action="affiliation.give", scope="institution")
def change(request: HttpRequest, institution: int, pk: int) -> HttpResponse:
    """Renew or change somebody's work for an institution."""
    row, act = _row(institution, pk), act_of(request)
    before = {"seen": row.revision, "is_admin": row.is_admin, "reason": row.reason}
    form = LastDayForm(request.POST or None, last=_usual(act, row.institution), initial=before)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        what = {"is_admin": given["is_admin"], "reason": given["reason"]}
        try:
            until = end_of(given["last_day"], row.institution)
            affiliating.change_affiliation(act, row, given["seen"] or 0, until=until, **what)
        except AccessError as exc:
            form.add_error(None, str(exc))
        except ChangedMeanwhile:
            form.add_error(None, str(MEANWHILE))
        else:
            said = {"name": row.user.name, "day": given["last_day"].isoformat()}
            messages.success(request, _("%(name)s works here until %(day)s.") % said)
            return redirect("institution", institution)
    last = last_day(row.until, row.institution) if row.until else None
    over = row.until is not None and row.until <= act.at
    context = {"form": form, "row": row, "institution": row.institution, "last": last, "over": over}
    return render(request, "affiliations/change.html", context)


@page(f"{AT}<int:pk>/end/", name="affiliation-end", action="affiliation.give", scope="institution")
def end(request: HttpRequest, institution: int, pk: int) -> HttpResponse:
    """Ask, then end somebody's work for an institution."""
    row = _row(institution, pk)
    form = EndForm(request.POST or None, initial={"seen": row.revision})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            affiliating.end_affiliation(act_of(request), row, given["seen"], given["reason"])
        except AccessError as exc:
            form.add_error(None, str(exc))
        except ChangedMeanwhile:
            form.add_error(None, str(MEANWHILE))
        else:
            said = {"name": row.user.name, "code": row.institution.code}
            messages.success(request, _("%(name)s works for %(code)s no more.") % said)
            return redirect("institution", institution)
    return render(
        request, "affiliations/end.html", {"form": form, "row": row, "institution": row.institution}
    )


def _usual(act: Act, institution: Institution) -> date:
    return last_day(affiliating.usual_end(act.at, institution), institution)


def _row(institution: int, pk: int) -> Affiliation:
    rows = Affiliation.objects.select_related("user", "institution", "granted_by")
    return get_object_or_404(rows, pk=pk, institution=institution)
