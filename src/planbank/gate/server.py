"""The listener: one thread per association.

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
from typing import TYPE_CHECKING

from planbank.gate.association import Association
from planbank.gate.desk import Desk
from planbank.gate.events import Events
from planbank.gate.open_associations import OpenAssociations
from planbank.gate.pdu import AssociateReject
from planbank.gate.peers import Peers
from planbank.gate.senders import Senders
from planbank.gate.store import Store
from planbank.gate.walk import StructuralWalk

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from planbank.gate.desk import Wrap
    from planbank.gate.limits import Limits
    from planbank.gate.walk import StartWalk
    from planbank.transit.tray import Tray

CONTROL_FILE = "gate"
_BACKLOG = 256
_GRACE_SECONDS = 8.0
_OWN_END_SECONDS = 5.0
_QUIET_SECONDS = 1.0
_CROWDED = AssociateReject(result=2, source=3, reason=2)  # transient, local limit exceeded

_log = logging.getLogger(__name__)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; an IPv6 host takes IPv4 too. It can be shared by several processes."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    dual_stack = family == socket.AF_INET6
    return socket.create_server((host, port), family=family, backlog=_BACKLOG, dualstack_ipv6=dual_stack)


class Server:
    """Accepts connections on one listener until it is stopped."""

    def __init__(
        self,
        listener: socket.socket,
        tray: Tray,
        *,
        ae_title: str,
        limits: Limits,
        now: Callable[[], datetime],
        start_walk: StartWalk = StructuralWalk,
        wrap: Wrap | None = None,
    ) -> None:
        """`start_walk` begins the check of one data set; `wrap` puts TLS on a socket (see `Desk`)."""
        self.port = int(listener.getsockname()[1])
        """The port listened on."""
        self._listener = listener
        self._tray = tray
        self._senders = Senders(tray, limits)
        self._open_associations = OpenAssociations(tray)
        self._peers: Peers[Association] = Peers()
        self._desk = Desk(
            ae_title,
            Store(tray, start_walk, now),
            Events(tray, now),
            self._open_associations,
            now,
            wrap,
        )
        self._wake_read, self._wake_write = socket.socketpair()

    def serve(self) -> None:
        """Publish the port, accept until `stop`, then finish what is in hand within 8 seconds."""
        self._open_associations.start()
        self._publish_port()
        _log.info("listening", extra={"fields": {"port": self.port, "ae_title": self._desk.ae_title}})
        self._listener.setblocking(False)
        while True:
            ready, _, _ = select.select([self._listener, self._wake_read], [], [])
            if self._wake_read in ready:
                break
            self._accept()
        self._listener.close()
        self._finish()
        self._open_associations.stop()
        self._wake_read.close()
        self._wake_write.close()
        _log.info("stopped")

    def _publish_port(self) -> None:
        try:
            self._tray.publish(CONTROL_FILE, {"version": 1, "port": self.port, "pid": os.getpid()})
        except OSError as exc:
            # A full disk is no reason not to listen: senders are told A700 and try again.
            _log.error("The port could not be published: %s", exc.strerror)

    def stop(self) -> None:
        """Make `serve` come to its end. For any thread and for signal handlers."""
        with contextlib.suppress(OSError):
            self._wake_write.send(b"\0")

    def _accept(self) -> None:
        try:
            sock, (address, *_) = self._listener.accept()
        except BlockingIOError:
            return  # another process of this listener took it, or the peer has gone
        except OSError as exc:
            _log.error("A connection could not be taken: %s", exc.strerror)
            time.sleep(0.1)  # no file descriptor free: give others time to end
            return
        sock.setblocking(True)
        admission = self._senders.current()
        association = Association(sock, _plain_address(address), self._desk, admission, self._peers.spoke)
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
