"""The command line: `planbank COMMAND`.

Comes in: words typed by a person or a script. Goes out: what the command says, and an exit code:
0 all well, 1 not (the reason stands on the last line), 2 the call itself was wrong. Each command
imports its room inside its function, so that `planbank --help` is quick.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from planbank import __version__
from planbank.commands.anonymise import anonymise
from planbank.commands.deletion_commands import add_deletion
from planbank.commands.due_commands import due
from planbank.commands.keys_commands import Home, keys_app
from planbank.commands.move_commands import move_app
from planbank.commands.opened import house_of
from planbank.commands.rebuild_commands import add_rebuild
from planbank.commands.saying import end, say
from planbank.errors import PlanbankError

if TYPE_CHECKING:
    from planbank.config import Settings

app = typer.Typer(
    name="planbank",
    help="A bank of complete radiotherapy plans.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(keys_app, name="keys")
add_deletion(app)
add_rebuild(app)
app.add_typer(move_app, name="move")
app.command()(anonymise)
app.command()(due)


def main() -> None:
    """Run; every error of the house ends in one plain line and exit code 1."""
    try:
        app()
    except PlanbankError as exc:
        end(str(exc))
    except KeyboardInterrupt:
        sys.exit(130)


def _settings(home: Path | None, **overrides: object) -> Settings:
    from planbank.config import load

    return load(home=home, **overrides)


def _version(asked: bool) -> None:
    if asked:
        say(f"planbank {__version__}")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """A bank of complete radiotherapy plans."""


@app.command()
def up(
    home: Home = None,
    demo: Annotated[bool, typer.Option("--demo", help="A seeded site with invented patients.")] = False,
) -> None:
    """Run a whole bank: gate, site, work, clock and, unless another is named, its database."""
    from planbank.processes.supervise import up as run

    if not demo:
        sys.exit(run(_settings(home), demo=False))
    from planbank import boot
    from planbank.commands.seed import seed

    settings = _settings(home, dicom_host="127.0.0.1", web_host="127.0.0.1", quiet_minutes=1)
    if "log_level" not in settings.model_fields_set:
        settings = settings.model_copy(update={"log_level": "WARNING"})  # the screen is for people here
    sys.exit(run(settings, demo=True, seed=lambda given: seed(boot.build(given, "command"))))


@app.command()
def migrate(home: Home = None) -> None:
    """Bring the database's tables up to date, where processes run on their own (`up` does it by itself)."""
    from planbank import boot
    from planbank.processes.supervise import migrate as run

    boot.start_django(_settings(home), "command")
    run()
    say("The tables are up to date.")


@app.command()
def gate(home: Home = None) -> None:
    """Run the DICOM receiver alone (on its own machine in the DMZ)."""
    from planbank.processes.gate import run

    sys.exit(run(_settings(home)))


@app.command()
def web(home: Home = None) -> None:
    """Run the site alone."""
    from planbank.processes.web import run

    sys.exit(run(_settings(home)))


@app.command()
def work(home: Home = None) -> None:
    """Run one work process (one core): register, analyse and all other services."""
    from planbank.processes.work import run

    sys.exit(run(_settings(home)))


@app.command()
def clock(home: Home = None) -> None:
    """Run the process that does what happens by itself."""
    from planbank.processes.clock import run

    sys.exit(run(_settings(home)))


@app.command()
def apply(file: Annotated[Path, typer.Argument(help="TOML file.")], home: Home = None) -> None:
    """Institutions, senders and people from a TOML file; says what changed."""
    house = house_of(home)
    from planbank.commands.apply import apply_file
    from planbank.commands.link import one_time_link

    applied = apply_file(house, file)
    for line in applied.changes or ["Nothing changed."]:
        say(line)
    for user in applied.new_users:
        say(f"one-time link for {user.username}: {one_time_link(house, user.username)}")


