"""`planbank send`: files to a DICOM node, with a progress bar and what failed.

Comes in: paths and a node. Goes out: exit code 0 when all were taken, 1 when not, 2 for a call
that cannot be right.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from planbank.errors import SendError
from planbank.forwarding.scu import Node, Sent, dicom_files, send
from planbank.forwarding.tls import client_context


@dataclass(frozen=True)
class Tls:
    """Files for TLS: who signed the node's certificate, what we show; or the node's fingerprint."""

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    fingerprint: str = ""


def run(paths: list[Path], to: str, calling: str, called: str, tls: Tls | None = None) -> int:
    """Send and say what became of it."""
    node = _node(to, calling, called)
    if node is not None and tls is not None:
        pin = tls.fingerprint.replace(":", "").lower()
        node = replace(node, tls=client_context(tls.ca, tls.certificate, tls.key, pin))
    missing = [path for path in paths if not path.exists()]
    if node is None or missing:
        what = (
            f"There is no {missing[0]}." if missing else "--to wants HOST:PORT, AE titles 1 to 16 characters."
        )
        sys.stderr.write(f"{what}\n")
        return 2
    files = list(dicom_files(paths))
    console = Console(stderr=True)
    with Progress(
        TextColumn("sending"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console
    ) as bar:
        task = bar.add_task("send", total=len(files))
        results = send(files, node, lambda _sent: bar.advance(task))
    return _report(results)


def _node(to: str, calling: str, called: str) -> Node | None:
    host, _, port = to.rpartition(":")
    titles_fit = all(0 < len(title.strip()) <= 16 and "\\" not in title for title in (calling, called))
    if not host or not port.isdigit() or not 0 < int(port) < 65536 or not titles_fit:
        return None
    return Node(host.strip("[]"), int(port), calling, called)


def _report(results: list[Sent]) -> int:
    failed = [sent for sent in results if sent.problem]
    for sent in failed:
        sys.stderr.write(f"{sent.path}: {sent.problem}\n")
    if not results:
        raise SendError("There was nothing to send.")
    if failed:
        sys.stderr.write(f"{len(failed)} of {len(results)} objects were not taken.\n")
        return 1
    sys.stdout.write(f"{len(results)} of {len(results)} objects were taken.\n")
    return 0
