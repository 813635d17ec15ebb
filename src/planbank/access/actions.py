"""Everything that can be allowed, as a flat list.

Comes in: nothing. Goes out: `ACTIONS`. A new permission is a line here; tests/access fails until
a rule in `policy` names it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Scope = Literal["site", "institution", "self"]


@dataclass(frozen=True)
class Action:
    """One thing a person can be allowed to do, and what it is allowed on."""

    name: str
    scope: Scope
    title: str


ACTIONS: dict[str, Action] = {
    action.name: action
    for action in [
        Action("account.use", "self", "Use one's own account"),
        Action("overview.view", "self", "See one's own overview"),
        Action("data.view", "institution", "See an institution's patients, objects and arrivals"),
        Action("quarantine.view", "institution", "See what was set aside and why"),
        Action("quarantine.decide", "site", "Release or delete what unknown senders sent"),
        Action("quarantine.decide-own", "institution", "Release or delete what one's own institution sent"),
        Action("senders.manage", "site", "Register senders and test their echo"),
        Action("services.view", "site", "See services, queue and outcomes"),
        Action("services.run", "site", "Run a service again"),
    ]
}
