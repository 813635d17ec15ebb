"""The commands about what is deleted, and what must not come back.

Comes in: words typed by a person. Goes out: what was done, said. What they do is in a file each.
"""

from __future__ import annotations

from typing import Annotated

import typer

from planbank.commands.keys_commands import Home
from planbank.commands.opened import house_of
from planbank.commands.saying import say


def add_deletion(app: typer.Typer) -> None:
    """Add the commands of this file to the command line."""
    app.command("erase-again")(erase_again)
    app.command("journal-lost")(journal_lost)
    app.command()(withdrawals)
    app.command()(clean)


def erase_again(home: Home = None) -> None:
    """Remove what was erased and is there again, as after a restored backup."""
    house = house_of(home)
    from planbank.commands.erase_again import erase_again as run

    say(run(house))


def journal_lost(
    reason: Annotated[str, typer.Option("--reason", help="What happened; stands in the journal.")],
    home: Home = None,
) -> None:
    """Say that the journal's last entries are lost, as after a restored backup."""
    house = house_of(home)
    from planbank.commands.journal_lost import journal_lost as run

    say(run(house, reason))


def withdrawals(home: Home = None) -> None:
    """List withdrawals whose data will be deleted, and when; nothing is changed."""
    house = house_of(home)
    from planbank.commands.withdrawals import lines

    for line in lines(house):
        say(line)


def clean(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go; change nothing.")] = False,
    days: Annotated[int, typer.Option("--days", min=0, help="How far ahead the dry run looks.")] = 30,
    home: Home = None,
) -> None:
    """Delete data that stood in no protocol for too long; the clock does so by itself."""
    house = house_of(home)
    from planbank.commands.clean import carry_out, lines

    for line in lines(house, days) if dry_run else carry_out(house):
        say(line)
