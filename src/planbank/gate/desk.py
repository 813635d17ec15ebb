"""What all associations of a process share.

Comes in: what the server builds at start. Goes out: one frozen `Desk`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from datetime import datetime

    from planbank.gate.events import Events
    from planbank.gate.open_associations import OpenAssociations
    from planbank.gate.store import Store

    Wrap = Callable[[socket.socket], tuple[socket.socket, str]]


@dataclass(frozen=True)
class Desk:
    """Title, places to put things, time.

    `wrap` turns a TCP socket into a TLS one and gives the fingerprint of the peer's certificate;
    it runs in the association's own thread, so that a slow handshake holds up nobody.
    """

    ae_title: str
    store: Store
    events: Events
    open_associations: OpenAssociations
    now: Callable[[], datetime]
    wrap: Wrap | None = None
