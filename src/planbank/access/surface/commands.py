"""The commands, as they are typed after `planbank`.

Comes in: nothing. Goes out: `DOORS`. Who has the machine's account and the keys of the bank is its
operator; a command asks nobody else, and what it prints is said here.
"""

from __future__ import annotations

from planbank.access.surface.door import Door, Shows, Who, by_name

_NO_METHOD: frozenset[str] = frozenset()


def door(name: str, shows: Shows = Shows.NOTHING) -> Door:
    """One command."""
    return Door(name, "", Who.OPERATOR, shows, _NO_METHOD)


_PROCESSES = [door("up"), door("gate"), door("web"), door("work"), door("clock")]
_BANK = [
    door("migrate"),
    door("apply"),
    door("link"),
    door("token"),
    door("wait"),
    door("status", Shows.COUNTS),
    door("check", Shows.COUNTS),
    door("due", Shows.COUNTS),
    door("withdrawals", Shows.COUNTS),
    door("clean", Shows.COUNTS),
    door("erase-again", Shows.COUNTS),
    door("journal-lost", Shows.COUNTS),
    door("settings export", Shows.SEALED),
    door("rebuild", Shows.COUNTS),
    door("move archive", Shows.COUNTS),
    door("move database", Shows.COUNTS),
]
_KEYS = [
    *(
        door(f"keys {name}")
        for name in ("rotate", "add-escrow", "bring-back", "reseal", "retire", "hand-out")
    ),
    *(door(f"certs {name}") for name in ("list", "authority", "server", "client")),
]
# Of files that the operator holds anyway; no bank is asked.
_FILES = [door("send", Shows.SEALED), door("dvh", Shows.SEALED), door("anonymise", Shows.SEALED)]
DOORS = by_name([*_PROCESSES, *_BANK, *_KEYS, *_FILES])
