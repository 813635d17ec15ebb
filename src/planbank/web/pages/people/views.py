"""The people with an account: list, and inviting one.

Comes in: the request of an administrator, of the system or of an institution. Goes out: an account
without a password, and a one-time link for the one who made it to hand over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from planbank.access import accounts
from planbank.access.affiliating import affiliate
from planbank.access.policy import may, visible
from planbank.errors import AccessError
from planbank.people.models import Affiliation, Institution, User
from planbank.people.zones import end_of
from planbank.web.acting import act_of
from planbank.web.lists.listing import drops
from planbank.web.lists.sheet import as_csv, wants_csv
from planbank.web.pages import Menu, house_of, page
from planbank.web.pages.institutions.views import seen
from planbank.web.pages.people.forms import InviteForm, PeopleFilters
from planbank.web.pages.person.link import keep

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

    from planbank.protocols.act import Act

SIZE = 50
_SHOWN = Menu("running", gettext_lazy("People"), "people", 26)


@page("people/", name="people", action="user.view", menu=_SHOWN)
def people(request: HttpRequest) -> HttpResponse:
    """The people whose account I may see."""
    now, user = house_of(request).clock.now(), act_of(request).user
    assert user is not None
    institutions = seen(user, now)
    filters = PeopleFilters(request.GET, institutions)

    def found(given: dict[str, Any]) -> QuerySet[User]:
        return _narrowed(accounts.users_seen(user, now), given, now)

    rows = found(filters.given()).order_by("name", "username")
    shown = set(institutions.values_list("pk", flat=True))
    if wants_csv(request):
        return as_csv(_("people"), _heads(), _lines(rows, shown, now))
    listed = Paginator(rows, SIZE).get_page(request.GET.get("page"))
    works = _works(list(listed.object_list), shown, now)
    context = {
        "filters": filters,
        "given": filters.given(),
        "found": listed,
        "rows": [(row, works.get(row.pk, [])) for row in listed],
        "may_invite": may(user, "user.create", now),
    }
    if not listed.object_list and filters.given():
        context["drops"] = drops(request, filters, found)
    return render(request, "people/list.html", context)


@page("people/new/", name="person-new", action="user.create")
def invite(request: HttpRequest) -> HttpResponse:
    """Invite somebody: an account, and a link with which they set their password."""
    act = act_of(request)
    assert act.user is not None
    may_site = act.user.is_site_admin
    offered = _offered(act.user, act.at)
    first = request.GET.get("institution", "")
    form = InviteForm(request.POST or None, offered, may_site=may_site, first=first)
    if request.method == "POST" and form.is_valid():
        try:
            user = _invite(act, form)
        except ValidationError as exc:
            form.add_error(None, exc)
        except AccessError as exc:
            form.add_error(None, str(exc))
        else:
            keep(request, user, act.at)
            messages.success(request, _("%(name)s has an account now.") % {"name": user.name})
            return redirect("person", user.pk)
    return render(request, "people/invite.html", {"form": form})


@transaction.atomic
def _invite(act: Act, form: InviteForm) -> User:
    given = form.cleaned_data
    user = accounts.create(act, accounts.Person(**form.columns()))
    if institution := given["institution"]:
        until = end_of(given["last_day"], institution) if given["last_day"] else None
        is_admin = given.get("is_admin", True)  # a system administrator names administrators only
        affiliate(act, user, institution, is_admin=is_admin, until=until, reason=given["reason"])
    return accounts.prepare_link(act, user)


def _offered(user: User, now: datetime) -> QuerySet[Institution]:
    """The institutions somebody may say that a new person works for."""
    own = visible(user, "affiliation.give", Institution.objects.all(), at=now, institution="pk")
    if not user.is_site_admin:
        return own.filter(is_active=True)
    admins = Affiliation.objects.in_force(now).filter(
        institution=OuterRef("pk"), is_admin=True, user__is_active=True
    )
    return Institution.objects.filter(~Exists(admins), is_active=True)


def _narrowed(rows: QuerySet[User], given: dict[str, Any], now: datetime) -> QuerySet[User]:
    if "institution" in given:
        there = Affiliation.objects.not_over(now).filter(institution__code=given["institution"])
        rows = rows.filter(pk__in=there.values("user"))
    state = given.get("state")
    if state in ("on", "off"):
        rows = rows.filter(is_active=state == "on")
    elif state == "never":
        rows = rows.filter(last_login__isnull=True)
    elif state == "admin":
        rows = rows.filter(is_site_admin=True)
    if text := given.get("q"):
        rows = rows.filter(Q(name__icontains=text) | Q(username__icontains=text) | Q(email__icontains=text))
    return rows


def _works(people: list[User], shown: set[int], now: datetime) -> dict[int, list[Affiliation]]:
    """Where they work now, as far as one may see it. One query."""
    found: dict[int, list[Affiliation]] = {}
    rows = Affiliation.objects.not_over(now).filter(user__in=people, institution__in=shown)
    for row in rows.select_related("institution").order_by("institution__code"):
        found.setdefault(row.user_id, []).append(row)
    return found


def _heads() -> list[str]:
    return [_("Name"), _("User name"), _("E-mail"), _("Institutions"), _("Last sign-in"), _("Active")]


def _lines(rows: QuerySet[User], shown: set[int], now: datetime) -> Any:
    listed = list(rows)
    works = _works(listed, shown, now)
    for row in listed:
        codes = " ".join(one.institution.code for one in works.get(row.pk, []))
        yield row.name, row.username, row.email, codes, row.last_login, int(row.is_active)
