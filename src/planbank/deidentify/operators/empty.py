"""Z: the attribute stays, its value does not.

Comes in: an element. Goes out: a value of zero length.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planbank.deidentify.element import Answer, Found

CODE = "Z"


def apply(found: Found) -> Answer:
    """Empty it."""
    if found.value:
        found.scope.did("emptied", found.tag)
    return b""
