"""One TCP connection as PDU headers and bodies, each with its deadline.

Comes in: a connected socket, plain or wrapped in TLS. Goes out: bytes in a buffer taken once, and
PDUs sent in one write each.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import time

from planbank.errors import PeerGone, PeerSlow
from planbank.gate.pdu import HEADER, PduType, decode_header

_FAREWELL_SECONDS = 2.0
_PEER_FIRST_SECONDS = 0.25
_FAREWELL_BYTES = 1 << 20


class Wire:
    """Reading and writing PDUs. For one thread, but `interrupt` and `hang_up` are for any."""

    def __init__(self, sock: socket.socket, *, send_seconds: float) -> None:
        # One write per PDU, sent at once: with Nagle's algorithm a response waits for the peer's
        # delayed acknowledgement, and a sender is held to 20 objects a second.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._sock = sock
        self._send_seconds = send_seconds
        self._timeout: float | None = None
        self._header = memoryview(bytearray(HEADER.size))
        self._buffer = memoryview(b"")

    def allot(self, size: int) -> None:
        """Take the buffer that every body fits into from now on."""
        self._buffer = memoryview(bytearray(size))

    def wait(self, seconds: float) -> bool:
        """Whether something can be read, the peer's end included, within so many seconds."""
        if isinstance(self._sock, ssl.SSLSocket) and self._sock.pending():
            return True
        waiting = select.poll()
        waiting.register(self._sock, select.POLLIN)
        return bool(waiting.poll(seconds * 1000))

    def read_header(self, seconds: float) -> tuple[PduType, int]:
        """Type and body length of the next PDU. Raises PeerGone, PeerSlow, ProtocolBroken."""
        self._fill(self._header, seconds)
        return decode_header(self._header)

    def read_body(self, length: int, seconds: float) -> memoryview:
        """A body of a length that was checked; valid until the next one is read."""
        body = self._buffer[:length]
        self._fill(body, seconds)
        return body

    def _fill(self, view: memoryview, seconds: float) -> None:
        self._wait_at_most(seconds)
        deadline = time.monotonic() + seconds
        while view:
            try:
                count = self._sock.recv_into(view)
            except TimeoutError:
                raise PeerSlow("It sent nothing in time.") from None
            except OSError as exc:
                raise PeerGone(f"The connection broke: {exc.strerror}.") from exc
            if not count:
                raise PeerGone
            view = view[count:]
            if view and time.monotonic() > deadline:
                raise PeerSlow("It sent too slowly.")

    def _wait_at_most(self, seconds: float) -> None:
        if seconds != self._timeout:
            self._sock.settimeout(seconds)
            self._timeout = seconds

    def send(self, data: bytes) -> None:
        """Raises PeerGone, PeerSlow."""
        self._wait_at_most(self._send_seconds)
        try:
            self._sock.sendall(data)
        except TimeoutError:
            raise PeerSlow("It took nothing in time.") from None
        except OSError as exc:
            raise PeerGone(f"The connection broke: {exc.strerror}.") from exc

    def close(self) -> None:
        """Close so that what was sent last arrives.

        A socket closed with unread bytes resets the connection, and the peer may lose the last
        PDU. So the peer is given a moment to close first, and what it still sends is thrown away.
        """
        scrap = bytearray(65536)
        until = time.monotonic() + _FAREWELL_SECONDS
        if isinstance(self._sock, ssl.SSLSocket):
            with contextlib.suppress(OSError, ValueError):
                self._sock.settimeout(_FAREWELL_SECONDS)
                self._sock = self._sock.unwrap()  # says so, and waits for the peer to say so
        # The peer closes first (PS3.8 section 9.2.3, Sta13): some lose a PDU that our end overtakes.
        if not self._throw_away(scrap, min(until, time.monotonic() + _PEER_FIRST_SECONDS)):
            self._shut_down(socket.SHUT_WR)
            self._throw_away(scrap, until)
        self._sock.close()

    def _throw_away(self, scrap: bytearray, until: float) -> bool:
        """Read what still comes; True when the peer closed, False when time or patience ran out."""
        left = _FAREWELL_BYTES
        try:
            while left > 0 and (seconds := until - time.monotonic()) > 0:
                self._sock.settimeout(seconds)
                count = self._sock.recv_into(scrap)
                if not count:
                    return True
                left -= count
        except TimeoutError:
            return False
        except OSError:
            return True
        return False

    def interrupt(self) -> None:
        """End reading: whoever waits for the peer gets PeerGone. Sending still works, but under TLS,
        where the peer gets an alert instead of last words.
        """
        self._shut_down(socket.SHUT_RD)

    def hang_up(self) -> None:
        """End reading and writing at once."""
        self._shut_down(socket.SHUT_RDWR)

    def _shut_down(self, how: int) -> None:
        # Of the TCP connection: that of a TLS socket would have the last words sent unsealed.
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self._sock, how)
