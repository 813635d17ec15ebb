"""Roles: named bundles of actions, exactly the columns of security.md's table.

Comes in: `ACTIONS`. Goes out: `ROLES`. A role says which actions it gives and how far each reaches;
how much of a row is then shown is said by the levels of the grant. tests/access compares every cell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from planbank.protocols.levels import See


class Reach(Enum):
    """How far a role's action goes."""

    SITE = "site"  # every scope; for data: names of systems and counts, never patients
    SCOPE = "scope"  # everything in the institution, protocol or project of the grant
    OWN_DATA = "own data"  # one's own institution's data, in the protocol of the grant
    LEVEL = "level"  # rows of the scope, where the grant's level allows it
    OWN = "own"  # one's own entries or copy


@dataclass(frozen=True)
class Role:
    """One role; `scopes`: where it can be given (empty: it follows from an account or affiliation)."""

    name: str
    title: str | Promise
    scopes: tuple[str, ...]
    actions: Mapping[str, Reach]
    given_by: tuple[str, ...] = ()
    # Whether a grant of this role carries levels, and the least a person sees by the role itself.
    levels: bool = False
    least: See = See.NONE


def _all(reach: Reach, *actions: str) -> dict[str, Reach]:
    return dict.fromkeys(actions, reach)


ALL_ROLES = [
    Role(
        "system-admin",
        _("system administrator"),
        (),
        _all(
            Reach.SITE,
            *("institution.manage", "user.view", "user.create", "user.disable", "affiliation.give"),
            *("grant.view", "grant.give", "grant.renew", "grant.revoke", "access.explain"),
            *("protocol.view", "protocol.create", "protocol.close"),
            *("project.view", "project.create", "project.close", "reuse.view"),
            *("destination.approve", "erase.view", "erase.confirm", "journal.read"),
            *("quarantine.view", "quarantine.decide", "senders.manage", "services.view", "services.run"),
        ),
    ),
    # An affiliation: one's own institution's data (R48). Not a column of the table: it is what
    # the table calls 'own institution's'.
    Role(
        "staff",
        _("works for the institution"),
        (),
        _all(
            Reach.SCOPE,
            *("data.list", "data.view", "data.statistics", "data.identity", "arrivals.view", "patient.link"),
            "upload.send",
            *("export.csv", "export.dicom", "export.raw", "quarantine.view", "quarantine.decide-own"),
        ),
    ),
    Role(
        "institution-admin",
        _("administrator of the institution"),
        (),
        _all(
            Reach.SCOPE,
            *("user.view", "user.create", "user.disable", "affiliation.give"),
            *("grant.view", "grant.give", "grant.renew", "grant.revoke", "access.explain"),
            *("data.identity", "patient.link", "journal.read"),
        ),
    ),
    Role(
        "key-user",
        _("key user"),
        ("protocol", "project"),
        {
            **_all(
                Reach.SCOPE,
                *("grant.view", "grant.give", "grant.renew", "grant.revoke", "access.explain"),
                *("protocol.view", "protocol.close", "protocol.edit", "dictionary.edit", "trigger.edit"),
                *("participant.view", "participant.edit", "project.view", "project.edit", "project.close"),
                *("data.add", "data.remove", "data.list", "data.view", "data.statistics"),
                *(
                    "export.approve",
                    "reuse.view",
                    "reuse.ask",
                    "destination.ask",
                    "erase.view",
                    "erase.ask",
                    "journal.read",
                ),
                *("audit.create", "audit.distribute", "audit.collect"),
            ),
            **_all(Reach.LEVEL, "data.identity"),
        },
        given_by=("system-admin", "key-user"),
        levels=True,
        least=See.PSEUDONYMISED,
    ),
    Role(
        "normal-user",
        _("normal user"),
        ("protocol",),
        {
            **_all(
                Reach.OWN_DATA,
                *("data.add", "data.list", "data.view", "data.identity"),
                *("participant.view", "participant.edit"),
            ),
            **_all(Reach.SCOPE, "protocol.view"),
            **_all(Reach.OWN, "journal.read"),
        },
        given_by=("system-admin", "institution-admin", "key-user"),
    ),
    Role(
        "reader",
        _("reader"),
        ("protocol", "project"),
        {
            **_all(
                Reach.LEVEL,
                *("data.list", "data.view", "data.statistics", "data.identity", "participant.view"),
                *("export.csv", "export.dicom", "export.raw"),
            ),
            **_all(Reach.SCOPE, "protocol.view", "project.view"),
            **_all(Reach.OWN, "journal.read"),
        },
        given_by=("system-admin", "key-user"),
        levels=True,
    ),
    Role(
        "exporter",
        _("exporter"),
        ("protocol", "project"),
        {
            **_all(Reach.LEVEL, "export.csv", "export.dicom", "export.raw"),
            **_all(Reach.SCOPE, "protocol.view", "project.view"),
            **_all(Reach.OWN, "journal.read"),
        },
        given_by=("system-admin", "key-user"),
        levels=True,
    ),
    Role(
        "controller",
        _("data controller"),
        ("protocol",),
        _all(
            Reach.SCOPE,
            *("protocol.view", "protocol.close", "patient.look-up", "export.approve"),
            *("reuse.view", "reuse.approve", "reuse.revoke"),
            *("erase.view", "erase.decide", "journal.read"),
            *("grant.view", "access.explain"),
        ),
        given_by=("system-admin",),
    ),
    Role(
        "auditor",
        _("auditor (DPO)"),
        ("site",),
        _all(
            Reach.SITE,
            *("journal.read", "erase.view", "erase.ask", "protocol.view", "project.view", "reuse.view"),
        ),
        given_by=("system-admin",),
    ),
    Role(
        "external",
        _("external participant"),
        ("audit study",),
        _all(Reach.OWN, "audit.view-own", "audit.return", "journal.read"),
        given_by=("system-admin", "key-user"),
    ),
]
ROLES: dict[str, Role] = {role.name: role for role in ALL_ROLES}
# What every signed-in person may do, whatever they hold.
EVERYBODY = frozenset({"account.use", "overview.view", "journal.read"})
# Single actions that can be given without a role, in a protocol: additions to a bundle.
SINGLE = frozenset({"participant.edit", "dictionary.edit", "audit.collect", "export.approve", "journal.read"})
