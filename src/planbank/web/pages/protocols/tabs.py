"""The parts of a protocol or project as tabs, on each of its pages.

Comes in: a request, the protocol or project, the page that is open. Goes out: tabs for parts/tabs.html,
only of pages that this person may open. A new part is one line in `PARTS`.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from planbank.access.policy import may
from planbank.access.scopes import Scope
from planbank.web.pages import house_of
from planbank.web.parts.addresses import PREFIX

Part = tuple[str, str, str | Promise]
"""The page's name, the action that opens it, its title."""

_PROTOCOL: list[Part] = [
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
_PROJECT: list[Part] = [
    ("project", "project.view", _("Overview")),
    ("project-dictionary", "data.statistics", _("Dictionary")),
    ("project-matrix", "data.list", _("Matrix")),
    ("project-statistics", "data.statistics", _("Statistics")),
    ("project-items", "project.edit", _("What it lists")),
    ("project-people", "grant.view", _("People")),
]
PARTS = {"protocol": _PROTOCOL, "project": _PROJECT}


def tabs_in(request: HttpRequest, where: Scope, current: str) -> list[dict[str, Any]]:
    """The tabs this person may open; none where there is only one. `current`: as a protocol calls it."""
    now, names = house_of(request).clock.now(), {current, PREFIX[where.kind] + current}
    found = [
        {"title": title, "url": reverse(name, args=[where.id]), "current": name in names}
        for name, action, title in PARTS[where.kind]
        if name in names or may(request.user, action, now, where)
    ]
    return found if len(found) > 1 else []


def tabs_of(request: HttpRequest, protocol: int, current: str) -> list[dict[str, Any]]:
    """The tabs of a protocol."""
    return tabs_in(request, Scope("protocol", protocol), current)
