"""The pages of the site, by the name of their address.

Comes in: nothing. Goes out: `DOORS`. A new page is one line: name, action (the one its `@page`
gives), methods, what of patients it shows; `scope=` as in `@page`, `of=` what `<int:pk>` is.
"""

from __future__ import annotations

from planbank.access.surface.door import BOTH, GET, POST, PUBLIC, Door, Shows, Who, by_name

NOTHING, COUNTS, VEILED, NAMED = Shows.NOTHING, Shows.COUNTS, Shows.VEILED, Shows.NAMED


def door(
    name: str,
    action: str,
    methods: frozenset[str] = GET,
    shows: Shows = NOTHING,
    *,
    scope: str = "",
    of: str = "",
) -> Door:
    """One page; public ones need no sign-in."""
    who = Who.ANYBODY if action == PUBLIC else Who.SIGNED_IN
    return Door(name, action, who, shows, methods, scope, of)


_DATA = [
    door("overview", "overview.view", GET, VEILED),
    door("search", "data.view", GET, VEILED),
    door("patients", "data.view", GET, VEILED),
    door("patient", "data.view", GET, VEILED, of="patient file"),
    door("plans", "data.view", GET, VEILED),
    door("plan", "data.view", GET, VEILED, of="plan set"),
    door("plan_dvh", "data.view", GET, VEILED, of="plan set"),
    door("plan-slice", "data.view", GET, VEILED, of="plan set"),
    door("plan-triggers", "data.view", GET, VEILED, of="plan set"),
    door("series", "data.identity", GET, NAMED, of="series"),
    door("instance", "data.identity", GET, NAMED, of="instance"),
    door("arrivals", "data.view", GET, VEILED),
    door("unassigned", "data.view", GET, VEILED),
    door("unassigned-one", "data.view", GET, VEILED, of="patient file"),
    door("unassigned-keep", "quarantine.decide-own", BOTH, VEILED, of="patient file"),
    door("unassigned-keep-undo", "quarantine.decide-own", POST, of="patient file"),
    door("unassigned-delete", "quarantine.decide-own", BOTH, VEILED, of="patient file"),
    door("unassigned-delete-undo", "quarantine.decide-own", POST, of="patient file"),
    door("association", "data.view", GET, VEILED, of="association"),
]
_PROTOCOLS = [
    door("protocols", "protocol.view", GET, COUNTS),
    door("protocol-new", "protocol.create", BOTH),
    door("protocol", "protocol.view", GET, COUNTS, scope="protocol"),
    door("protocol-edit", "protocol.edit", BOTH, scope="protocol"),
    door("protocol-activate", "protocol.edit", BOTH, scope="protocol"),
    door("protocol-close", "protocol.close", BOTH, scope="protocol"),
    door("protocol-open", "protocol.close", BOTH, scope="protocol"),
    door("withdrawals", "erase.view", GET, VEILED, scope="protocol"),
    door("withdrawal", "erase.view", BOTH, VEILED, scope="protocol", of="enrolment"),
    door("withdrawal-undo", "erase.ask", POST, scope="protocol", of="enrolment"),
    door("erasure-ask", "erase.ask", BOTH, VEILED, scope="protocol", of="enrolment"),
    door("triggers", "trigger.edit", GET, COUNTS, scope="protocol"),
    door("trigger-new", "trigger.edit", BOTH, scope="protocol"),
    door("trigger", "trigger.edit", BOTH, scope="protocol", of="trigger"),
    door("triggers-again", "trigger.edit", BOTH, COUNTS, scope="protocol"),
    door("dictionary", "data.statistics", BOTH, VEILED, scope="protocol"),
    door("dictionary-end", "dictionary.edit", BOTH, VEILED, scope="protocol"),
    door("dictionary-undo", "dictionary.edit", BOTH, scope="protocol", of="edition"),
    door("dictionary-history", "data.statistics", GET, COUNTS, scope="protocol"),
    door("dictionary-types", "dictionary.edit", BOTH, COUNTS, scope="protocol"),
    door("dictionary-retire", "dictionary.edit", BOTH, scope="protocol"),
    door("dictionary-import", "dictionary.edit", BOTH, VEILED, scope="protocol"),
    door("dictionary-copy", "dictionary.edit", BOTH, VEILED, scope="protocol"),
    door("matrix", "data.list", GET, VEILED, scope="protocol"),
    door("matrix-choose", "dictionary.edit", BOTH, scope="protocol"),
]
_GRANTS = [
    door("grants", "grant.view"),
    door("grant", "grant.view", of="grant"),
    door("grant-give", "grant.give", BOTH, COUNTS),
    door("grant-confirm", "grant.give", BOTH, COUNTS, of="grant"),
    door("grants-renew", "grant.renew", POST),
    door("grant-revoke", "grant.revoke", BOTH, COUNTS, of="grant"),
    door("grant-restore", "grant.revoke", POST, of="grant"),
    door("protocol-people", "grant.view", GET, COUNTS, scope="protocol"),
    door("protocol-people-give", "grant.give", BOTH, COUNTS, scope="protocol"),
    door("protocol-person", "access.explain", GET, COUNTS, scope="protocol", of="person"),
    door("protocol-who", "access.explain", BOTH, VEILED, scope="protocol"),
    door("project-people", "grant.view", GET, COUNTS, scope="project"),
    door("project-people-give", "grant.give", BOTH, COUNTS, scope="project"),
    door("project-person", "access.explain", GET, COUNTS, scope="project", of="person"),
    door("patient-who", "access.explain", GET, VEILED, of="patient file"),
    door("my-permissions", "account.use"),
    door("my-permission-end", "account.use", BOTH, COUNTS, of="grant"),
]
_PARTICIPANTS = [
    door("participants", "participant.view", GET, VEILED, scope="protocol"),
    door("participant-new", "participant.edit", BOTH, scope="protocol"),
    door("participants-upload", "participant.edit", BOTH, VEILED, scope="protocol"),
    door("participant-back", "participant.edit", POST, scope="protocol"),
    door("participant", "participant.view", GET, VEILED, scope="protocol", of="participant"),
    door("participant-edit", "participant.edit", BOTH, VEILED, scope="protocol", of="participant"),
    door("participant-enrol", "participant.edit", POST, VEILED, scope="protocol", of="participant"),
    door("participant-remove", "participant.edit", BOTH, VEILED, scope="protocol", of="participant"),
    door("attributes", "protocol.edit", GET, scope="protocol"),
    door("attribute-new", "protocol.edit", BOTH, scope="protocol"),
    door("attribute", "protocol.edit", BOTH, scope="protocol", of="attribute"),
    door("attribute-remove", "protocol.edit", POST, scope="protocol", of="attribute"),
    door("centres", "protocol.edit", GET, COUNTS, scope="protocol"),
    door("centre-new", "protocol.edit", BOTH, scope="protocol"),
    door("centre", "protocol.edit", BOTH, scope="protocol", of="participation"),
    door("centre-end", "protocol.edit", BOTH, scope="protocol", of="participation"),
    door("centre-back", "protocol.edit", POST, scope="protocol", of="participation"),
]
_PROJECTS = [
    door("projects", "project.view"),
    door("project-new", "project.create", BOTH),
    door("project", "project.view", GET, COUNTS, scope="project"),
    door("project-edit", "project.edit", BOTH, scope="project"),
    door("project-activate", "project.edit", BOTH, scope="project"),
    door("project-close", "project.close", BOTH, scope="project"),
    door("project-items", "project.edit", BOTH, VEILED, scope="project"),
    door("project-item-off", "project.edit", POST, scope="project", of="enrolment"),
    door("reuse", "reuse.view", GET, COUNTS),
    door("protocol-reuse", "reuse.view", GET, COUNTS, scope="protocol"),
    door("reuse-ask", "reuse.ask", BOTH, scope="project"),
    door("reuse-one", "reuse.view", BOTH, COUNTS, of="reuse request"),
    door("reuse-take-back", "reuse.ask", POST, of="reuse request"),
    door("reuse-revoke", "reuse.revoke", BOTH, COUNTS, of="reuse request"),
]
_PEOPLE = [
    door("institutions", "user.view"),
    door("institution-new", "institution.manage", BOTH),
    door("institution", "user.view", scope="institution"),
    door("institution-edit", "institution.manage", BOTH, scope="institution"),
    door("affiliation-new", "affiliation.give", BOTH, scope="institution"),
    door("affiliation", "affiliation.give", BOTH, scope="institution", of="affiliation"),
    door("affiliation-end", "affiliation.give", BOTH, scope="institution", of="affiliation"),
    door("people", "user.view"),
    door("person-new", "user.create", BOTH),
    door("person", "user.view", of="user"),
    door("person-edit", "user.create", BOTH, of="user"),
    door("person-link", "user.create", POST, of="user"),
    door("person-off", "user.disable", BOTH, of="user"),
    door("person-on", "user.disable", POST, of="user"),
]
_RUNNING = [
    door("journal", "journal.read"),
    door("erasures", "erase.view", GET, COUNTS),
    door("erasure", "erase.view", GET, COUNTS, of="erasure"),
    door("erasure-decide", "erase.decide", BOTH, of="erasure"),
    door("erasure-refuse", "erase.view", BOTH, of="erasure"),
    door("erasure-lift", "erase.view", BOTH, of="erasure"),
    door("erasure-confirm", "erase.confirm", BOTH, COUNTS, of="erasure"),
    door("quarantine", "quarantine.view", GET, COUNTS),
    door("quarantine-release", "quarantine.view", BOTH, COUNTS, of="quarantine group"),
    door("quarantine-delete", "quarantine.view", BOTH, COUNTS, of="quarantine group"),
    door("quarantine-carry-out", "quarantine.decide", POST),
    door("senders", "senders.manage", GET, COUNTS),
    door("sender-new", "senders.manage", BOTH),
    door("refusals", "senders.manage"),
    door("setup-sheet", "senders.manage"),
    door("sender", "senders.manage", BOTH, of="sender"),
    door("sender-bind", "senders.manage", POST, of="sender"),
    door("sender-unbind", "senders.manage", POST, of="sender"),
    door("sender-echo", "senders.manage", POST, of="sender"),
    door("sender-setup", "senders.manage", of="sender"),
    door("sender-switch", "senders.manage", POST, of="sender"),
    door("services", "services.view", GET, COUNTS),
    door("services-numbers", "services.view", GET, COUNTS),
    door("services-run-failed", "services.run", POST, of="service"),
    door("services-run-all", "services.run", BOTH, of="service"),
    door("services-run-one", "services.run", POST, of="outcome"),
]
_OWN = [
    door("account", "account.use", BOTH),
    door("sessions", "account.use", BOTH),
    door("account_logout", "account.use", BOTH),
    door("account_change_password", "account.use", BOTH),
    door("account_reauthenticate", "account.use", BOTH),
    door("mfa_index", "account.use"),
    door("mfa_reauthenticate", "account.use", BOTH),
    door("mfa_activate_totp", "account.use", BOTH),
    door("mfa_deactivate_totp", "account.use", BOTH),
    door("mfa_view_recovery_codes", "account.use"),
    door("mfa_generate_recovery_codes", "account.use", BOTH),
    door("mfa_download_recovery_codes", "account.use"),
    door("mfa_list_webauthn", "account.use"),
    door("mfa_add_webauthn", "account.use", BOTH),
    door("mfa_reauthenticate_webauthn", "account.use", BOTH),
    door("mfa_edit_webauthn", "account.use", BOTH, of="passkey"),
    door("mfa_remove_webauthn", "account.use", BOTH, of="passkey"),
]
# Open to anybody: a line more here is a decision.
_OPEN = [
    door("account_login", PUBLIC, BOTH),
    door("account_inactive", PUBLIC),
    door("mfa_authenticate", PUBLIC, BOTH),
    door("mfa_login_webauthn", PUBLIC, BOTH),
    door("welcome", PUBLIC, BOTH, of="one-time link"),
    door("theme", PUBLIC, POST),
    door("set_language", PUBLIC, POST),
    door("healthz", PUBLIC),
    door("robots", PUBLIC),
]
DOORS = by_name(
    [
        *_DATA,
        *_PROTOCOLS,
        *_PARTICIPANTS,
        *_GRANTS,
        *_PROJECTS,
        *_PEOPLE,
        *_RUNNING,
        *_OWN,
        *_OPEN,
    ]
)
