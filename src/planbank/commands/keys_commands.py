"""The sub-commands of `planbank keys`.

Comes in: words typed by a person. Goes out: what was done, said and journalled; every error is one of
the house. What they do is in commands/keys.py and transit/rotation.py.
"""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from planbank.commands.saying import end, say

if TYPE_CHECKING:
    from planbank.config import Settings

Home = Annotated[Path | None, typer.Option("--home", help="Folder of the bank (PLANBANK_HOME).")]
keys_app = typer.Typer(invoke_without_command=True)
Fingerprint = Annotated[
    str, typer.Argument(help="As `planbank keys` shows it; in quotes, or without blanks.")
]


@keys_app.callback()
def keys(context: typer.Context, home: Home = None) -> None:
    """The keys of this home: what is there, since when, what needs it, and whether only we can read it."""
    context.obj = home
    if context.invoked_subcommand is not None:
        return
    from planbank.commands.keys import key_folder, listing
    from planbank.config import load

    settings = load(home=home)
    for line in listing(settings):
        say(line)
    if not all(row.mode_ok for row in key_folder(settings).listing()):
        end("A private key can be read by others.")


def _key_change(context: typer.Context, home: Path | None) -> Settings:
    """The settings of the home that was named before or after the sub-command."""
    from planbank.config import load

    return load(home=home or context.obj)


def _changed(settings: Settings, action: str, prints: str, said: str, **detail: object) -> None:
    from planbank.commands.keys import write_down

    say(said)
    if not write_down(settings, action, prints, **detail):
        sys.stderr.write("No database answers: this stands in no journal.\n")


@keys_app.command("rotate")
def keys_rotate(
    context: typer.Context,
    which: Annotated[str, typer.Argument(help="transit, gate, site or work.")] = "transit",
    home: Home = None,
) -> None:
    """A new key, used from now on; the old one stays to open, or to verify, what is on its way."""
    from planbank.commands.keys import key_folder
    from planbank.transit.rotation import rotate_signer, rotate_transit

    settings = _key_change(context, home)
    folder = key_folder(settings)
    if which == "transit":
        prints = rotate_transit(folder, _now(settings)).fingerprint
    elif which in folder.signers():
        prints = rotate_signer(folder, which)
    else:
        raise typer.BadParameter(f"there is no key called {which}: transit, {', '.join(folder.signers())}")
    _changed(settings, "rotate key", prints, f"New {which} key: {prints}", key=which)


@keys_app.command("add-escrow")
def keys_add_escrow(
    context: typer.Context,
    public: Annotated[str, typer.Argument(help="Public age key (age1...) of a pair kept elsewhere.")],
    label: Annotated[str, typer.Option("--label", help="Where its private half is kept.")] = "",
    home: Home = None,
) -> None:
    """Seal for one more key, whose private half is kept elsewhere; `reseal` for what waits already."""
    from planbank.commands.keys import key_folder
    from planbank.transit.rotation import add_escrow

    settings = _key_change(context, home)
    key = add_escrow(key_folder(settings), public, label, _now(settings))
    _changed(settings, "add escrow key", key.fingerprint, f"Parcels are sealed for {key.fingerprint} too.")


@keys_app.command("bring-back")
def keys_bring_back(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A backup of transit.key, or an escrow key.")],
    home: Home = None,
) -> None:
    """Open with these private keys too; what was set aside as unreadable and opens now is let in."""
    from planbank.commands.keys import key_folder
    from planbank.transit.rotation import bring_back

    settings = _key_change(context, home)
    added = bring_back(key_folder(settings), file, _now(settings))
    if not added:
        say("All keys of this file are here.")
    for key in added:
        _changed(
            settings, "bring back key", key.fingerprint, f"Parcels are opened with {key.fingerprint} too."
        )


@keys_app.command("reseal")
def keys_reseal(context: typer.Context, home: Home = None) -> None:
    """Seal what waits and what is in quarantine anew, for the recipients of now."""
    from planbank.commands.keys import Resealed, reseal

    settings = _key_change(context, home)
    done = Resealed()
    for number, done in enumerate(reseal(settings), 1):  # noqa: B007 - the last one counts
        if number % 1000 == 0:
            say(f"{number} parcels")
    said = f"Sealed anew: {done.anew}. Were so already: {done.already}. Could not be: {done.failed}."
    counts = {"anew": done.anew, "already": done.already, "failed": done.failed}
    _changed(settings, "reseal parcels", "", said, **counts)
    if done.failed:
        end(f"They are as they were. The first: {done.reason}")


@keys_app.command("retire")
def keys_retire(context: typer.Context, key: Fingerprint, home: Home = None) -> None:
    """Take a key away for good, once no parcel needs it."""
    from planbank.commands.keys import key_folder, needs
    from planbank.transit.rotation import retire

    settings = _key_change(context, home)
    was = retire(key_folder(settings), key, lambda public: needs(settings).only[public])
    _changed(settings, "retire key", key.replace(" ", ""), f"Taken away: {was} {key}", key=was)


@keys_app.command("hand-out")
def keys_hand_out(
    context: typer.Context,
    process: Annotated[str, typer.Argument(help="gate, web, work or clock.")],
    folder: Annotated[Path, typer.Argument(help="The keys folder of that process's own home.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace keys there that are others, after a rotation.")
    ] = False,
    home: Home = None,
) -> None:
    """Copy what one process needs, and no other key, to where it runs by itself.

    Where the bank has no keys yet they are made first, as `planbank up` does.
    """
    from planbank.commands.keys import key_folder
    from planbank.processes.home import prepare
    from planbank.transit.hand_out import NEEDED, hand_out

    settings = _key_change(context, home)
    if process not in NEEDED:
        raise typer.BadParameter(f"one of {', '.join(NEEDED)}")
    if not settings.keys_dir.exists():
        prepare(settings, demo=False).close()
    written = hand_out(key_folder(settings), process, folder.absolute(), replace=replace)
    said = f"{process}: {', '.join(written)}." if written else f"{process} has what it needs."
    _changed(settings, "hand out keys", "", said, process=process, files=written)


def _now(settings: Settings) -> datetime:
    from planbank import boot

    return boot.clock(settings).now()
