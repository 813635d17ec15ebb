"""What all associations of a process share.

Comes in: what the server builds at start. Goes out: one frozen `Desk`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from planbank.gate.commitment import Requests
    from planbank.gate.events import Events
    from planbank.gate.meters import Meters
    from planbank.gate.open_associations import OpenAssociations
    from planbank.gate.store import Store


@dataclass(frozen=True)
class Desk:
    """Title, places to put things, time."""

    ae_title: str
    store: Store
    requests: Requests
    events: Events
    open_associations: OpenAssociations
    meters: Meters
    now: Callable[[], datetime]
