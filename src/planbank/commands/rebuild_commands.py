"""The commands by which a bank outlives its database.

Comes in: words typed by a person. Goes out: what was done, said. What they do is in commands/rebuild.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from planbank.commands.keys_commands import Home
from planbank.commands.opened import house_of

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

    _say(f"{file}: {write(house, file)}")
    _say("Keep it with the archive, and the folder keys apart from both: neither opens without them.")


def rebuild(
    file: Annotated[
        Path | None, typer.Argument(help="A settings export, for an empty database; without, it catches up.")
    ] = None,
    home: Home = None,
) -> None:
    """Make the tables again from the archive, its arrival records and a settings export."""
    from planbank.commands.rebuild.alone import bank_alone
    from planbank.commands.rebuild.run import rebuild as run

    with bank_alone(home) as house:
        for line in run(house, file, _tell):
            _say(line)


def _tell(done: int, of: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{done} of {of} arrival records{'' if done < of else chr(10)}")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
