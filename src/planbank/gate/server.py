"""The listeners of one process: one thread per association.

Comes in: TCP connections. Goes out: associations, and an orderly end when the process is told to
stop.
"""

from __future__ import annotations

import contextlib
import ipaddress
import logging
import os
import select
import socket
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from planbank.gate.allowance import Allowance
from planbank.gate.association import Association
from planbank.gate.commitment import Requests
from planbank.gate.desk import Desk
from planbank.gate.events import Events
from planbank.gate.meters import Meters
from planbank.gate.open_associations import OpenAssociations
from planbank.gate.pdu import AssociateReject
from planbank.gate.peers import Peers
from planbank.gate.reporter import Reporter
from planbank.gate.senders import Senders
from planbank.gate.store import Store
from planbank.gate.walk import StructuralWalk

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from planbank.gate.allowance import Pending
    from planbank.gate.crowd import Crowd
    from planbank.gate.limits import Limits
    from planbank.gate.open_associations import Board
    from planbank.gate.tls import Tls
    from planbank.gate.walk import StartWalk
    from planbank.transit.tray import Tray

CONTROL_FILE = "gate"
_BACKLOG = 256
_GRACE_SECONDS = 8.0
_OWN_END_SECONDS = 5.0
_QUIET_SECONDS = 1.0
_COURTESY_SECONDS = 0.002  # for a process with less to do to take a connection first
_CROWDED = AssociateReject(result=2, source=3, reason=2)  # transient, local limit exceeded

_log = logging.getLogger(__name__)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; an IPv6 host takes IPv4 too. It can be shared by several processes."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    dual_stack = family == socket.AF_INET6
    return socket.create_server((host, port), family=family, backlog=_BACKLOG, dualstack_ipv6=dual_stack)


@dataclass(frozen=True)
class Door:
    """A listening socket, plain or with TLS."""

    listener: socket.socket
    tls: Tls | None = None

    @property
    def port(self) -> int:
        return int(self.listener.getsockname()[1])


def published_ports(doors: Sequence[Door]) -> dict[str, int]:
    """`port` of the plain door, `tls_port` of that with TLS, as the control file `gate` names them."""
    return {"tls_port" if door.tls else "port": door.port for door in doors}


class Server:
    """Accepts connections at its doors until it is stopped."""

    def __init__(
        self,
        doors: Sequence[Door],
        tray: Tray,
        *,
        ae_title: str,
        limits: Limits,
        now: Callable[[], datetime],
        start_walk: StartWalk = StructuralWalk,
        crowd: Crowd | None = None,
        board: Board | None = None,
        pending: Pending | None = None,
        meters: Meters | None = None,
        metrics_port: int | None = None,
    ) -> None:
        """`start_walk` begins the check of one data set. Where the gate has several processes,
        `crowd` counts what the others have, `pending` what came for quarantine, `meters` what was
        done, and `board` takes what the tray would publish. `metrics_port` is published with the port.
        """
        self.port = doors[0].port
        """The port of the first door."""
        self._doors = {door.listener: door for door in doors}
        self._board = board or tray
        self._senders = Senders(tray, limits)
        self._open_associations = OpenAssociations(self._board)
        meters = meters or Meters()
        self._metrics = {} if metrics_port is None else {"metrics_port": metrics_port}
        self._peers: Peers[Association] = Peers(crowd)
        requests = Requests(tray, now)
        tls = next((door.tls for door in doors if door.tls), None)
        self._reporter = Reporter(requests, lambda: self._senders.current().limits, now, tls)
        self._desk = Desk(
            ae_title,
            Store(tray, start_walk, now, Allowance(tray, now, pending)),
            requests,
            Events(tray, now, count=meters.refusal),
            self._open_associations,
            meters,
            now,
        )
        self._wake_read, self._wake_write = socket.socketpair()

    def serve(self) -> None:
        """Publish the port, accept until `stop`, then finish what is in hand within 8 seconds."""
        self._open_associations.start()
        self._reporter.start()
        ports = published_ports(list(self._doors.values())) | self._metrics
        self._publish(ports)
        _log.info("listening", extra={"fields": {**ports, "ae_title": self._desk.ae_title}})
        for listener in self._doors:
            listener.setblocking(False)
        while True:
            ready, _, _ = select.select([*self._doors, self._wake_read], [], [])
            if self._wake_read in ready:
                break
            if self._peers.are_many():
                time.sleep(_COURTESY_SECONDS)
            for listener in ready:
                self._accept(self._doors[listener])
        for listener in self._doors:
            listener.close()
        self._reporter.stop()
        self._finish()
        self._open_associations.stop()
        self._wake_read.close()
        self._wake_write.close()
        _log.info("stopped")

    def _publish(self, ports: dict[str, int]) -> None:
        try:
            self._board.publish(CONTROL_FILE, {"version": 1, **ports, "pid": os.getpid()})
        except OSError as exc:
            # A full disk is no reason not to listen: senders are told A700 and try again.
            _log.error("The port could not be published: %s", exc.strerror)

    def stop(self) -> None:
        """Make `serve` come to its end. For any thread and for signal handlers."""
        with contextlib.suppress(OSError):
            self._wake_write.send(b"\0")

    def _accept(self, door: Door) -> None:
        try:
            sock, (address, *_) = door.listener.accept()
        except BlockingIOError:
            return  # another process of this listener took it, or the peer has gone
        except OSError as exc:
            _log.error("A connection could not be taken: %s", exc.strerror)
            time.sleep(0.1)  # no file descriptor free: give others time to end
            return
        sock.setblocking(True)
        admission = self._senders.current()
        association = Association(
            sock, _plain_address(address), self._desk, admission, self._peers.spoke, door.tls
        )
        if not self._peers.enter(association, admission.limits):
            association.turn_away(_CROWDED, "There are too many connections.")
            return
        thread = threading.Thread(target=self._run, args=(association,), daemon=True)
        try:
            thread.start()
        except RuntimeError:
            self._peers.leave(association)
            association.turn_away(_CROWDED, "There are too many threads.")

    def _run(self, association: Association) -> None:
        try:
            association.run()
        finally:
            self._peers.leave(association)

    def _finish(self) -> None:
        """Let associations end: of themselves first, then after their message in hand, then now."""
        begun = time.monotonic()
        while here := self._peers.all():
            spent = time.monotonic() - begun
            if spent > _GRACE_SECONDS:
                break
            for association in here:
                if spent > _OWN_END_SECONDS or association.idle_seconds() > _QUIET_SECONDS:
                    association.end_soon()
            time.sleep(0.05)
        for association in self._peers.all():
            association.hang_up()


def _plain_address(address: str) -> str:
    """An IPv4 address that came through an IPv6 socket, as IPv4; no zone index."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    return str(getattr(ip, "ipv4_mapped", None) or ip)
