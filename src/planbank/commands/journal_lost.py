"""`planbank journal-lost`: a backup was put back, and what the journal said since is gone.

Comes in: a house, a reason. Goes out: a signed statement in the archive and an entry in the journal, so that
`planbank check` is content and everybody can see that something is missing.
"""

from __future__ import annotations

from planbank.house import House


def journal_lost(house: House, reason: str) -> str:
    """Returns what was found, in words."""
    from planbank.journal import heads
    from planbank.journal.chain import state
    from planbank.journal.record import Actor, record

    end = state().number
    entries = heads.lost(house)
    if not entries:
        return "the journal reaches as far as its last signed head; nothing is lost"
    record(
        Actor("command", "journal-lost"),
        "journal entries lost",
        house.clock.now(),
        object_kind="journal",
        purpose=reason.strip()[:200],
        after_seal=end,
        entries=entries,
    )
    return f"{entries} entries after seal {end} are said to be lost"
