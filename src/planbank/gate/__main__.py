"""`python -m planbank.gate FILE`: a gate as a process of its own.

Comes in: the path of its JSON file (config.py). Goes out: a running gate, until SIGTERM or SIGINT.
"""

from __future__ import annotations

import resource
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from planbank.errors import PlanbankError
from planbank.gate import config, logs
from planbank.gate.clock import machine_time, offset_time
from planbank.gate.server import Server, listen
from planbank.transit.folder import FolderTray
from planbank.transit.signature import Signer

if TYPE_CHECKING:
    from planbank.gate.config import GateConfig

_OPEN_FILES = 8192


def build(settings: GateConfig) -> Server:
    """The server that a file describes, listening already. Raises PlanbankError, OSError."""
    tray = FolderTray(
        settings.transit,
        recipients=settings.recipients,
        signer=Signer.load("gate", settings.sign_key),
    )
    return Server(
        listen(settings.host, settings.port),
        tray,
        ae_title=settings.ae_title,
        limits=settings.limits,
        now=offset_time(settings.clock_file) if settings.clock_file else machine_time,
    )


def main(arguments: list[str]) -> int:
    """The exit code: 0 after an orderly end, 2 where the gate cannot start."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m planbank.gate FILE\n")
        return 2
    try:
        settings = config.load(Path(arguments[0]))
        logs.configure(settings.log_level)
        _allow_open_files()
        server = build(settings)
    except (PlanbankError, OSError) as exc:
        sys.stderr.write(f"The gate cannot start: {exc}\n")
        return 2
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: server.stop())
    server.serve()
    return 0


def _allow_open_files() -> None:
    """A connection and a part file each need a descriptor; the usual soft limit is 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(_OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
