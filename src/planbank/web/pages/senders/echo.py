"""C-ECHO to a sender: is there a DICOM system, and does it know us (PS3.7, 9.1.5)?

Comes in: an address, a port and the two AE titles. Goes out: one code of ANSWERS. Each step waits
for a few seconds at most, so the whole takes under half a minute at the very worst.
"""

from __future__ import annotations

import ipaddress
import logging
import socket
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pynetdicom.association import Association
    from pynetdicom.events import Event
    from pynetdicom.pdu import A_ASSOCIATE_RJ

Answer = Literal[
    "connected",
    "refused",
    "no-answer",
    "unreachable",
    "called-unknown",
    "calling-unknown",
    "rejected",
    "not-dicom",
]
SECONDS = 5.0
_VERIFICATION = "1.2.840.10008.1.1"
# PS3.8, Table 9-21: diagnostics of a rejection by the service user.
_DIAGNOSTICS: dict[tuple[int, int], Answer] = {(1, 7): "called-unknown", (1, 3): "calling-unknown"}


def allowed(host: str, network: str) -> bool:
    """Whether `host` is an address inside `network`; nothing else is ever called."""
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def echo(host: str, port: int, *, calling_ae: str, called_ae: str, seconds: float = SECONDS) -> Answer:
    """Call `host` (an address, never a name) and say what came of it."""
    if not 0 < port < 65536:
        return "unreachable"
    try:
        socket.create_connection((host, port), timeout=seconds).close()
    except ConnectionRefusedError:
        return "refused"
    except TimeoutError:
        return "no-answer"
    except OSError:
        return "unreachable"
    return _verify(host, port, calling_ae, called_ae, seconds)


def _verify(host: str, port: int, calling_ae: str, called_ae: str, seconds: float) -> Answer:
    from pynetdicom import AE, evt
    from pynetdicom.pdu import A_ASSOCIATE_RJ

    # What a peer answers is said on the page; pynetdicom would log its names and addresses.
    logging.getLogger("pynetdicom").setLevel(logging.CRITICAL)
    ae = AE(ae_title=calling_ae)
    ae.add_requested_context(_VERIFICATION)
    ae.connection_timeout = ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = seconds
    lines: list[socket.socket] = []
    rejections: list[A_ASSOCIATE_RJ] = []

    def opened(event: Event) -> None:
        line = event.assoc.dul.socket.socket
        lines.append(line)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def received(event: Event) -> None:
        # Not from the association: it forgets a rejection when the peer hangs up at once.
        if isinstance(event.pdu, A_ASSOCIATE_RJ):
            rejections.append(event.pdu)

    handlers = [(evt.EVT_CONN_OPEN, opened), (evt.EVT_PDU_RECV, received)]
    assoc = ae.associate(host, port, ae_title=called_ae, evt_handlers=handlers)
    try:
        return _ask(assoc) if assoc.is_established else _why_not(rejections)
    finally:
        for thread in (assoc, assoc.dul):
            if thread.is_alive():
                thread.join(seconds)
        for line in lines:  # pynetdicom leaves it open where the peer aborts or stays silent
            line.close()


def _ask(assoc: Association) -> Answer:
    try:
        status = assoc.send_c_echo()
    finally:
        if assoc.is_established:
            assoc.release()
    return "connected" if status and status.Status == 0x0000 else "not-dicom"


def _why_not(rejections: list[A_ASSOCIATE_RJ]) -> Answer:
    if not rejections:
        return "not-dicom"
    said = rejections[0]
    return _DIAGNOSTICS.get((said.source, said.reason_diagnostic), "rejected")