@app.command()
def link(
    username: str,
    without_second_factors: Annotated[
        bool,
        typer.Option("--without-second-factors", help="Forget app, passkeys and codes: for who lost them."),
    ] = False,
    home: Home = None,
) -> None:
    """A one-time link with which a person sets their own password."""
    house = house_of(home)
    from planbank.commands.link import one_time_link

    say(one_time_link(house, username, without_second_factors=without_second_factors))


@app.command()
def send(
    paths: Annotated[list[Path], typer.Argument(help="DICOM files or folders.")],
    to: Annotated[str, typer.Option("--to", help="HOST:PORT of the node.")],
    calling: Annotated[str, typer.Option("--calling", help="Our AE title.")] = "PLANBANK_SEND",
    called: Annotated[str, typer.Option("--called", help="The node's AE title.")] = "PLANBANK",
    tls: Annotated[bool, typer.Option("--tls", help="By TLS.")] = False,
    ca: Annotated[Path | None, typer.Option("--ca", help="PEM: who signed the node's certificate.")] = None,
    cert: Annotated[Path | None, typer.Option("--cert", help="PEM: the certificate we show.")] = None,
    key: Annotated[Path | None, typer.Option("--key", help="PEM: its private key.")] = None,
    fingerprint: Annotated[
        str, typer.Option("--fingerprint", help="SHA-256 of the node's certificate, in place of --ca.")
    ] = "",
) -> None:
    """Send DICOM files to a node, byte for byte as they are."""
    from planbank.commands.send import Tls, run

    sys.exit(run(paths, to, calling, called, Tls(ca, cert, key, fingerprint) if tls else None))


@app.command()
def wait(
    timeout: Annotated[float | None, typer.Option("--timeout", help="Seconds at most.")] = None,
    home: Home = None,
) -> None:
    """Wait until all that came in is dealt with."""
    house = house_of(home)
    from planbank.commands.wait import wait as run

    waited = run(house, timeout)
    if not waited.ok:
        end(waited.said)
    say(waited.said)


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False, home: Home = None
) -> None:
    """How the bank stands, in numbers."""
    house = house_of(home)
    from planbank.commands.status import status as read

    counts = read(house)
    if as_json:
        say(json.dumps(counts, indent=1))
        return
    for name, value in counts.items():
        say(f"{name.replace('_', ' '):20} {value}")


@app.command()
def check(
    deep: Annotated[bool, typer.Option("--deep", help="Read every object again.")] = False,
    home: Home = None,
) -> None:
    """Rows against objects, transit area, journal chain; exit code 1 on any fault."""
    house = house_of(home)
    from planbank.commands.check import check as run

    faults: list[str] = []
    for fault in run(house, deep=deep):
        faults.append(fault)
        say(fault)
    if faults:
        more = f" and {len(faults) - 1} more" if len(faults) > 1 else ""
        end(f"Nothing was changed. Found: {faults[0]}{more}.")
    say("All well: every row has its object, every object its row, the journal chain is whole.")


@app.command()
def token(
    username: Annotated[str, typer.Argument(help="Whose rights the token has.")],
    purpose: Annotated[str, typer.Option("--purpose", help="What it is for; stands with every use.")],
    protocol: Annotated[str, typer.Option("--protocol", help="Hold it to this protocol.")] = "",
    project: Annotated[str, typer.Option("--project", help="Hold it to this project.")] = "",
    institution: Annotated[str, typer.Option("--institution", help="Hold it to this institution.")] = "",
    days: Annotated[int, typer.Option("--days", min=1, max=366, help="Days until it ends.")] = 90,
    may_write: Annotated[bool, typer.Option("--write", help="It may write too; else it only reads.")] = False,
    home: Home = None,
) -> None:
    """Make a token of the API for a person; it is printed once."""
    house = house_of(home)
    from planbank.commands.token import run

    asked = {"protocol": protocol, "project": project, "institution": institution}
    sys.exit(run(house, username, **asked, purpose=purpose, days=days, may_write=may_write))


