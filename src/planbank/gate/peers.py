"""How many connections there are, in total and per address, and who has to give way.

Comes in: connections as they begin, speak and end. Goes out: whether one more may come in.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from planbank.gate.crowd import Crowd

if TYPE_CHECKING:
    from collections.abc import Callable

    from planbank.gate.limits import Limits

_PATIENCE_SECONDS = 1.0


class Connection(Protocol):
    """One TCP connection."""

    address: str

    def hang_up(self) -> None:
        """End it from another thread."""


C = TypeVar("C", bound=Connection)


class Peers(Generic[C]):
    """Counts connections. For many threads.

    Where a limit is reached, the oldest connection that has said nothing for a second is ended
    instead of turning away one that may be a planning system: silence must not lock a hospital
    out whose traffic comes from the same address.
    """

    def __init__(self, crowd: Crowd | None = None, *, ticks: Callable[[], float] = time.monotonic) -> None:
        """`crowd` knows those of the gate's other processes; only one's own have to give way."""
        self._crowd = crowd or Crowd()
        self._ticks = ticks
        self._lock = threading.Lock()
        self._here: set[C] = set()
        self._silent: dict[C, float] = {}  # since when, oldest first

    def enter(self, connection: C, limits: Limits) -> bool:
        """Count one more, or say no."""
        with self._lock:
            address = connection.address
            same = sum(1 for other in self._here if other.address == address) + self._crowd.elsewhere(address)
            if same >= limits.connections_per_address and not self._make_room(address):
                return False
            here = len(self._here) + self._crowd.elsewhere(None)
            if here >= limits.connections and not self._make_room(None):
                return False
            self._here.add(connection)
            self._crowd.enter(address)
            self._silent[connection] = self._ticks()
            return True

    def spoke(self, connection: C) -> None:
        """It asked for an association: it need not give way any more."""
        with self._lock:
            self._silent.pop(connection, None)

    def leave(self, connection: C) -> None:
        with self._lock:
            self._silent.pop(connection, None)
            self._forget(connection)

    def _forget(self, connection: C) -> None:
        if connection in self._here:
            self._here.remove(connection)
            self._crowd.leave(connection.address)

    def are_many(self) -> bool:
        """Whether another process of this gate has fewer, and should have the next one."""
        return self._crowd.is_ahead()

    def all(self) -> list[C]:
        """Everyone who is here now."""
        with self._lock:
            return list(self._here)

    def _make_room(self, address: str | None) -> bool:
        before = self._ticks() - _PATIENCE_SECONDS
        for connection, since in self._silent.items():
            if since <= before and address in (None, connection.address):
                self._forget(connection)
                del self._silent[connection]
                connection.hang_up()
                return True
        return False
