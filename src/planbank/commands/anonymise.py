"""`planbank anonymise`: copies of DICOM files that nobody can trace, without server, home or database.

Comes in: a file, folder or zip archive, and what kind of copies are wanted. Goes out: the folders
copy-001, copy-002, ..., the report on standard output, what was refused on standard error. Exit code
0; 3 where something was refused; 1 where no run could be made.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from planbank.deidentify.copies import Order

REFUSED = 3


def anonymise(
    source: Annotated[Path, typer.Argument(metavar="IN", help="A DICOM file, a folder or a zip archive.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A new or empty folder for the copies.")],
    copies: Annotated[int, typer.Option("--copies", min=1, max=9999, help="How many copies.")] = 1,
    profile: Annotated[str, typer.Option("--profile", help="audit, export or foreign.")] = "audit",
    keep_names: Annotated[
        Path | None, typer.Option("--keep-names", help="File of names that may stay, one a line.")
    ] = None,
    accept_burned_in: Annotated[
        list[str] | None,
        typer.Option("--accept-burned-in", help="Modality whose pictures you looked at, such as RTIMAGE."),
    ] = None,
    key: Annotated[
        Path | None, typer.Option("--key", help="File of the key; made where it is absent.")
    ] = None,
) -> None:
    """Copies of DICOM files that nobody can trace; each with identities of its own."""
    from planbank.deidentify.copies import Order
    from planbank.deidentify.keys import fingerprint, new_secret, secret_in
    from planbank.deidentify.profiles import profile_named
    from planbank.deidentify.words import Words, words_in

    chosen = profile_named(profile)
    words = words_in(keep_names) if keep_names else Words()
    accepted = frozenset(modality.strip().upper() for modality in accept_burned_in or ())
    secret = secret_in(key) if key else new_secret()
    if key:
        sys.stderr.write(f"Key {fingerprint(secret)}. Who has its file can tell whose the copies are.\n")
    sys.exit(_run(source, out, Order(copies, chosen, words, secret, accepted)))


def _run(source: Path, out: Path, order: Order) -> int:
    from planbank.deidentify.copies import make_copies

    signal.signal(signal.SIGTERM, _terminated)
    report = make_copies(source, out, order)
    for line in report.lines():
        sys.stdout.write(f"{line}\n")
    for refusal in report.refused:
        sys.stderr.write(f"{refusal}\n")
    if report.refused:
        sys.stderr.write(f"{len(report.refused)} refused; they are in no copy. All others are whole.\n")
    return REFUSED if report.refused else 0


def _terminated(signum: int, frame: object) -> NoReturn:
    """Leave by the way on which what was begun is removed."""
    sys.exit(128 + signum)