certs = typer.Typer(help="Certificates for encrypted sending: those of this bank and of its senders.")
app.add_typer(certs, name="certs")
Days = Annotated[int | None, typer.Option("--days", min=1, help="Days until it ends.")]
Renew = Annotated[bool, typer.Option("--renew", help="Replace the one that is there; it is kept aside.")]


@certs.command("list")
def certs_list(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False, home: Home = None
) -> None:
    """Certificates of this home, and the days they have left; exit code 1 where one is over."""
    from planbank.commands.certs import listed

    rows = listed(_settings(home))
    if as_json:
        say(json.dumps(rows, indent=1))
    else:
        for row in rows:
            until = f"until {row['not_after'][:10]}, {row['days_left']} days" if row["not_after"] else "?"
            say(f"{row['name']:24} {row['state']:10} {until:32} {row['subject']}")
    if over := [row["name"] for row in rows if row["state"] in ("expired", "unreadable")]:
        end(f"Expired or unreadable: {', '.join(over)}.")
    if not rows:
        end("There are none. Begin with: planbank certs authority NAME")


@certs.command("authority")
def certs_authority(
    organisation: Annotated[str, typer.Argument(help="Name of the hospital or registry.")],
    days: Days = None,
    home: Home = None,
) -> None:
    """Make the authority of this bank, once: it signs the gate and the systems that send."""
    from planbank.commands.certs import CA_DAYS, make_authority

    file = make_authority(_settings(home).tls_dir, organisation, days=days or CA_DAYS)
    say(f"{file}\nGive it to every centre. Its key, ca.key, signs: keep it away from the gate afterwards.")


@certs.command("server")
def certs_server(
    hosts: Annotated[list[str], typer.Argument(help="Names or addresses by which centres call the gate.")],
    days: Days = None,
    renew: Renew = False,
    home: Home = None,
) -> None:
    """Make the gate's certificate and key."""
    from planbank.commands.certs import LEAF_DAYS, make_server

    file = make_server(_settings(home).tls_dir, hosts, days=days or LEAF_DAYS, renew=renew)
    say(f"{file}\nSwitch TLS on with dicom_tls; a running gate takes a renewed one up by itself.")


@certs.command("client")
def certs_client(
    name: Annotated[str, typer.Argument(help="AE title of the system that sends.")],
    days: Days = None,
    renew: Renew = False,
    listens: Annotated[
        bool, typer.Option("--listens", help="It takes reports of storage commitment by TLS.")
    ] = False,
    home: Home = None,
) -> None:
    """Make certificate and key of a system that sends; says the fingerprint for its sender."""
    from planbank.commands.certs import LEAF_DAYS, fingerprint, make_client

    folder = _settings(home).tls_dir
    file = make_client(folder, name, days=days or LEAF_DAYS, renew=renew, listens=listens)
    say(f"{file}\n{file.with_suffix('.key')}\n{fingerprint(file)}")
    say("Both files go to that system by a safe way, the fingerprint (or the .crt) to its sender here.")


@app.command()
def dvh(
    files: Annotated[list[Path], typer.Argument(help="RTSTRUCT, RTDOSE, RTPLAN files or folders.")],
    metrics: Annotated[str, typer.Option("--metrics", help="Such as Dmean,D95%,D1cc,V20Gy.")] = "",
    csv: Annotated[Path | None, typer.Option("--csv", help="Write a CSV file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON alone on standard output.")] = False,
    derive: Annotated[
        list[str] | None,
        typer.Option("--derive", help="A structure made of others: 'Lungs = Lung_L + Lung_R'."),
    ] = None,
    laterality: Annotated[
        str | None, typer.Option("--laterality", help="The treated side, left or right, for ipsi and contra.")
    ] = None,
) -> None:
    """Dose-volume histograms of files, without server or database."""
    from planbank.commands.dvh import dvh_files
    from planbank.config import compile_cache

    wanted = {"derive": derive or [], "laterality": laterality}
    sys.exit(dvh_files(files, metrics, csv, as_json, sys.stdout, cache_dir=compile_cache(), **wanted))
