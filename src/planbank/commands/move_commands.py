"""The commands that move a bank onto other machines.

Comes in: words typed by a person. Goes out: what was done, said. What they do is in commands/move.
"""

from __future__ import annotations

from typing import Annotated

import typer

from planbank.commands.keys_commands import Home
from planbank.commands.saying import end, say, tell

move_app = typer.Typer(
    help="Copy this bank elsewhere, compared; the bank must not run.", no_args_is_help=True
)


@move_app.command("archive")
def move_archive(
    to: Annotated[str, typer.Argument(help="s3://BUCKET/FOLDER; the settings s3_... say how to get there.")],
    home: Home = None,
) -> None:
    """Copy the archive into an object store and read every object again from there."""
    from planbank.archive.opened import store_of
    from planbank.commands.move.archive import copy_archive
    from planbank.commands.resting import resting

    with resting(home) as settings:
        target = store_of(settings.model_copy(update={"archive_url": to}), tried=True)
        moved = copy_archive(store_of(settings), target, lambda done: tell(f"{done} objects"))
    say(f"{moved.copied} copied, {moved.there} were there, {moved.size / 1e9:.2f} GB, all read again.")
    if moved.differing:
        end(f"{len(moved.differing)} differ, the first is {moved.differing[0]}. Do not use this copy.")
    say(f'Now set archive_url = "{to}" and start the bank. The old folder was not touched.')


@move_app.command("database")
def move_database(
    to: Annotated[str, typer.Argument(help="postgresql://..., an empty database of a superuser's.")],
    home: Home = None,
) -> None:
    """Copy the database onto another PostgreSQL server and compare every table."""
    from planbank.commands.move.database import copy_database
    from planbank.commands.move.tables import make_tables
    from planbank.commands.resting import database_of, resting

    with resting(home) as settings, database_of(settings) as url:
        make_tables(settings, to)
        rows, tables = copy_database(url, to)
    say(f"{rows} rows of {tables} tables copied; both sides say the same.")
    say("Now set database_url and start the bank. The old database was not touched.")
