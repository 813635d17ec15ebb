"""One line of a table: a page, an address of the API, a DIMSE service, a command or a job.

Comes in: what its author declares. Goes out: `Door`. It names actions and rows only, so that every
room may be named here and none is imported.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

PUBLIC = "public"
GET, POST = frozenset({"GET"}), frozenset({"POST"})
BOTH = GET | POST


class Shows(StrEnum):
    """What of patients a door shows or handles at all, at most."""

    NOTHING = "nothing"  # no patient stands behind it
    COUNTS = "counts"  # numbers of patients, plans or files
    VEILED = "veiled"  # patients' rows, each at the level it is seen at; identities only at `identified`
    NAMED = "named"  # identities: only who sees the row as identified comes here
    SEALED = "sealed"  # whole objects, that nobody looks at there


class Who(StrEnum):
    """Who may come at all, before any action is asked."""

    ANYBODY = "anybody"
    SIGNED_IN = "signed in"
    CALLER = "holder of a token"  # a person's rights, held to the token's scope
    SENDER = "registered sender"
    OPERATOR = "operator"  # whoever has the machine's account and the keys
    BANK = "bank"  # by itself, for no person
    AGREEMENT = "agreement"  # with the agreement of a protocol (security.md, property 8)


@dataclass(frozen=True)
class Door:
    """One door. `scope`: the kind of scope the action is asked in, by the number of that name in the
    address; `of`: the rows its other number names, asked for by the policy row by row."""

    name: str
    action: str
    who: Who
    shows: Shows = Shows.NOTHING
    methods: frozenset[str] = GET
    scope: str = ""
    of: str = ""

    def takes(self, method: str) -> bool:
        """Whether a request of this method is answered at all."""
        return method in self.methods or (method == "HEAD" and "GET" in self.methods)


def by_name(doors: Iterable[Door]) -> dict[str, Door]:
    """A table by name. Raises ValueError where a name stands twice."""
    found: dict[str, Door] = {}
    for door in doors:
        if door.name in found:
            raise ValueError(f"{door.name} is declared twice")
        found[door.name] = door
    return found
