"""My notices, and what I want to hear of.

Comes in: the person signed in. Goes out: what happened that concerns them, newest first, seen once it
was shown; a table of events by ways with how soon.
"""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from planbank.access.policy import institutions_of
from planbank.access.standing import standing_of
from planbank.catalogue.queries.paging import Order, read_page
from planbank.messages.kinds import KINDS
from planbank.messages.models import Notice
from planbank.messages.outbox import open_channels
from planbank.people.models import User
from planbank.services.notify.words import in_words
from planbank.web.pages import house_of, page
from planbank.web.pages.notices.forms import Choices
from planbank.web.reach import note

SIZE = 50
NEWEST = Order("made_at", descending=True)


@page("notices/", name="notices", action="account.use")
def notices(request: HttpRequest) -> HttpResponse:
    """What happened that concerns me; POST marks all as seen."""
    user, now = request.user, house_of(request).clock.now()
    assert isinstance(user, User)
    rows = Notice.objects.filter(user=user)
    if request.method == "POST":
        rows.filter(seen_at__isnull=True).update(seen_at=now)
        return redirect("notices")
    place = {name: request.GET.get(name, "") for name in ("after", "before")}
    found = read_page(rows.select_related("event__institution"), NEWEST, **place, size=SIZE)
    items = []
    for row in found.rows:
        says, path = in_words(row.event)
        state = "bad" if KINDS[row.event.kind].bad else "info" if row.seen_at is None else "idle"
        items.append(
            {
                "state": state,
                "title": row.event.get_kind_display(),
                "text": says,
                "age": row.event.at,
                "url": path,
                "verb": _("Open"),
                "new": row.seen_at is None,
            }
        )
    unseen = rows.filter(seen_at__isnull=True).exists()
    context = {"now": now, "items": items, "found": found, "unseen": unseen}
    return render(request, "notices/list.html", context)


@page("account/notices/", name="notice-choices", action="account.use")
def choices(request: HttpRequest) -> HttpResponse:
    """What I want to hear of, by which way, how soon."""
    user, house = request.user, house_of(request)
    assert isinstance(user, User)
    now = house.clock.now()
    ways = open_channels(house.settings)
    form = Choices(request.POST or None, user, kinds_for(user, now), ways)
    if request.method == "POST" and form.is_valid():
        form.save()
        note(request, "choose notices", object_kind="user", object_id=user.pk)
        messages.success(request, _("Saved."))
        return redirect("notice-choices")
    context = {"form": form, "ways": ways, "now": now, "person": user}
    return render(request, "notices/choices.html", context)


def kinds_for(user: User, now: object) -> list[str]:
    """The kinds of event that can concern this person now."""
    paths = [path for path in standing_of(user).paths if path.state(now) == "in force"]  # type: ignore[arg-type]
    roles = {path.role for path in paths}
    audiences = {"person"}
    if user.is_site_admin:
        audiences.add("admins")
    if institutions_of(user, now):  # type: ignore[arg-type]
        audiences.add("institution")
    if "key-user" in roles:
        audiences.add("key-users")
    if "controller" in roles:
        audiences.add("controllers")
    return [kind for kind, what in KINDS.items() if audiences & set(what.audiences)]
