"""Where pynetdicom's reactor waits while an answer is awaited.

Comes in: an association. Goes out: an event that stands in for its own. pynetdicom pauses the thread that
takes messages off the queue by clearing an event and looking at a flag; the flag may be one of before, when
the thread has passed the event and not yet said so. It then takes the answer to a C-STORE, nobody sees it,
and the object seems to have had none. Here `clear` returns only once the thread stands still.
"""

from __future__ import annotations

import threading
from typing import Any


class Checkpoint(threading.Event):
    """Set: `wait` returns at once. Cleared: whoever waits stands, and `clear` has seen them stand."""

    def __init__(self, reactor: threading.Thread) -> None:
        """`reactor` is the one thread that waits here."""
        super().__init__()
        self._reactor, self._open, self._stands = reactor, True, False
        self._changed = threading.Condition()

    def is_set(self) -> bool:
        """Whether the thread may pass."""
        return self._open

    def set(self) -> None:
        """Let the thread pass."""
        with self._changed:
            self._open = True
            self._changed.notify_all()

    def clear(self) -> None:
        """Stop the thread, and see it stand; at once where it has ended, or is itself who asks."""
        with self._changed:
            self._open = False
            while not self._stands and self._reactor.is_alive():
                if threading.current_thread() is self._reactor:
                    return
                self._changed.wait(0.05)

    def wait(self, timeout: Any = None) -> bool:
        """Stand here until it is set."""
        with self._changed:
            self._stands = True
            self._changed.notify_all()
            passed = self._changed.wait_for(lambda: self._open, timeout)
            self._stands = False
        return passed
