"""The table of security.md, Permissions, as data: what each column may do, in its own words.

The columns stand in its order; `ROWS` holds its rows, with the actions that each row is made of.
"""

from __future__ import annotations

COLUMNS = (
    "system-admin",
    "institution-admin",
    "key-user",
    "normal-user",
    "reader",
    "exporter",
    "controller",
    "auditor",
    "external",
)
# How the words of a cell read in access/roles.py; '-' is no action at all.
WORDS = {
    "site": "site",
    "site (not self)": "site",
    "technical only": "site",
    "site, read-only": "site",
    "second person": "site",
    "approves all": "site",
    "asks the site": "site",
    "institution": "scope",
    "own users": "scope",
    "protocol": "scope",
    "own protocols": "scope",
    "own protocols, first person": "scope",
    "approves": "scope",
    "asks": "scope",
    "look-up by CPR": "scope",
    "own institution's": "own data",
    "own institution's in protocol": "own data",
    "of the institution": "scope",
    "by level": "level",
    "only with level": "level",
    "level identified": "level",
    "by take-out level": "level",
    "protocol, approved": "level",
    "own": "own",
    "own copy": "own",
    "return own": "own",
    "-": None,
}
ROWS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "user create/disable": (
        ("user.create", "user.disable", "affiliation.give"),
        ("site", "institution", "-", "-", "-", "-", "-", "-", "-"),
    ),
    "grant give/renew": (
        ("grant.give", "grant.renew", "grant.revoke"),
        ("site (not self)", "institution", "protocol", "-", "-", "-", "-", "-", "-"),
    ),
    "protocol create": (
        ("protocol.create",),
        ("site", "-", "-", "-", "-", "-", "-", "-", "-"),
    ),
    "protocol close": (
        ("protocol.close",),
        ("site", "-", "protocol", "-", "-", "-", "own protocols", "-", "-"),
    ),
    "protocol settings, dictionary, triggers": (
        ("protocol.edit", "dictionary.edit", "trigger.edit"),
        ("-", "-", "protocol", "-", "-", "-", "-", "-", "-"),
    ),
    "data add": (
        ("data.add",),
        ("-", "-", "protocol", "own institution's in protocol", "-", "-", "-", "-", "-"),
    ),
    "data remove": (
        ("data.remove",),
        ("-", "-", "protocol", "-", "-", "-", "-", "-", "-"),
    ),
    "data list, view images/plan, DVH": (
        ("data.list", "data.view"),
        ("-", "-", "protocol", "own institution's", "by level", "-", "-", "-", "-"),
    ),
    "own copy of an audit study": (
        ("audit.view-own",),
        ("-", "-", "-", "-", "-", "-", "-", "-", "own copy"),
    ),
    "data identity (name, CPR)": (
        ("data.identity",),
        (
            *("-", "of the institution", "only with level", "own institution's", "level identified"),
            *("-", "-", "-", "-"),
        ),
    ),
    "data identity: look-up by CPR, journalled": (
        ("patient.look-up",),
        ("-", "-", "-", "-", "-", "-", "look-up by CPR", "-", "-"),
    ),
    "export CSV / DICOM": (
        ("export.csv", "export.dicom", "export.raw"),
        ("-", "-", "-", "-", "by take-out level", "protocol, approved", "-", "-", "-"),
    ),
    "export approved": (
        ("export.approve",),
        ("-", "-", "approves", "-", "-", "-", "approves", "-", "-"),
    ),
    "reuse approve / revoke": (
        ("reuse.approve", "reuse.revoke"),
        ("-", "-", "-", "-", "-", "-", "own protocols", "-", "-"),
    ),
    "reuse record and disclosures": (
        ("reuse.view",),
        ("site", "-", "protocol", "-", "-", "-", "own protocols", "site, read-only", "-"),
    ),
    "reuse asked": (("reuse.ask",), ("-", "-", "asks", "-", "-", "-", "-", "-", "-")),
    "forward destinations": (
        ("destination.approve",),
        ("approves all", "-", "-", "-", "-", "-", "-", "-", "-"),
    ),
    "forward destinations asked": (
        ("destination.ask",),
        ("-", "-", "asks", "-", "-", "-", "-", "-", "-"),
    ),
    "audit study create / distribute / collect": (
        ("audit.create", "audit.distribute", "audit.collect"),
        ("-", "-", "protocol", "-", "-", "-", "-", "-", "-"),
    ),
    "audit study returned": (
        ("audit.return",),
        ("-", "-", "-", "-", "-", "-", "-", "-", "return own"),
    ),
    "erase: second person": (
        ("erase.confirm",),
        ("second person", "-", "-", "-", "-", "-", "-", "-", "-"),
    ),
    "erase: seen by who has a part in it": (
        ("erase.view",),
        ("site", "-", "protocol", "-", "-", "-", "own protocols", "site, read-only", "-"),
    ),
    "erase: asked": (
        ("erase.ask",),
        ("-", "-", "asks", "-", "-", "-", "-", "asks the site", "-"),
    ),
    "erase: first person": (
        ("erase.decide",),
        ("-", "-", "-", "-", "-", "-", "own protocols, first person", "-", "-"),
    ),
    "journal read": (
        ("journal.read",),
        (
            *("technical only", "own users", "protocol", "own", "own", "own", "own protocols"),
            *("site, read-only", "own"),
        ),
    ),
}
# What the table leaves out, because it is nobody's data: who may do it here.
BESIDES = {
    "account.use": {"everybody"},
    "overview.view": {"everybody"},
    "institution.manage": {"system-admin"},
    "user.view": {"system-admin", "institution-admin"},
    "grant.view": {"system-admin", "institution-admin", "key-user", "controller"},
    "access.explain": {"system-admin", "institution-admin", "key-user", "controller"},
    "protocol.view": {
        *("system-admin", "key-user", "normal-user", "reader", "exporter", "controller", "auditor"),
    },
    "participant.view": {"key-user", "normal-user", "reader"},
    "participant.edit": {"key-user", "normal-user"},
    "project.create": {"system-admin"},
    "project.view": {"system-admin", "key-user", "reader", "exporter", "auditor"},
    "project.edit": {"key-user"},
    "project.close": {"system-admin", "key-user"},
    "data.statistics": {"staff", "key-user", "reader"},
    "arrivals.view": {"staff"},
    "upload.send": {"staff"},
    "patient.link": {"staff", "institution-admin"},
    "quarantine.view": {"system-admin", "staff"},
    "quarantine.decide": {"system-admin"},
    "quarantine.decide-own": {"staff"},
    "senders.manage": {"system-admin"},
    "services.view": {"system-admin"},
    "services.run": {"system-admin"},
}
