"""One object of the archive over an open line.

Comes in: a line, where the bytes lie, the presentation context they need. Goes out: None where the node has
them now; else why not, and whether another try is in vain. For what goes out apart from forwards.
"""

from __future__ import annotations

from planbank.errors import ObjectMissing
from planbank.forwarding.files import as_file
from planbank.forwarding.line import Line
from planbank.house import House
from planbank.services.forward.deliver import BUSY, HAS_IT


def store(house: House, line: Line, key: str, context: tuple[str, str]) -> tuple[str, bool] | None:
    """Send it; `context` is SOP class and transfer syntax. The code's words: delivery/words.py."""
    try:
        with house.store.open(key) as stream, as_file(stream) as path:
            answer = line.store(path, *context)
    except ObjectMissing:
        return "missing", True
    if answer.what == "taken" or answer.status == HAS_IT:
        return None
    if answer.what == "refused":
        return "status", (answer.status or 0) >> 8 != BUSY
    return answer.what, answer.what != "no-answer"
