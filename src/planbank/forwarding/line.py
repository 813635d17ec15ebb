"""One association with a destination.

Comes in: a node and the presentation contexts wanted. Goes out: a `Line` that stores objects one by
one, byte for byte; NoLine, with a code that says why, where there is none.
"""

from __future__ import annotations

import logging
import socket
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from pynetdicom import AE, _config, build_context, evt
from pynetdicom.association import Association
from pynetdicom.events import Event
from pynetdicom.pdu import A_ASSOCIATE_AC, A_ASSOCIATE_RJ

from planbank.errors import NoLine
from planbank.forwarding.checkpoint import Checkpoint

_config.STORE_SEND_CHUNKED_DATASET = True
MAX_CONTEXTS = 128  # PS3.8 9.3.2.2: identifiers are the odd numbers 1 to 255
MAX_PDU = 131072
VERIFICATION = "1.2.840.10008.1.1"
What = Literal["taken", "refused", "not-accepted", "no-answer", "unreadable"]
# PS3.8, Table 9-21: diagnostics of a rejection by the service user, and temporary congestion.
_DIAGNOSTICS = {(1, 7): "called-unknown", (1, 3): "calling-unknown", (3, 1): "busy", (3, 2): "busy"}


@dataclass(frozen=True)
class Node:
    """Where to send: address, port, the two AE titles; TLS where `tls` is given.

    `seconds`: how long an answer may take, to a connection, an association or one object.
    """

    host: str
    port: int
    calling_ae: str
    called_ae: str
    tls: ssl.SSLContext | None = None
    seconds: float = 30.0


@dataclass(frozen=True)
class Answer:
    """What came of one object; `status` and `comment` are the destination's own (PS3.7 C)."""

    what: What
    status: int | None = None
    comment: str = ""


class Line:
    """An open association; close it, or use it in `with`."""

    def __init__(self, assoc: Association, sockets: list[socket.socket], seconds: float) -> None:
        self._assoc, self._sockets, self._seconds = assoc, sockets, seconds

    @property
    def is_open(self) -> bool:
        """Whether another object can be sent on it."""
        return bool(self._assoc.is_established)

    def accepts(self, sop_class_uid: str, transfer_syntax_uid: str) -> bool:
        """Whether the destination takes objects of this class in the syntax they stand in."""
        return any(
            context.abstract_syntax == sop_class_uid and transfer_syntax_uid in context.transfer_syntax
            for context in self._assoc.accepted_contexts
        )

    def store(self, path: Path, sop_class_uid: str, transfer_syntax_uid: str) -> Answer:
        """Send the file at `path`, its data set as it stands there: nothing is ever converted."""
        if not self.accepts(sop_class_uid, transfer_syntax_uid):
            return Answer("not-accepted")
        try:
            status = self._assoc.send_c_store(path)
        except (ValueError, RuntimeError, AttributeError, OSError):
            return Answer("unreadable" if self.is_open else "no-answer")
        code = status.get("Status") if status else None
        if code is None:
            if self.is_open:
                self._assoc.abort()  # its answer may still come, and would be taken for the next object's
            return Answer("no-answer")
        comment = str(status.get("ErrorComment", "")).strip()[:64]
        taken = code == 0x0000 or 0xB000 <= code <= 0xBFFF
        return Answer("taken" if taken else "refused", int(code), comment)

    def echo(self) -> bool:
        """C-ECHO (PS3.7, 9.1.5): whether the answer is success."""
        status = self._assoc.send_c_echo()
        return bool(status) and status.get("Status") == 0x0000

    def close(self) -> None:
        """Release it where it still stands, and wait for its threads."""
        if self.is_open:
            self._assoc.release()
        _end(self._assoc, self._sockets, self._seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.close()


def connect(node: Node, contexts: Iterable[tuple[str, str]]) -> Line:
    """Open an association for these (SOP class, transfer syntax), at most MAX_CONTEXTS.

    Raises NoLine: 'refused', 'no-answer', 'unreachable', 'tls', 'called-unknown', 'calling-unknown',
    'busy', 'rejected', 'not-dicom', or 'nothing-accepted' where it takes none of these contexts.
    """
    _look(node)
    # What a peer answers is said on pages; pynetdicom would log its names and addresses.
    logging.getLogger("pynetdicom").setLevel(logging.CRITICAL)
    ae = AE(ae_title=node.calling_ae)
    ae.connection_timeout = ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = node.seconds
    sockets: list[socket.socket] = []
    rejections: list[A_ASSOCIATE_RJ] = []
    accepted: list[bool] = []

    def opened(event: Event) -> None:
        """Without it each small PDU waits for the other side's acknowledgement (receive.md, rule 5)."""
        line = event.assoc.dul.socket.socket
        sockets.append(line)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def received(event: Event) -> None:
        # Not from the association: it forgets a rejection when the peer hangs up at once.
        if isinstance(event.pdu, A_ASSOCIATE_RJ):
            rejections.append(event.pdu)
        elif isinstance(event.pdu, A_ASSOCIATE_AC):
            accepted.append(True)

    assoc = ae.associate(
        node.host,
        node.port,
        contexts=[build_context(*pair) for pair in sorted(set(contexts))],
        ae_title=node.called_ae,
        max_pdu=MAX_PDU,
        tls_args=(node.tls, node.host) if node.tls is not None else None,  # type: ignore[arg-type]
        evt_handlers=[(evt.EVT_CONN_OPEN, opened), (evt.EVT_PDU_RECV, received)],
    )
    if assoc.is_established:
        assoc._reactor_checkpoint = Checkpoint(assoc)  # its own loses an answer now and then
        return Line(assoc, sockets, node.seconds)
    _end(assoc, sockets, node.seconds)
    if rejections:
        said = rejections[0]
        raise NoLine(_DIAGNOSTICS.get((said.source, said.reason_diagnostic), "rejected"))
    if accepted:
        raise NoLine("nothing-accepted")
    raise NoLine("not-dicom")


def echo(node: Node) -> None:
    """Is there a DICOM system, and does it know us? Raises NoLine as `connect` does."""
    with connect(node, [(VERIFICATION, "1.2.840.10008.1.2")]) as line:
        if not line.echo():
            raise NoLine("not-dicom")


def _look(node: Node) -> None:
    """Is there a way to it, and does it prove who it is? pynetdicom would not say why not."""
    try:
        with socket.create_connection((node.host, node.port), timeout=min(node.seconds, 10)) as plain:
            if node.tls is not None:
                node.tls.wrap_socket(plain, server_hostname=node.host).close()
    except ConnectionRefusedError:
        raise NoLine("refused") from None
    except ssl.SSLError:
        raise NoLine("tls") from None
    except TimeoutError:
        raise NoLine("no-answer") from None
    except OSError:
        raise NoLine("unreachable") from None


def _end(assoc: Association, sockets: list[socket.socket], seconds: float) -> None:
    for thread in (assoc, assoc.dul):
        if thread.is_alive():
            thread.join(seconds)
    for line in sockets:  # pynetdicom leaves it open where the peer aborts or stays silent
        line.close()


__all__ = ["MAX_CONTEXTS", "Answer", "Line", "Node", "connect", "echo"]
