"""The command that runs a service again over everything.

Comes in: words typed by a person. Goes out: what is due, said. What it does is in commands/due.
"""

from __future__ import annotations

from typing import Annotated

import typer

from planbank.commands.keys_commands import Home
from planbank.commands.opened import house_of
from planbank.commands.saying import end, say, tell


def due(
    service: Annotated[str, typer.Argument(help="The service, as calculate.")],
    everything: Annotated[bool, typer.Option("--all", help="For everything there is; must be said.")] = False,
    watched: Annotated[bool, typer.Option("--watch", help="Say how far it is until it is done.")] = False,
    home: Home = None,
) -> None:
    """Run a service again over everything, behind new arrivals."""
    if not everything:
        raise typer.BadParameter("say --all: everything there is will be done again")
    house = house_of(home)
    from planbank.commands.due import all_due, watch

    say(all_due(house, service))
    if not watched:
        return
    if failed := watch(service, tell):
        end(f"{failed} could not be done. See the page Services.")
    say("Done.")
