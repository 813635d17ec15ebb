"""Permissions that end within 30 days: my own, and those of others that I may renew (R32, R49, R213).

Comes in: who asks and when. Goes out: lines for the overview's list of what needs somebody.
"""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from planbank.access.models import Grant
from planbank.access.policy import may
from planbank.access.queries.given import grants_seen
from planbank.access.queries.reminders import Orphan, orphans
from planbank.access.queries.states import SOON, state_of
from planbank.people.models import User

Line = tuple[str, str, str, str, str]  # state, title, text, address, verb


def lines(user: object, now: datetime) -> list[Line]:
    """At most one line each for what is mine, what I may renew, and what nobody runs."""
    if not isinstance(user, User):
        return []
    return [*_mine(user, now), *_of_others(user, now), *_orphans(user, now)]


def _mine(user: User, now: datetime) -> list[Line]:
    rows = Grant.objects.in_force(now).filter(user=user, until__lte=now + SOON).order_by("until")
    first = rows.first()
    if first is None:
        return []
    days = state_of(first, now).days
    title = (
        _("A permission of yours ends within a day")
        if days == 0
        else ngettext(
            "A permission of yours ends in %(n)s day", "A permission of yours ends in %(n)s days", days
        )
        % {"n": days}
    )
    text = _("Ask a key user or an administrator to renew it; nobody renews their own.")
    return [("warn", title, text, reverse("my-permissions"), _("See them"))]


def _of_others(user: User, now: datetime) -> list[Line]:
    if not may(user, "grant.renew", now):
        return []
    rows = grants_seen(user, "grant.renew", now).in_force(now).filter(until__lte=now + SOON)
    rows = rows.filter(let_end_at__isnull=True)
    n = rows.exclude(user=user).count()
    if not n:
        return []
    title = ngettext(
        "%(n)s permission of others ends within 30 days", "%(n)s permissions of others end within 30 days", n
    )
    text = _("Unless renewed they stop on the day. Nothing is deleted.")
    return [("warn", title % {"n": n}, text, reverse("grants") + "#lapsing", _("Renew them"))]


def _orphans(user: User, now: datetime) -> list[Line]:
    if not user.is_site_admin:
        return []
    found: list[Orphan] = orphans(now)
    if not found:
        return []
    first, n = found[0], len(found)
    said = {"name": first.protocol.short_name, "n": n - 1}
    gone = _("%(name)s has no key user")
    title = (gone if first.days == 0 else _("The last key user of %(name)s lapses soon")) % said
    text = _("Nobody could change its settings, renew permissions or register participants.")
    if n > 1:
        text += " " + ngettext("%(n)s more like it.", "%(n)s more like it.", n - 1) % said
    return [("bad" if first.days == 0 else "warn", title, text, reverse("grants"), _("Name one"))]
