"""The institutions: list, one with its people, senders and protocols, adding and changing.

Comes in: the request of an administrator, of the system or of an institution. Goes out: rows changed
through people/institutions.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count, Q
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from planbank.access.affiliating import admins_of, may_change
from planbank.access.listing import protocols_seen
from planbank.access.policy import may, visible
from planbank.access.scopes import Scope
from planbank.errors import ChangedMeanwhile
from planbank.journal.record import Actor
from planbank.people.institutions import change_institution, register_institution, register_region
from planbank.people.models import Affiliation, Institution, Sender, User
from planbank.people.zones import last_day, zone
from planbank.protocols.act import Act
from planbank.protocols.models import Participation
from planbank.web.acting import user_of
from planbank.web.lists.listing import drops
from planbank.web.lists.sheet import as_csv, wants_csv
from planbank.web.pages import Menu, house_of, page
from planbank.web.pages.institutions.forms import InstitutionFilters, InstitutionForm

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

SIZE = 50
_SHOWN = Menu("running", gettext_lazy("Institutions"), "table", 25)
MEANWHILE = gettext_lazy(
    "Somebody else changed this meanwhile. Nothing of yours is saved: "
    "open it in another window, compare, then save again."
)


@page("institutions/", name="institutions", action="user.view", menu=_SHOWN)
def institutions(request: HttpRequest) -> HttpResponse:
    """The institutions whose people I may see."""
    now, user = house_of(request).clock.now(), user_of(request)
    filters = InstitutionFilters(request.GET)

    def found(given: dict[str, Any]) -> QuerySet[Institution]:
        return _narrowed(seen(user, now), given)

    rows = _counted(found(filters.given()), now)
    if wants_csv(request):
        return as_csv(_("institutions"), _heads(), map(_line, rows.iterator(500)))
    listed = Paginator(rows, SIZE).get_page(request.GET.get("page"))
    context = {
        "filters": filters,
        "given": filters.given(),
        "found": listed,
        "may_create": may(user, "institution.manage", now),
    }
    if not listed.object_list and filters.given():
        context["drops"] = drops(request, filters, found)
    return render(request, "institutions/list.html", context)


@page("institutions/new/", name="institution-new", action="institution.manage")
def new(request: HttpRequest) -> HttpResponse:
    """Add an institution."""
    return _edit(request, None)


@page("institutions/<int:institution>/", name="institution", action="user.view", scope="institution")
def one(request: HttpRequest, institution: int) -> HttpResponse:
    """One institution: where it lies, its people, senders and protocols."""
    now, user, scope = house_of(request).clock.now(), user_of(request), Scope("institution", institution)
    row = get_object_or_404(Institution.objects.select_related("region"), pk=institution)
    people = list(
        Affiliation.objects.not_over(now)
        .filter(institution=row)
        .select_related("user", "granted_by")
        .order_by("-is_admin", "user__name")
    )
    changes = may_change(Act.of(user, now), row)
    context = {
        "institution": row,
        "now": now,
        "zone": zone(row.time_zone).key,
        "people": [(one, one.until and last_day(one.until, row), changes(one)) for one in people],
        "has_admin": admins_of(row, now).exists(),
        "senders": Sender.objects.filter(listed__institution=row).distinct(),
        "protocols": protocols_seen(user, now).filter(
            pk__in=Participation.objects.in_force(now).filter(institution=row).values("protocol")
        ),
        "may_edit": may(user, "institution.manage", now, scope),
        "may_give": may(user, "affiliation.give", now, scope),
        "may_senders": may(user, "senders.manage", now),
    }
    return render(request, "institutions/one.html", context)


@page(
    "institutions/<int:institution>/edit/",
    name="institution-edit",
    action="institution.manage",
    scope="institution",
)
def edit(request: HttpRequest, institution: int) -> HttpResponse:
    """Change an institution."""
    return _edit(request, get_object_or_404(Institution, pk=institution))


def seen(user: User, at: datetime) -> QuerySet[Institution]:
    """The institutions whose people somebody may see: all, or those they administer."""
    if may(user, "institution.manage", at):
        return Institution.objects.all()
    return visible(user, "user.view", Institution.objects.all(), at=at, institution="pk")


def _edit(request: HttpRequest, row: Institution | None) -> HttpResponse:
    form = InstitutionForm(request.POST if request.method == "POST" else None, row)
    if request.method == "POST" and form.is_valid():
        try:
            done = _save(request, row, form)
        except ChangedMeanwhile:
            form.add_error(None, str(MEANWHILE))
        except ValidationError as exc:
            form.add_error(None, exc)
        else:
            messages.success(request, _("Saved."))
            return redirect("institution", done.pk)
    shown = None if row is None else get_object_or_404(Institution, pk=row.pk)
    return render(request, "institutions/edit.html", {"form": form, "institution": shown})


@transaction.atomic
def _save(request: HttpRequest, row: Institution | None, form: InstitutionForm) -> Institution:
    now, actor = house_of(request).clock.now(), Actor("user", user_of(request).username)
    given, region = form.cleaned_data, None
    if given["new_region"]:
        region = register_region(given["new_region"], given["country"], actor, now)
    if row is None:
        return register_institution(form.facts(region), actor, now)
    return change_institution(row, given["seen"] or 0, form.facts(region), actor, now)


def _counted(rows: QuerySet[Institution], now: datetime) -> QuerySet[Institution]:
    current = Q(affiliations__since__lte=now, affiliations__user__is_active=True) & (
        Q(affiliations__until__isnull=True) | Q(affiliations__until__gt=now)
    )
    counted = rows.select_related("region").annotate(
        people=Count("affiliations__user", filter=current, distinct=True),
        admins=Count("affiliations__user", filter=current & Q(affiliations__is_admin=True), distinct=True),
    )
    return counted.order_by("code")


def _narrowed(rows: QuerySet[Institution], given: dict[str, Any]) -> QuerySet[Institution]:
    if "country" in given:
        rows = rows.filter(country=given["country"])
    if "state" in given:
        rows = rows.filter(is_active=given["state"] == "on")
    if text := given.get("q"):
        rows = rows.filter(
            Q(code__icontains=text) | Q(name__icontains=text) | Q(region__name__icontains=text)
        )
    return rows


def _heads() -> list[str]:
    return [
        *(_("Code"), _("Name"), _("Region"), _("Country"), _("Time zone"), _("Patient numbers")),
        *(_("People"), _("Administrators"), _("Active")),
    ]


def _line(row: Any) -> tuple[Any, ...]:
    region = row.region.name if row.region else ""
    where = (row.code, row.name, region, row.country, zone(row.time_zone).key)
    return (*where, row.get_identity_scheme_display(), row.people, row.admins, int(row.is_active))
