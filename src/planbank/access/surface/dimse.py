"""The DIMSE services of the gate, as its command fields name them (PS3.7 Annex E).

Comes in: nothing. Goes out: `DOORS`. Nothing can be found or fetched by DICOM: there is no C-FIND,
C-MOVE or C-GET, and nothing is shown to a caller but statuses.
"""

from __future__ import annotations

from planbank.access.surface.door import Door, Shows, Who, by_name

_NO_METHOD: frozenset[str] = frozenset()


def door(name: str, shows: Shows = Shows.NOTHING) -> Door:
    """One service; the senders of an institution may use it (R10)."""
    return Door(name, "", Who.SENDER, shows, _NO_METHOD)


DOORS = by_name(
    [
        door("C_ECHO"),
        door("C_STORE", Shows.SEALED),
        door("C_CANCEL"),
        # Storage commitment: asked by N-ACTION, answered by N-EVENT-REPORT (PS3.4 Annex J).
        door("N_ACTION"),
        door("N_EVENT_REPORT"),
    ]
)
