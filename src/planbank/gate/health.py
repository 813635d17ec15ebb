"""Metrics and health over HTTP, for the machine the gate runs on alone.

Comes in: GET on a loopback port. Goes out: `/metrics`, Prometheus text; `/healthz`, 200 while
objects can be taken and kept, 503 with the reason where not. Nothing else is answered, and a
caller gets two seconds.
"""

from __future__ import annotations

import contextlib
import logging
import select
import socket
import time
from typing import TYPE_CHECKING

from planbank.gate.meters import gauge

if TYPE_CHECKING:
    from planbank.gate.crowd import Crowd
    from planbank.gate.meters import Meters
    from planbank.transit.folder import FolderTray

HOST = "127.0.0.1"
_MOST_BYTES = 8192
_SECONDS = 2.0
_KEPT_SECONDS = 5.0  # a probe writes to the disk: it is not asked more often

_log = logging.getLogger(__name__)


def listen(port: int) -> socket.socket | None:
    """The loopback port; None where it is taken: the gate goes on without."""
    try:
        return socket.create_server((HOST, port))
    except OSError as exc:
        _log.error("There are no metrics: port %d on %s: %s", port, HOST, exc.strerror)
        return None


class Health:
    """Answers one caller after the other until it is stopped."""

    def __init__(
        self, listener: socket.socket, tray: FolderTray, meters: Meters, crowd: Crowd | None = None
    ) -> None:
        self._listener = listener
        self._tray = tray
        self._meters = meters
        self._crowd = crowd
        self._probed_at = -_KEPT_SECONDS
        self._fault = ""
        self._wake_read, self._wake_write = socket.socketpair()

    def serve(self) -> None:
        """Returns after `stop`."""
        self._listener.setblocking(False)
        while True:
            ready, _, _ = select.select([self._listener, self._wake_read], [], [])
            if self._wake_read in ready:
                break
            try:
                caller, _ = self._listener.accept()
            except OSError:
                continue
            with caller, contextlib.suppress(OSError):
                self._answer(caller)
        self._listener.close()
        self._wake_read.close()
        self._wake_write.close()

    def stop(self) -> None:
        """For any thread and for signal handlers."""
        with contextlib.suppress(OSError):
            self._wake_write.send(b"\0")

    def _answer(self, caller: socket.socket) -> None:
        words = _request_line(caller).split(" ")
        if len(words) != 3 or not words[2].startswith("HTTP/1."):
            status, body = "400 Bad Request", "This is no HTTP request.\n"
        elif words[0] != "GET":
            status, body = "405 Method Not Allowed", "Only GET is answered.\n"
        else:
            status, body = self._page(words[1].partition("?")[0])
        head = (
            f"HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
            f"Content-Length: {len(body.encode())}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
        )
        caller.settimeout(_SECONDS)
        caller.sendall((head + body).encode())
        caller.shutdown(socket.SHUT_WR)

    def _page(self, path: str) -> tuple[str, str]:
        if path == "/metrics":
            return "200 OK", self._metrics()
        if path != "/healthz":
            return "404 Not Found", "There are /metrics and /healthz.\n"
        if not self._meters.serving():
            return "503 Service Unavailable", "No process takes associations.\n"
        fault = self._probe()
        return ("503 Service Unavailable", f"{fault}\n") if fault else ("200 OK", "ok\n")

    def _metrics(self) -> str:
        lines = list(gauge("transit_writable", "Whether a parcel could be kept.", int(not self._probe())))
        with contextlib.suppress(OSError):
            free, total = self._tray.space()
            lines += gauge("transit_free_bytes", "Free for parcels.", free)
            lines += gauge("transit_size_bytes", "Size of that file system.", total)
        return self._meters.text(self._crowd) + "".join(f"{line}\n" for line in lines)

    def _probe(self) -> str:
        """Why no parcel could be kept; empty where one could."""
        now = time.monotonic()
        if now - self._probed_at >= _KEPT_SECONDS:
            self._probed_at = now
            try:
                self._tray.probe()
                self._fault = ""
            except OSError as exc:
                self._fault = f"The transit area cannot be written: {exc.strerror}."
        return self._fault


def _request_line(caller: socket.socket) -> str:
    """The first line, once the whole head has come; empty where it does not come in time."""
    until = time.monotonic() + _SECONDS
    data = b""
    while b"\r\n\r\n" not in data and len(data) < _MOST_BYTES:
        caller.settimeout(max(0.01, until - time.monotonic()))
        more = caller.recv(_MOST_BYTES)
        if not more:
            break
        data += more
    return data.split(b"\r\n", 1)[0].decode("latin-1") if b"\r\n\r\n" in data else ""
