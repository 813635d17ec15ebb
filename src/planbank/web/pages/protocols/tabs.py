"""The parts of a protocol as tabs, on each of its pages.

Comes in: a request, a protocol's number, the page that is open. Goes out: tabs for parts/tabs.html, only
of pages that this person may open. A new part of a protocol is one line in `PARTS`.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from planbank.access.policy import may
from planbank.access.scopes import Scope
from planbank.web.pages import house_of

# The page's name, the action that opens it, its title.
PARTS: list[tuple[str, str, str | Promise]] = [
    ("protocol", "protocol.view", _("Progress")),
    ("protocol-patients", "protocol.view", _("Patients")),
    ("protocol-plans", "protocol.view", _("Plans")),
    ("participants", "participant.view", _("Participants")),
    ("dictionary", "data.statistics", _("Dictionary")),
    ("matrix", "data.list", _("Matrix")),
    ("analysis", "data.list", _("Plans for analysis")),
    ("statistics", "data.statistics", _("Statistics")),
    ("constraints", "data.statistics", _("Constraints")),
    ("triggers", "trigger.edit", _("Triggers")),
    ("protocol-destinations", "destination.ask", _("Destinations")),
    ("centres", "protocol.edit", _("Centres")),
    ("protocol-people", "grant.view", _("People")),
    ("agreements", "protocol.edit", _("Agreements")),
    ("protocol-reuse", "reuse.view", _("Reuse")),
    ("protocol-exports", "protocol.view", _("Exports")),
    ("protocol-audits", "audit.collect", _("Audits")),
    ("withdrawals", "erase.view", _("Withdrawals")),
    ("protocol-looked", "access.explain", _("Who looked")),
]


def tabs_of(request: HttpRequest, protocol: int, current: str) -> list[dict[str, Any]]:
    """The tabs this person may open; none where there is only one."""
    now, scope = house_of(request).clock.now(), Scope("protocol", protocol)
    found = []
    for name, action, title in PARTS:
        if name != current and not may(request.user, action, now, scope):
            continue
        try:
            url = reverse(name, args=[protocol])
        except NoReverseMatch:
            continue
        found.append({"title": title, "url": url, "current": name == current})
    return found if len(found) > 1 else []
