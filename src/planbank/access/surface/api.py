"""The addresses of the API, as 'METHOD path' under /api/v1/.

Comes in: nothing. Goes out: `DOORS`. A new operation is one line: method and path as its router says
them, the action asked, what of patients it shows.
"""

from __future__ import annotations

from planbank.access.surface.door import PUBLIC, Door, Shows, Who, by_name

NOTHING, COUNTS, VEILED = Shows.NOTHING, Shows.COUNTS, Shows.VEILED


def door(name: str, action: str, shows: Shows = NOTHING, *, of: str = "") -> Door:
    """One operation; a token and the policy decide."""
    who = Who.ANYBODY if action == PUBLIC else Who.CALLER
    return Door(name, action, who, shows, frozenset({name.partition(" ")[0]}), of=of)


DOORS = by_name(
    [
        door("GET openapi.json", PUBLIC),
        door("GET me", "account.use"),
        door("GET institutions", "account.use"),
        door("GET protocols", "protocol.view", COUNTS),
        door("GET projects", "project.view"),
        door("GET participants", "participant.view", VEILED),
        door("POST participants", "participant.edit", VEILED),
        door("PATCH participants", "participant.edit", VEILED),
        door("GET patients", "data.view", VEILED),
        door("GET plan-sets", "data.view", VEILED),
        door("GET plan-sets/{plan_set}", "data.view", VEILED, of="plan set"),
        door("GET plan-sets/{plan_set}/rois", "data.view", VEILED, of="plan set"),
        door("GET plan-sets/{plan_set}/dvhs", "data.view", VEILED, of="plan set"),
        door("GET plan-sets/{plan_set}/findings", "data.view", VEILED, of="plan set"),
        door("GET structure-types", "data.statistics", COUNTS),
        door("GET dictionary", "data.statistics", COUNTS),
        door("POST dictionary", "dictionary.edit", COUNTS),
        door("GET matrix", "data.list", VEILED),
        door("GET unmapped", "dictionary.edit", VEILED),
        door("GET accrual", "overview.view", COUNTS),
        door("GET constraints", "data.statistics", COUNTS),
        door("POST constraints", "dictionary.edit", COUNTS),
        door("DELETE constraints", "dictionary.edit"),
        door("GET verdicts", "data.statistics", VEILED),
        door("GET requests", "data.statistics", COUNTS),
        door("POST requests", "data.statistics", COUNTS),
        door("DELETE requests", "data.statistics"),
        door("GET metrics", "data.statistics", VEILED),
        door("GET analysis", "data.statistics", VEILED),
        door("GET memberships", "data.list", VEILED),
        door("GET exports", "overview.view", COUNTS),
        door("POST exports", "export.dicom", COUNTS),
        door("GET exports/{export}", "overview.view", COUNTS, of="export"),
        door("DELETE exports/{export}", "overview.view", of="export"),
        door("GET exports/{export}/files", "overview.view", Shows.NAMED, of="export"),
        door("GET grants", "account.use"),
        door("GET journal", "journal.read"),
    ]
)
