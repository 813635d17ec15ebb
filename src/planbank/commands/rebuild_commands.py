"""The commands by which a bank outlives its database.

Comes in: words typed by a person. Goes out: what was done, said. What they do is in commands/rebuild.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from planbank.commands.keys_commands import Home
from planbank.commands.opened import house_of
from planbank.commands.saying import say, tell

settings_app = typer.Typer(
    help="What this bank was told and decided, apart from its objects.", no_args_is_help=True
)


def add_rebuild(app: typer.Typer) -> None:
    """Add the commands of this file to the command line."""
    app.add_typer(settings_app, name="settings")
    app.command()(rebuild)


@settings_app.command("export")
def settings_export(
    file: Annotated[Path, typer.Argument(help="A file that is not there yet.")], home: Home = None
) -> None:
    """Write all that the archive could not bring back into one sealed file; the bank may run."""
    house = house_of(home)
    from planbank.commands.rebuild.export import write

    say(f"{file}: {write(house, file)}")
    say("Keep it with the archive, and the folder keys apart from both: neither opens without them.")


def rebuild(
    file: Annotated[
        Path | None, typer.Argument(help="A settings export, for an empty database; without, it catches up.")
    ] = None,
    home: Home = None,
) -> None:
    """Make the tables again from the archive, its arrival records and a settings export."""
    from planbank.commands.rebuild.run import rebuild as run
    from planbank.commands.resting import bank_alone

    with bank_alone(home) as house:
        for line in run(house, file, lambda done, of: tell(f"{done} of {of} arrival records")):
            say(line)
