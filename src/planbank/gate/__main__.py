"""`python -m planbank.gate FILE`: a gate as a process of its own.

Comes in: the path of its JSON file (config.py). Goes out: a running gate, until SIGTERM or SIGINT.
"""

from __future__ import annotations

import resource
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from planbank.errors import PlanbankError
from planbank.gate import config, health, logs
from planbank.gate.allowance import Pending
from planbank.gate.clock import machine_time, offset_time
from planbank.gate.crowd import Crowd
from planbank.gate.family import Family
from planbank.gate.health import Health
from planbank.gate.meters import Meters
from planbank.gate.server import Door, Server, listen
from planbank.gate.tls import Tls
from planbank.transit.folder import FolderTray
from planbank.transit.seal import Recipients
from planbank.transit.signature import Signer, VerifyKey

if TYPE_CHECKING:
    from collections.abc import Callable

    from planbank.gate.config import GateConfig
    from planbank.gate.open_associations import Board

_OPEN_FILES = 8192


def build(settings: GateConfig) -> Server:
    """The server that a file describes, listening already, in this process alone.

    Raises PlanbankError, OSError.
    """
    return _Parts(settings).server()


class _Parts:
    """What is made once, before processes part."""

    def __init__(self, settings: GateConfig) -> None:
        self.settings = settings
        self.tray = FolderTray(
            settings.transit,
            recipients=_recipients(settings.recipients),
            signer=Signer.load("gate", settings.sign_key),
            answer_key=VerifyKey.load(settings.answer_key) if settings.answer_key else None,
        )
        self.doors = _doors(settings)
        self.crowd = Crowd(settings.processes)
        self.pending = Pending(settings.processes)
        self.meters = Meters(settings.processes)
        self.metrics = None if settings.metrics_port is None else health.listen(settings.metrics_port)

    def child(self, seat: int, board: Board) -> Server | Health:
        """What one process of several runs: the last one answers for all of them."""
        return self.server(seat, board) if seat < self.settings.processes else self.health()

    def health(self) -> Health:
        """Metrics and health. Raises ValueError where there is no port for it."""
        if self.metrics is None:
            raise ValueError("no port for metrics")
        return Health(self.metrics, self.tray, self.meters, self.crowd)

    def gone(self, seat: int) -> None:
        """A process ended; what it had open is closed."""
        if seat < self.settings.processes:
            for counts in (self.crowd, self.pending, self.meters):
                counts.clear(seat)

    def server(self, seat: int = 0, board: Board | None = None) -> Server:
        """One process's server; `seat` is its number."""
        settings = self.settings
        self.crowd.take_seat(seat)
        self.pending.take_seat(seat)
        self.meters.take_seat(seat)
        return Server(
            self.doors,
            self.tray,
            ae_title=settings.ae_title,
            limits=settings.limits,
            now=offset_time(settings.clock_file) if settings.clock_file else machine_time,
            crowd=self.crowd,
            board=board,
            pending=self.pending,
            meters=self.meters,
            metrics_port=int(self.metrics.getsockname()[1]) if self.metrics else None,
        )

    def close(self) -> None:
        for listener in [*(door.listener for door in self.doors), self.metrics]:
            if listener is not None:
                listener.close()


def _recipients(given: Path | tuple[str, ...]) -> Recipients:
    """Whom parcels are sealed for; a file is followed, so that keys change without a restart."""
    return Recipients.load(given) if isinstance(given, Path) else Recipients(given)


def _doors(settings: GateConfig) -> list[Door]:
    tls, doors = settings.tls, []
    if tls is None or tls.plain:
        doors.append(Door(listen(settings.host, settings.port)))
    if tls is not None:
        secured = Tls(tls.certificate, tls.key, tls.ca)
        doors.append(Door(listen(settings.host, tls.port), secured))
    return doors


def main(arguments: list[str]) -> int:
    """The exit code: 0 after an orderly end, 2 where the gate cannot start."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m planbank.gate FILE\n")
        return 2
    try:
        settings = config.load(Path(arguments[0]))
        logs.configure(settings.log_level)
        _allow_open_files()
        parts = _Parts(settings)
    except (PlanbankError, OSError) as exc:
        sys.stderr.write(f"The gate cannot start: {exc}\n")
        return 2
    if settings.processes == 1:
        _alone(parts)
    else:
        seats = settings.processes + (parts.metrics is not None)
        family = Family(seats, parts.child, parts.tray, parts.gone)
        _on_signals(family.stop)
        family.run(parts.close)
    return 0


def _alone(parts: _Parts) -> None:
    """One process for all; health has a thread of its own."""
    server, answering = parts.server(), None
    _on_signals(server.stop)
    if parts.metrics is not None:
        asked = parts.health()
        answering = threading.Thread(target=asked.serve, name="health", daemon=True)
        answering.start()
    server.serve()
    if answering is not None:
        asked.stop()
        answering.join()


def _on_signals(stop: Callable[[], None]) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop())


def _allow_open_files() -> None:
    """A connection and a part file each need a descriptor; the usual soft limit is 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(_OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
